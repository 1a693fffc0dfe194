// The filters that redirect ingress to the ifb, and those that guard egress where nftables cannot.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "base/util.h"
#include "model/object.h"
#include "model/state.h"
#include "netlink/request.h"

// Adds every filter of our priorities at the ingress, or at the egress, of the link's clsact. A filter of another kind
// than ours has no hash. A filter with another action, or whose ifb no longer exists, has no target: it drops the
// packets that it matches.
int filter_observe(Netlink *netlink, const char *link, int ifindex, bool at_egress, State *state, Error *ret_error);
int filter_add(Netlink *netlink, int ifindex, const Object *desired, Error *ret_error);
// No packet is lost or bypasses the ifb meanwhile: the program and the target are replaced in place, and a filter of an
// older version is deleted after the new one is added.
int filter_change(Netlink *netlink, int ifindex, const Object *desired, const Object *observed, Error *ret_error);
int filter_delete(Netlink *netlink, int ifindex, const Object *observed, Error *ret_error);

// Counts our filters and other programs' filters at the link's clsact, ingress and egress together.
int filter_count(Netlink *netlink, int ifindex, size_t *ret_ours, size_t *ret_foreign, Error *ret_error);
