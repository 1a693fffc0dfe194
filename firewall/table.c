// What the kernel has in our tables.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// The kernel keeps no texts that could be compared. Instead the comment of each of our rules tells the hash of its
// chain's text. A rule that another program added or replaced has no such comment, a deleted rule shows in the number
// of rules, and a moved rule has a higher handle than its successor: a new handle is the highest so far in its table,
// and a replacing rule inherits the handle. Sets and maps are anonymous and cannot change. This finds every edit,
// though not an attempt to deceive us.

#include "firewall/table.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

#include "base/error.h"
#include "base/names.h"
#include "base/util.h"
#include "firewall/chain-name.h"
#include "firewall/chain.h"
#include "firewall/nft-query.h"
#include "model/object.h"
#include "netlink/attribute.h"
#include "netlink/request.h"

static const uint8_t protocols[RULESET_FAMILY_MAX] = {
        [RULESET_NETDEV] = NFPROTO_NETDEV,
        [RULESET_INET] = NFPROTO_INET,
        [RULESET_ARP] = NFPROTO_ARP,
        [RULESET_BRIDGE] = NFPROTO_BRIDGE,
};

static bool is_our_table(const struct nlattr *name) {
        const char *text;

        return attribute_string(name, &text) && streq(text, NFT_TABLE);
}

int table_handle_table(const struct nlmsghdr *header, void *userdata) {
        Table *table = userdata;
        const struct nlattr *attributes[NFTA_TABLE_MAX + 1];
        uint32_t flags = 0;

        int r = nft_message_attributes(header, attributes, NFTA_TABLE_MAX);
        if (r < 0)
                return r;
        if (!is_our_table(attributes[NFTA_TABLE_NAME]))
                return 0;
        (void)attribute_be32(attributes[NFTA_TABLE_FLAGS], &flags);
        table->exists = true;
        table->is_dormant = flags & NFT_TABLE_F_DORMANT;
        return 0;
}

// Whether the chain has the hook of our chain of that name. A chain of another name must have no hook.
static bool chain_is_in_place(RulesetFamily family, const char *name, const struct nlattr *const *attributes) {
        const ChainHook *ours = chain_hook_find(family, name);
        const struct nlattr *hook[NFTA_HOOK_MAX + 1];
        uint32_t number, priority, policy;
        const char *device = "", *type;
        char expected[CHAIN_NAME_MAX], spelling[LINK_SPELLING_MAX];

        if (!ours || !attributes[NFTA_CHAIN_HOOK])
                return !ours && !attributes[NFTA_CHAIN_HOOK];
        if (attribute_index_nested(attributes[NFTA_CHAIN_HOOK], hook, NFTA_HOOK_MAX) < 0 ||
            attribute_be32(hook[NFTA_HOOK_HOOKNUM], &number) <= 0 ||
            attribute_be32(hook[NFTA_HOOK_PRIORITY], &priority) <= 0 ||
            attribute_be32(attributes[NFTA_CHAIN_POLICY], &policy) <= 0 ||
            !attribute_string(attributes[NFTA_CHAIN_TYPE], &type))
                return false;
        if (number != ours->number || (int32_t)priority != ours->priority || policy != NF_ACCEPT ||
            !streq(type, "filter"))
                return false;
        if (!ours->is_per_link)
                return true;
        // On Linux 6.1 a chain follows its device when that is renamed. The kernel gives the device's name only for a
        // chain with a single device.
        (void)attribute_string(hook[NFTA_HOOK_DEV], &device);
        (void)snprintf(expected, sizeof(expected), "%s-%s", chain_name_spell_link(device, spelling), ours->chain);
        return streq(expected, name);
}

int table_handle_chain(const struct nlmsghdr *header, void *userdata) {
        Table *table = userdata;
        const struct nlattr *attributes[NFTA_CHAIN_MAX + 1];
        const char *name;

        int r = nft_message_attributes(header, attributes, NFTA_CHAIN_MAX);
        if (r < 0)
                return r;
        if (!is_our_table(attributes[NFTA_CHAIN_TABLE]))
                return 0;
        // Also where the message about the table itself was lost.
        table->exists = true;
        if (!attribute_string(attributes[NFTA_CHAIN_NAME], &name) || !chain_name_is_plain(name))
                return 0;
        if (array_reserve(&table->chains, &table->n_allocated, table->n_chains + 1) < 0)
                return -ENOMEM;

        TableChain *chain = &table->chains[table->n_chains++];
        *chain = (TableChain){
                .is_in_place = chain_is_in_place(table->family, name, attributes),
                .is_whole = true,
        };
        strcpy_fixed(chain->name, name);
        return 0;
}

static int chain_compare(const void *a, const void *b) {
        return strcmp(((const TableChain *)a)->name, ((const TableChain *)b)->name);
}

static int name_compare(const void *name, const void *chain) {
        return strcmp(name, ((const TableChain *)chain)->name);
}

static TableChain *chain_find(const Table *table, const char *name) {
        if (table->n_chains == 0)
                return NULL;
        return bsearch(name, table->chains, table->n_chains, sizeof(TableChain), name_compare);
}

const TableChain *table_find(const Table *table, const char *chain) {
        return chain_find(table, chain);
}

// The hash in a comment of ours; 0 for any other comment.
static uint64_t comment_hash(const char *comment, size_t size) {
        const size_t prefix = strlen(CHAIN_COMMENT_PREFIX), digits = 16;
        uint64_t hash = 0;

        if (size != prefix + digits + 1 || memcmp(comment, CHAIN_COMMENT_PREFIX, prefix) != 0 ||
            comment[size - 1] != '\0')
                return 0;
        for (const char *at = comment + prefix; *at; at++) {
                static const char hex[] = "0123456789abcdef";
                const char *digit = strchr(hex, *at);
                if (!digit)
                        return 0;
                hash = hash << 4 | (uint64_t)(digit - hex);
        }
        return hash;
}

// The user data of a rule are a list of {type, length, value}. The type of the comment is 0 (libnftnl's
// NFTNL_UDATA_RULE_COMMENT).
static uint64_t userdata_hash(const struct nlattr *userdata) {
        size_t left;
        const uint8_t *at = attribute_payload(userdata, &left);
        while (left >= 2 && left - 2 >= at[1]) {
                size_t size = at[1];
                if (at[0] == 0)
                        return comment_hash((const char *)at + 2, size);
                at += 2 + size;
                left -= 2 + size;
        }
        return 0;
}

int table_handle_rule(const struct nlmsghdr *header, void *userdata) {
        Table *table = userdata;
        const struct nlattr *attributes[NFTA_RULE_MAX + 1];
        const char *name;
        uint64_t handle = 0;

        int r = nft_message_attributes(header, attributes, NFTA_RULE_MAX);
        if (r < 0)
                return r;
        if (!is_our_table(attributes[NFTA_RULE_TABLE]) || !attribute_string(attributes[NFTA_RULE_CHAIN], &name))
                return 0;

        TableChain *chain = chain_find(table, name);
        if (!chain)
                return 0; // the chain was added after the chains were read
        uint64_t hash = userdata_hash(attributes[NFTA_RULE_USERDATA]);
        if (attribute_be64(attributes[NFTA_RULE_HANDLE], &handle) <= 0 || handle <= chain->last_handle ||
            (chain->n_rules > 0 && hash != chain->hash))
                chain->is_whole = false;
        chain->last_handle = handle;
        chain->hash = hash;
        chain->n_rules++;
        return 0;
}

static void forget_table(void *userdata) {
        Table *table = userdata;

        table->exists = table->is_dormant = false;
}

static void forget_chains(void *userdata) {
        Table *table = userdata;

        table->n_chains = 0;
}

static void forget_rules(void *userdata) {
        Table *table = userdata;

        for (size_t i = 0; i < table->n_chains; i++) {
                TableChain *chain = &table->chains[i];
                chain->is_whole = true;
                chain->n_rules = 0;
                chain->last_handle = chain->hash = 0;
        }
}

int table_read(Netlink *netlink, RulesetFamily family, TableDepth depth, Table *ret, Error *ret_error) {
        static const struct {
                TableDepth depth;
                uint8_t message;
                bool is_dump;
                NetlinkHandler handler;
                void (*restart)(void *userdata);
        } steps[] = {
                { TABLE_EXISTENCE, NFT_MSG_GETTABLE, false, table_handle_table, forget_table },
                { TABLE_CHAINS, NFT_MSG_GETCHAIN, true, table_handle_chain, forget_chains },
                { TABLE_RULES, NFT_MSG_GETRULE, true, table_handle_rule, forget_rules },
        };
        _cleanup_table_ Table table = { .family = family };

        for (size_t i = 0; i < ELEMENTSOF(steps) && steps[i].depth <= depth; i++) {
                NftQuery query = {
                        .message = steps[i].message,
                        .is_dump = steps[i].is_dump,
                        .family = protocols[family],
                        .handler = steps[i].handler,
                        .restart = steps[i].restart,
                        .userdata = &table,
                };
                int r = nft_query(netlink, &query, ret_error);
                if (r < 0)
                        return r;
                if (table.n_chains > 0)
                        qsort(table.chains, table.n_chains, sizeof(TableChain), chain_compare);
        }
        *ret = table;
        table = (Table){};
        return 0;
}

void table_deinit(Table *table) {
        free(table->chains);
        *table = (Table){};
}

int table_handle_counter(const struct nlmsghdr *header, void *userdata) {
        TableCounters *counters = userdata;
        const struct nlattr *attributes[NFTA_OBJ_MAX + 1], *data[NFTA_COUNTER_MAX + 1];
        TableCounter counter = {};
        const char *name;
        uint32_t type;

        int r = nft_message_attributes(header, attributes, NFTA_OBJ_MAX);
        if (r < 0)
                return r;
        if (!is_our_table(attributes[NFTA_OBJ_TABLE]) || !attribute_string(attributes[NFTA_OBJ_NAME], &name) ||
            attribute_be32(attributes[NFTA_OBJ_TYPE], &type) <= 0 || type != NFT_OBJECT_COUNTER ||
            strlen(name) >= sizeof(counter.name))
                return 0;
        if (attribute_index_nested(attributes[NFTA_OBJ_DATA], data, NFTA_COUNTER_MAX) < 0 ||
            attribute_be64(data[NFTA_COUNTER_PACKETS], &counter.packets) <= 0 ||
            attribute_be64(data[NFTA_COUNTER_BYTES], &counter.bytes) <= 0 ||
            attribute_be32(attributes[NFTA_OBJ_USE], &counter.n_users) <= 0)
                return -EBADMSG;
        strcpy_fixed(counter.name, name);

        if (array_reserve(&counters->counters, &counters->n_allocated, counters->n_counters + 1) < 0)
                return -ENOMEM;
        counters->counters[counters->n_counters++] = counter;
        return 0;
}

static void forget_counters(void *userdata) {
        TableCounters *counters = userdata;

        counters->n_counters = 0;
}

int table_counters_read(Netlink *netlink, RulesetFamily family, TableCounters *ret, Error *ret_error) {
        _cleanup_table_counters_ TableCounters counters = {};
        NftQuery query = {
                .message = NFT_MSG_GETOBJ,
                .is_dump = true,
                .family = protocols[family],
                .handler = table_handle_counter,
                .restart = forget_counters,
                .userdata = &counters,
        };

        int r = nft_query(netlink, &query, ret_error);
        if (r < 0)
                return r;
        *ret = counters;
        counters = (TableCounters){};
        return 0;
}

void table_counters_deinit(TableCounters *counters) {
        free(counters->counters);
        *counters = (TableCounters){};
}
