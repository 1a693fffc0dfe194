// Links of planes: observed as objects, and added, changed and deleted.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "base/util.h"
#include "kernel/inventory.h"
#include "model/object.h"
#include "model/state.h"
#include "netlink/request.h"

// Adds the link and its up state if the link is ours or desired names it.
int link_observe(const Link *link, bool is_ours, const State *desired, State *state);

int link_add(Netlink *netlink, int ifindex, const Object *desired, Error *ret_error);
int link_change(Netlink *netlink, int ifindex, const Object *desired, const Object *observed, Error *ret_error);
int link_delete(Netlink *netlink, int ifindex, const Object *observed, Error *ret_error);

int link_up_add(Netlink *netlink, int ifindex, const Object *desired, Error *ret_error);
int link_up_delete(Netlink *netlink, int ifindex, const Object *observed, Error *ret_error);

// The bytes that the link has sent and received since it was added, layer 2.
int link_read_bytes(Netlink *netlink, int ifindex, uint64_t *ret_sent, uint64_t *ret_received, Error *ret_error);
