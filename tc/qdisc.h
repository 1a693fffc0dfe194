// Qdiscs in the kernel.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "model/object.h"
#include "model/state.h"
#include "netlink/request.h"

// Adds the qdiscs of a link that are ours or that take the place of a desired one:
//   - the qdisc at each place that desired names, whatever it is, except the kernel's default;
//   - the root, if it is our HTB;
//   - clsact, if it holds filters of ours and no others.
// The kernel announces each get to all listeners on RTNLGRP_TC, with netlink_port() as the port.
int qdisc_observe(Netlink *netlink, const char *link, int ifindex, const State *desired, State *state,
                  Error *ret_error);
// Reads the root qdisc. 1: there is one; 0: it is the kernel's default.
int qdisc_get_root(Netlink *netlink, int ifindex, QdiscObject *ret, Error *ret_error);
int qdisc_add(Netlink *netlink, int ifindex, const Object *desired, Error *ret_error);
// The limit of a leaf is changed in place, everything else by replacement. No packet passes without an HTB meanwhile.
int qdisc_change(Netlink *netlink, int ifindex, const Object *desired, const Object *observed, Error *ret_error);
// A clsact that holds other programs' filters is left in place.
int qdisc_delete(Netlink *netlink, int ifindex, const Object *observed, Error *ret_error);

// QDISC_FQ_CODEL, or QDISC_PFIFO if the kernel has no fq_codel. Source: the errno of an impossible request.
int qdisc_probe_leaf(Netlink *netlink, QdiscType *ret_type, Error *ret_error);
