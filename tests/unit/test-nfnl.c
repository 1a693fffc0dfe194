// What is read of our tables: datagrams taken apart, chains judged.
// SPDX-License-Identifier: GPL-2.0-or-later

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <endian.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "base/util.h"
#include "firewall/nft-query.h"
#include "firewall/table.h"
#include "netlink/attribute.h"
#include "netlink/request.h"

// One datagram being written.
typedef struct Datagram {
        char bytes[4096] __attribute__((aligned(8)));
        size_t size;
        struct nlmsghdr *last;
} Datagram;

static struct nlmsghdr *message_begin(Datagram *datagram, uint16_t type, uint16_t flags) {
        datagram->last = mnl_nlmsg_put_header(datagram->bytes + datagram->size);
        datagram->last->nlmsg_type = type;
        datagram->last->nlmsg_flags = flags;
        datagram->last->nlmsg_seq = 7;
        return datagram->last;
}

static void message_end(Datagram *datagram) {
        datagram->size += NLMSG_ALIGN(datagram->last->nlmsg_len);
}

static struct nlmsghdr *nft_begin(Datagram *datagram, uint16_t message) {
        struct nlmsghdr *header = message_begin(datagram, NFNL_SUBSYS_NFTABLES << 8 | message, 0);

        (void)mnl_nlmsg_put_extra_header(header, sizeof(struct nfgenmsg));
        mnl_attr_put_strz(header, 1, "migplane");
        return header;
}

static void put_code(Datagram *datagram, uint16_t type, int code) {
        struct nlmsghdr *header = message_begin(datagram, type, 0);
        // An error is followed by the header of the request.
        size_t size = type == NLMSG_ERROR ? sizeof(struct nlmsgerr) : sizeof(code);

        memcpy(mnl_nlmsg_put_extra_header(header, size), &code, sizeof(code));
        message_end(datagram);
}

typedef struct Hook {
        uint32_t number;
        int32_t priority;
        uint32_t policy;
        const char *device;
} Hook;

static void put_chain(Datagram *datagram, const char *name, const Hook *hook) {
        struct nlmsghdr *header = nft_begin(datagram, NFT_MSG_NEWCHAIN);

        mnl_attr_put_strz(header, NFTA_CHAIN_NAME, name);
        if (hook) {
                struct nlattr *nest = mnl_attr_nest_start(header, NFTA_CHAIN_HOOK);
                mnl_attr_put_u32(header, NFTA_HOOK_HOOKNUM, htonl(hook->number));
                mnl_attr_put_u32(header, NFTA_HOOK_PRIORITY, htonl((uint32_t)hook->priority));
                if (hook->device)
                        mnl_attr_put_strz(header, NFTA_HOOK_DEV, hook->device);
                mnl_attr_nest_end(header, nest);
                mnl_attr_put_u32(header, NFTA_CHAIN_POLICY, htonl(hook->policy));
                mnl_attr_put_strz(header, NFTA_CHAIN_TYPE, "filter");
        }
        message_end(datagram);
}

static void put_rule(Datagram *datagram, const char *chain, uint32_t handle, const char *comment) {
        struct nlmsghdr *header = nft_begin(datagram, NFT_MSG_NEWRULE);
        uint8_t userdata[2 + 128] = { 0, (uint8_t)(strlen(comment) + 1) };

        mnl_attr_put_strz(header, NFTA_RULE_CHAIN, chain);
        mnl_attr_put_u64(header, NFTA_RULE_HANDLE, htobe64(handle));
        memcpy(userdata + 2, comment, strlen(comment) + 1);
        mnl_attr_put(header, NFTA_RULE_USERDATA, 2 + strlen(comment) + 1, userdata);
        message_end(datagram);
}

static int count(const struct nlmsghdr *header _unused_, void *userdata) {
        (*(unsigned *)userdata)++;
        return 0;
}

enum { MORE, DONE, INTERRUPTED };

// MORE, or how the answer ended.
static int parse(const Datagram *datagram, NetlinkHandler handler, void *userdata) {
        NetlinkAnswer answer = { .sequence = 7, .handler = handler, .userdata = userdata };

        int r = netlink_parse(datagram->bytes, datagram->size, &answer, NULL);
        if (r <= 0)
                return r;
        return answer.result < 0 ? answer.result : answer.is_interrupted ? INTERRUPTED : DONE;
}

// --- the kernel's answer to a query ---

int __wrap_netlink_query(Netlink *netlink, struct nl_msg *message, NetlinkHandler handler,
                         void (*restart)(void *userdata), void *userdata, Error *ret_error);

static const Datagram *the_answer;
static Datagram the_request;

// The linker calls it instead of netlink_query (--wrap).
int __wrap_netlink_query(Netlink *netlink _unused_, struct nl_msg *message, NetlinkHandler handler,
                         void (*restart)(void *userdata) _unused_, void *userdata, Error *ret_error) {
        NetlinkAnswer answer = { .sequence = 7, .handler = handler, .userdata = userdata };

        the_request.size = nlmsg_hdr(message)->nlmsg_len;
        memcpy(the_request.bytes, nlmsg_hdr(message), the_request.size);
        nlmsg_free(message);
        int r = netlink_parse(the_answer->bytes, the_answer->size, &answer, ret_error);
        return r < 0 ? r : answer.result;
}

static int ask(const Datagram *answer, NftQuery query, void *userdata) {
        unsigned n = 0;

        the_answer = answer;
        query.handler = query.handler ?: count;
        query.userdata = userdata ?: &n;
        return nft_query(NULL, &query, NULL);
}

static int fail_at_once(const struct nlmsghdr *header _unused_, void *userdata) {
        (*(unsigned *)userdata)++;
        return -ENOMEM;
}

// --- answers ---

static void test_an_answer_ends_with_done(void **state _unused_) {
        Datagram datagram = {};
        unsigned n = 0;

        put_chain(&datagram, "a", NULL);
        put_chain(&datagram, "b", NULL);
        assert_int_equal(parse(&datagram, count, &n), MORE);
        put_code(&datagram, NLMSG_DONE, 0);
        assert_int_equal(parse(&datagram, count, &n), DONE);
        assert_int_equal(n, 4);
}

static void test_an_error_is_the_result(void **state _unused_) {
        Datagram refused = {}, broken = {};
        unsigned n = 0;

        put_code(&refused, NLMSG_ERROR, -ENOENT);
        assert_int_equal(parse(&refused, count, &n), -ENOENT);
        put_code(&broken, NLMSG_DONE, -EINTR);
        assert_int_equal(parse(&broken, count, &n), -EINTR);
}

static void test_an_acknowledgement_alone_is_no_answer(void **state _unused_) {
        Datagram acknowledged = {};

        put_code(&acknowledged, NLMSG_ERROR, 0);
        assert_int_equal(ask(&acknowledged, (NftQuery){ .message = NFT_MSG_GETTABLE }, NULL), -EIO);
        assert_int_equal(ask(&acknowledged, (NftQuery){ .message = NFT_MSG_GETRULE, .is_dump = true }, NULL), 0);
}

static void test_a_table_that_is_missing_is_an_empty_answer(void **state _unused_) {
        Datagram refused = {};

        put_code(&refused, NLMSG_ERROR, -ENOENT);
        assert_int_equal(ask(&refused, (NftQuery){ .message = NFT_MSG_GETTABLE }, NULL), 0);
        refused = (Datagram){};
        put_code(&refused, NLMSG_ERROR, -EPERM);
        assert_int_equal(ask(&refused, (NftQuery){ .message = NFT_MSG_GETTABLE }, NULL), -EPERM);
}

static void test_other_subsystems_messages_are_skipped(void **state _unused_) {
        Datagram datagram = {};
        unsigned n = 0;

        message_begin(&datagram, NFNL_SUBSYS_ULOG << 8 | NFT_MSG_NEWCHAIN, 0);
        message_end(&datagram);
        put_chain(&datagram, "a", NULL);
        put_code(&datagram, NLMSG_DONE, 0);
        assert_int_equal(ask(&datagram, (NftQuery){ .message = NFT_MSG_GETCHAIN, .is_dump = true }, &n), 0);
        assert_int_equal(n, 1);
}

static void test_a_query_names_our_table_unless_it_asks_for_all(void **state _unused_) {
        const struct nlmsghdr *request = (const struct nlmsghdr *)the_request.bytes;
        const struct nfgenmsg *general = NLMSG_DATA(request);
        const struct nlattr *attributes[NFTA_CHAIN_MAX + 1];
        Datagram done = {};
        const char *table;

        put_code(&done, NLMSG_DONE, 0);
        for (unsigned all_tables = 0; all_tables < 2; all_tables++) {
                NftQuery query = {
                        .message = NFT_MSG_GETCHAIN,
                        .is_dump = true,
                        .family = NFPROTO_INET,
                        .all_tables = all_tables,
                };
                assert_int_equal(ask(&done, query, NULL), 0);
                assert_int_equal(request->nlmsg_type, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_GETCHAIN);
                assert_int_equal(request->nlmsg_flags & NLM_F_DUMP, NLM_F_DUMP);
                assert_int_equal(general->nfgen_family, NFPROTO_INET);
                assert_int_equal(nft_message_attributes(request, attributes, NFTA_CHAIN_MAX), 0);
                assert_int_equal(attribute_string(attributes[NFTA_CHAIN_TABLE], &table), !all_tables);
                if (!all_tables)
                        assert_string_equal(table, "migplane");
        }
}

static void test_an_interrupted_dump_says_so_at_its_end(void **state _unused_) {
        Datagram datagram = {};
        unsigned n = 0;

        put_chain(&datagram, "a", NULL);
        datagram.last->nlmsg_flags = NLM_F_DUMP_INTR;
        put_code(&datagram, NLMSG_DONE, 0);
        assert_int_equal(parse(&datagram, count, &n), INTERRUPTED);
}

static void test_a_handler_that_fails_is_asked_no_more(void **state _unused_) {
        Datagram datagram = {};
        unsigned n = 0;

        put_chain(&datagram, "a", NULL);
        put_chain(&datagram, "b", NULL);
        put_code(&datagram, NLMSG_DONE, 0);
        assert_int_equal(parse(&datagram, fail_at_once, &n), -ENOMEM);
        assert_int_equal(n, 1);
}

static void test_another_answers_rest_is_passed_over(void **state _unused_) {
        Datagram datagram = {};
        unsigned n = 0;

        put_code(&datagram, NLMSG_DONE, 0);
        datagram.last->nlmsg_seq = 6;
        put_chain(&datagram, "a", NULL);
        put_code(&datagram, NLMSG_DONE, 0);
        assert_int_equal(parse(&datagram, count, &n), DONE);
        assert_int_equal(n, 1);
}

static void test_lengths_that_cannot_be_are_refused(void **state _unused_) {
        static const uint32_t lengths[] = { 0, NLMSG_HDRLEN - 1, 4096, 0x80000000, UINT32_MAX };

        for (size_t i = 0; i < ELEMENTSOF(lengths); i++) {
                Datagram datagram = {};
                unsigned n = 0;

                put_chain(&datagram, "a", NULL);
                datagram.last->nlmsg_len = lengths[i];
                assert_int_equal(parse(&datagram, count, &n), -EBADMSG);
                assert_int_equal(n, 0);
        }
}

static void test_a_message_without_its_header_is_refused(void **state _unused_) {
        Datagram datagram = {};
        Table table = {};

        message_begin(&datagram, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWCHAIN, 0);
        message_end(&datagram);
        put_code(&datagram, NLMSG_DONE, 0);
        assert_int_equal(parse(&datagram, table_handle_chain, &table), -EBADMSG);
}

// --- chains ---

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
                { { 2, 9, 3 }, { ONE, ONE, ONE }, false, 0xa1 },  // moved
                { { 2, 9, 3 }, { ONE, "", ONE }, false, 0xa1 },   // inserted
                { { 2, 3, 4 }, { ONE, "x", ONE }, false, 0xa1 },  // replaced
                { { 2, 3, 4 }, { ONE, TWO, ONE }, false, 0xa1 },
                { { 2, 3, 4 }, { ONE, ONE, "" }, false, 0 },      // added
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
                cmocka_unit_test(test_an_answer_ends_with_done),
                cmocka_unit_test(test_an_error_is_the_result),
                cmocka_unit_test(test_an_acknowledgement_alone_is_no_answer),
                cmocka_unit_test(test_a_table_that_is_missing_is_an_empty_answer),
                cmocka_unit_test(test_other_subsystems_messages_are_skipped),
                cmocka_unit_test(test_a_query_names_our_table_unless_it_asks_for_all),
                cmocka_unit_test(test_an_interrupted_dump_says_so_at_its_end),
                cmocka_unit_test(test_a_handler_that_fails_is_asked_no_more),
                cmocka_unit_test(test_another_answers_rest_is_passed_over),
                cmocka_unit_test(test_lengths_that_cannot_be_are_refused),
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
