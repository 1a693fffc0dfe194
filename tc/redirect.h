// The links that tc actions of the host send packets to, whoever added them.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "base/util.h"
#include "netlink/request.h"

// The targets of all mirred actions, one entry for each action.
typedef struct RedirectList {
        int *targets; // indices of links
        size_t n_targets, n_allocated;
} RedirectList;

// Takes one request, however many links and filters there are.
int redirects_read(Netlink *netlink, RedirectList *ret, Error *ret_error);
size_t redirects_count(const RedirectList *list, int target);
void redirects_deinit(RedirectList *list);
#define _cleanup_redirects_ _cleanup_(redirects_deinit)
