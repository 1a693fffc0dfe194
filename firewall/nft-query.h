// Questions to nftables: dumps and gets of our tables, or of all.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "base/util.h"
#include "netlink/request.h"

typedef struct NftQuery {
        uint8_t message; // NFT_MSG_GETRULE ...
        bool is_dump;
        uint8_t family;  // NFPROTO_*
        bool all_tables; // not only the table NFT_TABLE
        NetlinkHandler handler;
        void (*restart)(void *userdata); // see netlink_query
        void *userdata;
} NftQuery;

// netlink: of NETLINK_NETFILTER. A table that does not exist is an empty answer.
int nft_query(Netlink *netlink, const NftQuery *query, Error *ret_error);

// The attributes of a message of nfnetlink, by type; see netlink/attribute.h.
int nft_message_attributes(const struct nlmsghdr *header, const struct nlattr **ret, uint16_t max);
