// The filters that take ingress through the ifb.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "base/util.h"
#include "model/object.h"
#include "model/state.h"
#include "netlink/request.h"

// Adds every filter of our priorities at the ingress of the link's clsact. One that is not as we make them has no
// address when its keys differ, and no target when its action does or when its ifb is gone: it then drops what it
// matches.
int filter_observe(Netlink *netlink, const char *link, int ifindex, State *state, Error *ret_error);
int filter_add(Netlink *netlink, int ifindex, const Object *desired, Error *ret_error);
// Without a moment in which a packet is lost or passes beside the ifb: another target is set in place, and for another
// MAC the new filter is added before the old one is deleted.
int filter_change(Netlink *netlink, int ifindex, const Object *desired, const Object *observed, Error *ret_error);
int filter_delete(Netlink *netlink, int ifindex, const Object *observed, Error *ret_error);

// Counts the filters of a link's clsact, ingress and egress, that are ours and that are not.
int filter_count(Netlink *netlink, int ifindex, size_t *ret_ours, size_t *ret_foreign, Error *ret_error);
