// Questions to nftables.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "firewall/nft-query.h"

#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "base/error.h"
#include "base/names.h"
#include "base/util.h"
#include "netlink/attribute.h"
#include "netlink/request.h"

typedef struct NftReading {
        const NftQuery *query;
        unsigned n_messages;
} NftReading;

static int message_handle(const struct nlmsghdr *header, void *userdata) {
        NftReading *reading = userdata;

        if (header->nlmsg_type >> 8 != NFNL_SUBSYS_NFTABLES)
                return 0;
        reading->n_messages++;
        return reading->query->handler(header, reading->query->userdata);
}

static void reading_restart(void *userdata) {
        NftReading *reading = userdata;

        reading->n_messages = 0;
        if (reading->query->restart)
                reading->query->restart(reading->query->userdata);
}

static struct nl_msg *query_message(const NftQuery *query) {
        const struct nfgenmsg general = { .nfgen_family = query->family, .version = NFNETLINK_V0 };
        struct nl_msg *message = netlink_message_new((uint16_t)(NFNL_SUBSYS_NFTABLES << 8 | query->message),
                                                     query->is_dump ? NLM_F_DUMP : 0, &general, sizeof(general));

        // Attribute 1 is the table in all of these messages.
        _Static_assert(NFTA_TABLE_NAME == 1 && NFTA_CHAIN_TABLE == 1 && NFTA_RULE_TABLE == 1 && NFTA_OBJ_TABLE == 1,
                       "the table");
        if (message && !query->all_tables && nla_put_string(message, NFTA_TABLE_NAME, NFT_TABLE) < 0) {
                nlmsg_free(message);
                return NULL;
        }
        return message;
}

int nft_query(Netlink *netlink, const NftQuery *query, Error *ret_error) {
        NftReading reading = { .query = query };
        Error error = {};

        int r = netlink_query(netlink, query_message(query), message_handle, reading_restart, &reading, &error);
        if (r == -ENOENT)
                return 0;
        if (r < 0)
                return error_set(ret_error, r, "cannot read nftables: %s", error.text);
        if (!query->is_dump && reading.n_messages == 0)
                return error_set(ret_error, -EIO, "cannot read nftables: the kernel's answer was lost");
        return 0;
}

int nft_message_attributes(const struct nlmsghdr *header, const struct nlattr **ret, uint16_t max) {
        return attribute_index_message(header, sizeof(struct nfgenmsg), ret, max);
}
