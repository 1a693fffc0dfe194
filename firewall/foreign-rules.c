// The base chains and flowtables of other programs.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "firewall/foreign-rules.h"

#include <netinet/in.h> // first: the kernel's headers then leave out what it has

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "base/names.h"
#include "base/util.h"
#include "firewall/nft-query.h"
#include "netlink/attribute.h"

static const char *family_name(const struct nlmsghdr *header) {
        static const char *const names[] = {
                [NFPROTO_INET] = "inet",     [NFPROTO_IPV4] = "ip",       [NFPROTO_ARP] = "arp",
                [NFPROTO_NETDEV] = "netdev", [NFPROTO_BRIDGE] = "bridge", [NFPROTO_IPV6] = "ip6",
        };
        uint8_t family = ((const struct nfgenmsg *)NLMSG_DATA(header))->nfgen_family;

        return family < ELEMENTSOF(names) && names[family] ? names[family] : "?";
}

static int chain_add(ForeignRules *rules, const ForeignChain *chain, const char *device) {
        if (array_reserve(&rules->chains, &rules->n_allocated, rules->n_chains + 1) < 0)
                return -ENOMEM;
        ForeignChain *added = &rules->chains[rules->n_chains++];
        *added = *chain;
        strcpy_fixed(added->device, device);
        return 0;
}

// One entry for each of its devices, or one entry if it has none.
static int chain_add_devices(ForeignRules *rules, const ForeignChain *chain, const struct nlattr *one,
                             const struct nlattr *several) {
        const struct nlattr *attribute;
        const char *device = "";
        size_t size;

        if (!several) {
                (void)attribute_string(one, &device);
                return chain_add(rules, chain, device);
        }
        const void *devices = attribute_payload(several, &size);
        while ((attribute = attribute_next(&devices, &size))) {
                if (!attribute_string(attribute, &device))
                        continue;
                int r = chain_add(rules, chain, device);
                if (r < 0)
                        return r;
        }
        return 0;
}

static bool is_ours(const char *table) {
        return streq(table, NFT_TABLE);
}

int foreign_rules_handle_chain(const struct nlmsghdr *header, void *userdata) {
        const struct nlattr *attributes[NFTA_CHAIN_MAX + 1], *hook[NFTA_HOOK_MAX + 1];
        const char *table, *name, *type = "";
        uint32_t number, policy = NF_ACCEPT;
        ForeignChain chain = {};

        int r = nft_message_attributes(header, attributes, NFTA_CHAIN_MAX);
        if (r < 0)
                return r;
        if (!attribute_string(attributes[NFTA_CHAIN_TABLE], &table) ||
            !attribute_string(attributes[NFTA_CHAIN_NAME], &name) || is_ours(table) ||
            attribute_index_nested(attributes[NFTA_CHAIN_HOOK], hook, NFTA_HOOK_MAX) < 0 ||
            attribute_be32(hook[NFTA_HOOK_HOOKNUM], &number) <= 0)
                return 0;
        (void)attribute_string(attributes[NFTA_CHAIN_TYPE], &type);
        (void)attribute_be32(attributes[NFTA_CHAIN_POLICY], &policy);
        strcpy_fixed(chain.family, family_name(header));
        strcpy_fixed(chain.table, table);
        strcpy_fixed(chain.name, name);
        // Forwarded traffic is never a plane's.
        bool on_the_way = streq(chain.family, "netdev") || number != NF_INET_FORWARD;
        chain.drops = on_the_way && (policy == NF_DROP || (streq(table, "firewalld") && number == NF_INET_LOCAL_IN &&
                                                           streq(type, "filter") && streq(chain.family, "inet")));
        return chain_add_devices(userdata, &chain, hook[NFTA_HOOK_DEV], hook[NFTA_HOOK_DEVS]);
}

int foreign_rules_handle_flowtable(const struct nlmsghdr *header, void *userdata) {
        const struct nlattr *attributes[NFTA_FLOWTABLE_MAX + 1], *hook[NFTA_FLOWTABLE_HOOK_MAX + 1];
        const char *table, *name;
        ForeignChain chain = { .is_flowtable = true };

        int r = nft_message_attributes(header, attributes, NFTA_FLOWTABLE_MAX);
        if (r < 0)
                return r;
        if (!attribute_string(attributes[NFTA_FLOWTABLE_TABLE], &table) ||
            !attribute_string(attributes[NFTA_FLOWTABLE_NAME], &name) ||
            attribute_index_nested(attributes[NFTA_FLOWTABLE_HOOK], hook, NFTA_FLOWTABLE_HOOK_MAX) < 0 ||
            !hook[NFTA_FLOWTABLE_HOOK_DEVS])
                return 0;
        strcpy_fixed(chain.family, family_name(header));
        strcpy_fixed(chain.table, table);
        strcpy_fixed(chain.name, name);
        return chain_add_devices(userdata, &chain, NULL, hook[NFTA_FLOWTABLE_HOOK_DEVS]);
}

// --- reading ---

static void restart(void *userdata) {
        ((ForeignRules *)userdata)->n_chains = 0;
}

static int read_and_append(Netlink *netlink, uint8_t message, NetlinkHandler handler, ForeignRules *rules,
                           Error *ret_error) {
        _cleanup_foreign_rules_ ForeignRules more = {};
        NftQuery query = {
                .message = message,
                .is_dump = true,
                .family = NFPROTO_UNSPEC,
                .all_tables = true,
                .handler = handler,
                .restart = restart,
                .userdata = &more,
        };

        int r = nft_query(netlink, &query, ret_error);
        if (r < 0)
                return r;
        if (array_reserve(&rules->chains, &rules->n_allocated, rules->n_chains + more.n_chains) < 0)
                return error_set(ret_error, -ENOMEM, "out of memory");
        for (size_t i = 0; i < more.n_chains; i++)
                rules->chains[rules->n_chains++] = more.chains[i];
        return 0;
}

int foreign_rules_read(Netlink *netlink, ForeignRules *ret, Error *ret_error) {
        _cleanup_foreign_rules_ ForeignRules rules = {};

        int r = read_and_append(netlink, NFT_MSG_GETCHAIN, foreign_rules_handle_chain, &rules, ret_error);
        if (r < 0)
                return r;
        r = read_and_append(netlink, NFT_MSG_GETFLOWTABLE, foreign_rules_handle_flowtable, &rules, ret_error);
        if (r < 0)
                return r;
        *ret = rules;
        rules = (ForeignRules){};
        return 0;
}

void foreign_rules_deinit(ForeignRules *rules) {
        free(rules->chains);
        *rules = (ForeignRules){};
}
