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
        Address peer;   // of a point-to-point address outside of prefix; AF_UNSPEC: none
        uint32_t flags; // IFA_F_*
        bool is_ours;   // has our mark: IFA_PROTO or, where the kernel has none, IFA_RT_PRIORITY
} AddrEntry;

typedef struct AddrList {
        AddrEntry *entries;
        size_t n_entries, n_allocated;
        int ifindex; // of the link; 0: all links
} AddrList;

// Reads the IPv4 and IPv6 addresses of a link. ifindex 0: of all links.
int addr_read(Netlink *netlink, int ifindex, AddrList *ret, Error *ret_error);
// Whether it is this address with this length, and no point-to-point address.
bool addr_entry_is(const AddrEntry *entry, const Prefix *prefix);
const char *addr_entry_format(const AddrEntry *entry, char ret[static ADDRESS_OBJECT_TEXT_MAX]);
void addr_list_deinit(AddrList *list);
#define _cleanup_addr_list_ _cleanup_(addr_list_deinit)

// Adds the addresses of a link that have our mark or that desired names, and all addresses of a link that we made
// (link_is_ours).
int addr_observe(Netlink *netlink, const char *link, int ifindex, bool link_is_ours, const State *desired, State *state,
                 Error *ret_error);

int addr_add(Netlink *netlink, int ifindex, const Object *desired, Error *ret_error);
int addr_delete(Netlink *netlink, int ifindex, const Object *observed, Error *ret_error);
