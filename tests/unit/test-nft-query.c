// Questions to nftables: what is asked, and how an answer ends.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "firewall/nft-query.h"
#include "netlink/attribute.h"
#include "nft-messages.h"

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
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
