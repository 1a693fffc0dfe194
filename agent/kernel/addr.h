// Addresses of links.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "base/inet.h"
#include "base/util.h"
#include "model/object.h"
#include "model/state.h"
#include "netlink/request.h"

typedef struct AddrEntry {
        int ifindex;
        Prefix prefix;
        uint32_t flags; // IFA_F_*
        bool is_ours;   // bears our IFA_PROTO
} AddrEntry;

typedef struct AddrList {
        AddrEntry *entries;
        size_t n_entries, n_allocated;
        int ifindex; // of the link that was asked for; 0: all
} AddrList;

// The IPv4 and IPv6 addresses of a link, or with an ifindex of 0 of all links.
int addr_read(Netlink *netlink, int ifindex, AddrList *ret, Error *ret_error);
void addr_list_deinit(AddrList *list);
#define _cleanup_addr_list_ _cleanup_(addr_list_deinit)

// Adds the addresses of a link that are ours: those that bear our IFA_PROTO, those that desired names, and on a link
// that we made (link_is_ours) all of them.
int addr_observe(Netlink *netlink, const char *link, int ifindex, bool link_is_ours, const State *desired, State *state,
                 Error *ret_error);
// 1 when the link has this address with this length and it is usable, 0 when not (yet).
int addr_is_usable(Netlink *netlink, int ifindex, const Prefix *prefix, Error *ret_error);

int addr_add(Netlink *netlink, int ifindex, const Object *desired, Error *ret_error);
int addr_delete(Netlink *netlink, int ifindex, const Object *observed, Error *ret_error);
