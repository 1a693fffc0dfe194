// Addresses of the plane's device.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "base/inet.h"
#include "base/util.h"
#include "config/plane-config.h"
#include "kernel/link.h"
#include "model/object.h"
#include "model/state.h"
#include "netlink/request.h"

// Adds the addresses of a link that are ours: those that bear our IFA_PROTO, those that desired names, and on a link that
// we made (link_is_ours) all of them.
int addr_observe(Netlink *netlink, const char *link, int ifindex, bool link_is_ours, const State *desired, State *state,
                 Error *ret_error);
// Finds out whether the device that is to become a plane's is in use for something else: it is enslaved, or has addresses,
// IPv6 link-local ones aside, and none of the plane's. Whoever names the management interface by mistake would lose the host otherwise.
int addr_survey(Netlink *netlink, const PlaneConfig *plane, Inventory *inventory, Error *ret_error);
// 1 when the link has this address with this length and it is usable, 0 when not (yet).
int addr_is_usable(Netlink *netlink, int ifindex, const Prefix *prefix, Error *ret_error);

int addr_add(Netlink *netlink, int ifindex, const Object *desired, Error *ret_error);
int addr_delete(Netlink *netlink, int ifindex, const Object *observed, Error *ret_error);
