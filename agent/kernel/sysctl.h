// Settings of links below /proc/sys/net: read and written.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "base/util.h"
#include "kernel/link.h"
#include "model/object.h"
#include "model/state.h"

// item: the path below /proc/sys/net/, as "ipv4/conf/mig0/arp_ignore". 1: read; 0: this kernel has no such setting; or
// a negative errno.
int sysctl_read(const char *item, int64_t *ret);

// Adds the present values of the settings that desired names, for links that exist. A setting that this kernel lacks
// (no IPv6, an older kernel) counts as satisfied, because there is nothing to harden; writing one does nothing.
int sysctl_observe(const Inventory *inventory, const State *desired, State *state, Error *ret_error);
int sysctl_write(const Object *desired, Error *ret_error);
