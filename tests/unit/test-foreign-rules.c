// The base chains and flowtables of other programs.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "firewall/foreign-rules.h"
#include "nft-messages.h"

typedef struct Chain {
        uint8_t family;
        const char *table, *type;
        Hook hook;
        const char *devices[3]; // of a chain with several
} Chain;

static void put_devices(struct nlmsghdr *header, uint16_t type, const char *const *devices) {
        struct nlattr *nest = mnl_attr_nest_start(header, type);

        for (size_t i = 0; devices[i]; i++)
                mnl_attr_put_strz(header, NFTA_DEVICE_NAME, devices[i]);
        mnl_attr_nest_end(header, nest);
}

static struct nlmsghdr *begin(Datagram *datagram, uint16_t message, uint8_t family, const char *table) {
        struct nlmsghdr *header = message_begin(datagram, NFNL_SUBSYS_NFTABLES << 8 | message, 0);
        struct nfgenmsg *general = mnl_nlmsg_put_extra_header(header, sizeof(*general));

        general->nfgen_family = family;
        mnl_attr_put_strz(header, NFTA_CHAIN_TABLE, table);
        return header;
}

static ForeignRules read_chain(const Chain *chain) {
        ForeignRules rules = {};
        Datagram datagram = {};
        struct nlmsghdr *header = begin(&datagram, NFT_MSG_NEWCHAIN, chain->family, chain->table);

        mnl_attr_put_strz(header, NFTA_CHAIN_NAME, "theirs");
        if (chain->type) {
                struct nlattr *nest = mnl_attr_nest_start(header, NFTA_CHAIN_HOOK);
                mnl_attr_put_u32(header, NFTA_HOOK_HOOKNUM, htonl(chain->hook.number));
                if (chain->hook.device)
                        mnl_attr_put_strz(header, NFTA_HOOK_DEV, chain->hook.device);
                if (chain->devices[0])
                        put_devices(header, NFTA_HOOK_DEVS, chain->devices);
                mnl_attr_nest_end(header, nest);
                mnl_attr_put_strz(header, NFTA_CHAIN_TYPE, chain->type);
                mnl_attr_put_u32(header, NFTA_CHAIN_POLICY, htonl(chain->hook.policy));
        }
        message_end(&datagram);
        assert_int_equal(parse(&datagram, foreign_rules_handle_chain, &rules), MORE);
        return rules;
}

static void test_a_chain_that_drops_by_default(void **state _unused_) {
        static const struct {
                Chain chain;
                bool drops;
        } cases[] = {
                { { NFPROTO_INET, "theirs", "filter", { NF_INET_LOCAL_IN, 0, NF_DROP, NULL }, {} }, true },
                { { NFPROTO_INET, "theirs", "filter", { NF_INET_LOCAL_OUT, 0, NF_DROP, NULL }, {} }, true },
                { { NFPROTO_INET, "theirs", "filter", { NF_INET_LOCAL_IN, 0, NF_ACCEPT, NULL }, {} }, false },
                { { NFPROTO_INET, "theirs", "filter", { NF_INET_FORWARD, 0, NF_DROP, NULL }, {} }, false },
                { { NFPROTO_NETDEV, "theirs", "filter", { NF_NETDEV_INGRESS, 0, NF_DROP, "eno1" }, {} }, true },
                { { NFPROTO_INET, "firewalld", "filter", { NF_INET_LOCAL_IN, 0, NF_ACCEPT, NULL }, {} }, true },
                { { NFPROTO_INET, "firewalld", "filter", { NF_INET_LOCAL_OUT, 0, NF_ACCEPT, NULL }, {} }, false },
                { { NFPROTO_INET, "firewalld", "nat", { NF_INET_LOCAL_IN, 0, NF_ACCEPT, NULL }, {} }, false },
                { { NFPROTO_IPV4, "firewalld", "filter", { NF_INET_LOCAL_IN, 0, NF_ACCEPT, NULL }, {} }, false },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_foreign_rules_ ForeignRules rules = read_chain(&cases[i].chain);

                assert_int_equal(rules.n_chains, 1);
                assert_int_equal(rules.chains[0].drops, cases[i].drops);
                assert_false(rules.chains[0].is_flowtable);
                assert_string_equal(rules.chains[0].table, cases[i].chain.table);
                assert_string_equal(rules.chains[0].name, "theirs");
                assert_string_equal(rules.chains[0].device, cases[i].chain.hook.device ?: "");
        }
}

static void test_a_chain_without_a_hook_is_ignored(void **state _unused_) {
        _cleanup_foreign_rules_ ForeignRules rules = read_chain(&(Chain){ .family = NFPROTO_INET, .table = "theirs" });

        assert_int_equal(rules.n_chains, 0);
}

static void test_our_chains_are_not_foreign(void **state _unused_) {
        _cleanup_foreign_rules_ ForeignRules rules =
                read_chain(&(Chain){ NFPROTO_INET, "migplane", "filter", { NF_INET_LOCAL_IN, 0, NF_DROP, NULL }, {} });

        assert_int_equal(rules.n_chains, 0);
}

static void test_a_chain_on_several_devices_has_an_entry_for_each(void **state _unused_) {
        _cleanup_foreign_rules_ ForeignRules rules = read_chain(&(Chain){
                NFPROTO_NETDEV, "theirs", "filter", { NF_NETDEV_INGRESS, 0, NF_DROP, NULL }, { "eno1", "mig0" } });

        assert_int_equal(rules.n_chains, 2);
        assert_string_equal(rules.chains[0].family, "netdev");
        assert_string_equal(rules.chains[0].device, "eno1");
        assert_string_equal(rules.chains[1].device, "mig0");
}

// No flowtable is ours, whichever table it is in.
static void test_a_flowtable_has_an_entry_for_each_device(void **state _unused_) {
        static const char *const tables[] = { "theirs", "migplane" };
        static const char *const devices[] = { "eno1", "mig0", NULL };

        for (size_t i = 0; i < ELEMENTSOF(tables); i++) {
                _cleanup_foreign_rules_ ForeignRules rules = {};
                Datagram datagram = {};
                struct nlmsghdr *header = begin(&datagram, NFT_MSG_NEWFLOWTABLE, NFPROTO_INET, tables[i]);

                mnl_attr_put_strz(header, NFTA_FLOWTABLE_NAME, "fast");
                struct nlattr *nest = mnl_attr_nest_start(header, NFTA_FLOWTABLE_HOOK);
                put_devices(header, NFTA_FLOWTABLE_HOOK_DEVS, devices);
                mnl_attr_nest_end(header, nest);
                message_end(&datagram);
                assert_int_equal(parse(&datagram, foreign_rules_handle_flowtable, &rules), MORE);
                assert_int_equal(rules.n_chains, 2);
                assert_true(rules.chains[1].is_flowtable);
                assert_string_equal(rules.chains[1].device, "mig0");
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_chain_that_drops_by_default),
                cmocka_unit_test(test_a_chain_without_a_hook_is_ignored),
                cmocka_unit_test(test_our_chains_are_not_foreign),
                cmocka_unit_test(test_a_chain_on_several_devices_has_an_entry_for_each),
                cmocka_unit_test(test_a_flowtable_has_an_entry_for_each_device),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
