// Settings of links below /proc/sys/net: read and written.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "base/util.h"
#include "kernel/link.h"
#include "model/object.h"
#include "model/state.h"

// item: the path below /proc/sys/net/, as "ipv4/conf/mig0/arp_ignore". 1: read; 0: the link has no such setting,
// because it has no IPv6; or a negative errno, with -ENOENT where a setting is not there that has to be.
int sysctl_read(const char *item, int64_t *ret);

// Adds the present values of the settings that desired names, for links that exist. One that a link without IPv6
// lacks counts as satisfied, because there is nothing to harden; writing it does nothing. Any other that is not there
// is missing: /proc/sys may be hidden, or mounted by somebody else.
int sysctl_observe(const Inventory *inventory, const State *desired, State *state, Error *ret_error);
int sysctl_write(const Object *desired, Error *ret_error);
