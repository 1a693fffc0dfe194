// Qdiscs in the kernel.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "model/object.h"
#include "model/state.h"
#include "netlink/request.h"

// Adds what stands where our qdiscs stand, as far as it is ours or in the way of what is desired:
//   - what desired names, whatever stands there; a root or leaf that the kernel put there by itself is none;
//   - the root, if it is our HTB;
//   - clsact, if it holds filters of ours and of nobody else.
// A plain get is announced to everybody who listens on RTNLGRP_TC, with netlink_port() as its port.
int qdisc_observe(Netlink *netlink, const char *link, int ifindex, const State *desired, State *state,
                  Error *ret_error);
// What stands at the root: 1 and the qdisc, or 0 if it is the kernel's own default.
int qdisc_get_root(Netlink *netlink, int ifindex, QdiscObject *ret, Error *ret_error);
int qdisc_add(Netlink *netlink, int ifindex, const Object *desired, Error *ret_error);
// The limit of a leaf in place, everything else by replacement; at no moment does a packet pass without an HTB.
int qdisc_change(Netlink *netlink, int ifindex, const Object *desired, const Object *observed, Error *ret_error);
// A clsact that others have put filters into meanwhile is left to them.
int qdisc_delete(Netlink *netlink, int ifindex, const Object *observed, Error *ret_error);

// QDISC_FQ_CODEL or QDISC_PFIFO, by a request that the kernel is sure to refuse: with EINVAL when it has fq_codel.
int qdisc_probe_leaf(Netlink *netlink, QdiscType *ret_type, Error *ret_error);
