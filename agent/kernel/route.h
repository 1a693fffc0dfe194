// Routes of planes that span subnets, and to single peers. They are in the main table and have our rtm_protocol.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "kernel/link.h"
#include "model/object.h"
#include "model/state.h"
#include "netlink/request.h"

// Adds every route of our protocol, on whatever link.
int route_observe(Netlink *netlink, const Inventory *inventory, State *state, Error *ret_error);

int route_add(Netlink *netlink, int ifindex, const Object *desired, Error *ret_error);
int route_change(Netlink *netlink, int ifindex, const Object *desired, const Object *observed, Error *ret_error);
int route_delete(Netlink *netlink, int ifindex, const Object *observed, Error *ret_error);
