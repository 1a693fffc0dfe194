// HTB classes in the kernel.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "model/object.h"
#include "model/state.h"
#include "netlink/request.h"

// Adds every class of our root HTB (OUR_QDISC_HANDLE).
int class_observe(Netlink *netlink, const char *link, int ifindex, State *state, Error *ret_error);
// A change is made in place and keeps the queue, the tokens and the counters.
int class_add(Netlink *netlink, int ifindex, const Object *desired, Error *ret_error);
int class_change(Netlink *netlink, int ifindex, const Object *desired, const Object *observed, Error *ret_error);
int class_delete(Netlink *netlink, int ifindex, const Object *observed, Error *ret_error);
