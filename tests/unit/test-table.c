// What is read of our tables: chains, with a verdict on each, and counters.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "firewall/table.h"
#include "nft-messages.h"

static void test_a_message_without_its_header_is_refused(void **state _unused_) {
        Datagram datagram = {};
        Table table = {};

        message_begin(&datagram, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWCHAIN, 0);
        message_end(&datagram);
        put_code(&datagram, NLMSG_DONE, 0);
        assert_int_equal(parse(&datagram, table_handle_chain, &table), -EBADMSG);
}

static void test_a_chain_is_in_place_where_ours_hangs(void **state _unused_) {
        static const struct {
                RulesetFamily family;
                const char *name;
                bool has_hook;
                Hook hook;
                bool is_in_place;
        } cases[] = {
                { RULESET_INET, "forward", true, { NF_INET_FORWARD, -450, NF_ACCEPT, NULL }, true },
                { RULESET_INET, "forward", true, { NF_INET_FORWARD, 0, NF_ACCEPT, NULL }, false },
                { RULESET_INET, "forward", true, { NF_INET_LOCAL_IN, -450, NF_ACCEPT, NULL }, false },
                { RULESET_INET, "forward", true, { NF_INET_FORWARD, -450, NF_DROP, NULL }, false },
                { RULESET_INET, "forward", false, {}, false },
                { RULESET_INET, "mig0-in", false, {}, true },
                { RULESET_INET, "mig0-in", true, { NF_INET_FORWARD, -450, NF_ACCEPT, NULL }, false },
                { RULESET_NETDEV, "mig0-in", true, { NF_NETDEV_INGRESS, -500, NF_ACCEPT, "mig0" }, true },
                { RULESET_NETDEV, "mig0-in", true, { NF_NETDEV_INGRESS, -500, NF_ACCEPT, "mig1" }, false },
                { RULESET_NETDEV, "mig0-in", true, { NF_NETDEV_INGRESS, -500, NF_ACCEPT, NULL }, false },
                { RULESET_NETDEV, "mig0-in", false, {}, false },
                { RULESET_NETDEV, "m/401-out", true, { NF_NETDEV_EGRESS, 500, NF_ACCEPT, "m@1" }, true },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_table_ Table table = { .family = cases[i].family };
                Datagram datagram = {};

                put_chain(&datagram, cases[i].name, cases[i].has_hook ? &cases[i].hook : NULL);
                assert_int_equal(parse(&datagram, table_handle_chain, &table), MORE);
                assert_int_equal(table.n_chains, 1);
                assert_true(table.exists);
                assert_int_equal(table.chains[0].is_in_place, cases[i].is_in_place);
        }
}

static void test_names_that_are_none_are_left_out(void **state _unused_) {
        _cleanup_table_ Table table = { .family = RULESET_INET };
        Datagram datagram = {};

        put_chain(&datagram, "a; flush ruleset", NULL);
        assert_int_equal(parse(&datagram, table_handle_chain, &table), MORE);
        assert_int_equal(table.n_chains, 0);
}

#define ONE "migplane 00000000000000a1"
#define TWO "migplane 00000000000000a2"

static void test_rules_are_whole_when_one_transaction_left_them(void **state _unused_) {
        static const struct {
                uint32_t handles[3];
                const char *comments[3];
                bool is_whole;
                uint64_t hash;
        } cases[] = {
                { { 2, 3, 4 }, { ONE, ONE, ONE }, true, 0xa1 },
                { { 2, 3, 9 }, { ONE, ONE, ONE }, true, 0xa1 },
                { { 2, 9, 3 }, { ONE, ONE, ONE }, false, 0xa1 }, // moved
                { { 2, 9, 3 }, { ONE, "", ONE }, false, 0xa1 },  // inserted
                { { 2, 3, 4 }, { ONE, "x", ONE }, false, 0xa1 }, // replaced
                { { 2, 3, 4 }, { ONE, TWO, ONE }, false, 0xa1 },
                { { 2, 3, 4 }, { ONE, ONE, "" }, false, 0 }, // added
                { { 2, 3, 4 }, { "", "", "" }, true, 0 },
                { { 2, 3, 4 }, { "migplane 00000000000000A1", "migplane 0", ONE "0" }, true, 0 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_table_ Table table = { .family = RULESET_INET };
                Datagram datagram = {};

                put_chain(&datagram, "mig0-in", NULL);
                assert_int_equal(parse(&datagram, table_handle_chain, &table), MORE);
                datagram = (Datagram){};
                for (size_t j = 0; j < 3; j++)
                        put_rule(&datagram, "mig0-in", cases[i].handles[j], cases[i].comments[j]);
                put_rule(&datagram, "unknown", 5, ONE);
                assert_int_equal(parse(&datagram, table_handle_rule, &table), MORE);

                const TableChain *chain = table_find(&table, "mig0-in");
                assert_non_null(chain);
                assert_int_equal(chain->n_rules, 3);
                assert_int_equal(chain->is_whole, cases[i].is_whole);
                assert_int_equal(chain->hash, cases[i].hash);
        }
}

static void test_a_sleeping_table_is_known(void **state _unused_) {
        Table table = {};
        Datagram datagram = {};

        mnl_attr_put_u32(nft_begin(&datagram, NFT_MSG_NEWTABLE), NFTA_TABLE_FLAGS, htonl(NFT_TABLE_F_DORMANT));
        message_end(&datagram);
        assert_int_equal(parse(&datagram, table_handle_table, &table), MORE);
        assert_true(table.exists);
        assert_true(table.is_dormant);
}

static void put_counter(Datagram *datagram, bool whole) {
        struct nlmsghdr *header = nft_begin(datagram, NFT_MSG_NEWOBJ);

        mnl_attr_put_strz(header, NFTA_OBJ_NAME, "mig0-in-mac");
        mnl_attr_put_u32(header, NFTA_OBJ_TYPE, htonl(NFT_OBJECT_COUNTER));
        mnl_attr_put_u32(header, NFTA_OBJ_USE, htonl(3));
        struct nlattr *nest = mnl_attr_nest_start(header, NFTA_OBJ_DATA);
        mnl_attr_put_u64(header, NFTA_COUNTER_PACKETS, htobe64(14));
        if (whole)
                mnl_attr_put_u64(header, NFTA_COUNTER_BYTES, htobe64(840));
        mnl_attr_nest_end(header, nest);
        message_end(datagram);
}

static void test_counters_are_read(void **state _unused_) {
        _cleanup_table_counters_ TableCounters counters = {};
        Datagram datagram = {};

        put_counter(&datagram, true);
        assert_int_equal(parse(&datagram, table_handle_counter, &counters), MORE);
        assert_int_equal(counters.n_counters, 1);
        assert_string_equal(counters.counters[0].name, "mig0-in-mac");
        assert_int_equal(counters.counters[0].packets, 14);
        assert_int_equal(counters.counters[0].bytes, 840);
        assert_int_equal(counters.counters[0].n_users, 3);
}

static void test_half_a_counter_is_refused(void **state _unused_) {
        _cleanup_table_counters_ TableCounters counters = {};
        Datagram datagram = {};

        put_counter(&datagram, false);
        put_code(&datagram, NLMSG_DONE, 0);
        assert_int_equal(parse(&datagram, table_handle_counter, &counters), -EBADMSG);
        assert_int_equal(counters.n_counters, 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_message_without_its_header_is_refused),
                cmocka_unit_test(test_a_chain_is_in_place_where_ours_hangs),
                cmocka_unit_test(test_names_that_are_none_are_left_out),
                cmocka_unit_test(test_rules_are_whole_when_one_transaction_left_them),
                cmocka_unit_test(test_a_sleeping_table_is_known),
                cmocka_unit_test(test_counters_are_read),
                cmocka_unit_test(test_half_a_counter_is_refused),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
