// What others have hung into traffic control: filters, and actions that send packets to a link.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "base/util.h"
#include "netlink/request.h"

// Where the host's mirred actions send to, whoever's they are: each link once for each action.
typedef struct RedirectList {
        int *targets;
        size_t n_targets, n_allocated;
} RedirectList;

// One request, however many links and filters there are.
int redirects_read(Netlink *netlink, RedirectList *ret, Error *ret_error);
size_t redirects_count(const RedirectList *list, int target);
void redirects_deinit(RedirectList *list);
#define _cleanup_redirects_ _cleanup_(redirects_deinit)

// 1 when a filter of the link sends to target, at its clsact or its root; 0 when not.
int filter_sends_to(Netlink *netlink, int ifindex, int target, Error *ret_error);

// Counts the filters at the root qdisc of a link; we have none there.
int filter_count_at_root(Netlink *netlink, int ifindex, size_t *ret, Error *ret_error);
