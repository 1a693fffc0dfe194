// Filters that other programs added.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "base/util.h"
#include "netlink/request.h"

// 1: a filter of the link, at its clsact or its root qdisc, sends packets to the link with index target; 0: none does.
int foreign_filters_send_to(Netlink *netlink, int ifindex, int target, Error *ret_error);

// Counts the filters at the root qdisc of a link; we have none there.
int foreign_filters_count_at_root(Netlink *netlink, int ifindex, size_t *ret, Error *ret_error);
