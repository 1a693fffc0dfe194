// Settings of links below /proc/sys/net: read and written.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "base/util.h"
#include "kernel/link.h"
#include "model/object.h"
#include "model/state.h"

// item: what follows /proc/sys/net/, as "ipv4/conf/mig0/arp_ignore". 1: read; 0: this kernel has no such setting; or -errno.
int sysctl_read(const char *item, int64_t *ret);

// Adds the present values of the settings that desired names, for links that exist. A setting that this kernel does not
// have (IPv6 absent, an older kernel) has nothing to be hardened and counts as it should be.
int sysctl_observe(const Inventory *inventory, const State *desired, State *state, Error *ret_error);
int sysctl_write(const Object *desired, Error *ret_error);
