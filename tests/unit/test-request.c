// The request engine: an answer counts when it is whole; whatever else arrives, the next request works.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// The sockets are real, so that their ports are. What is sent goes nowhere and what is received comes from a script.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/util.h"
#include "netlink/attribute.h"
#include "netlink/datagram.h"
#include "netlink/request.h"

enum { BUFFER_SIZE = 32768, DATAGRAMS_MAX = 32, FOREIGN_PORT = 4711 };

// --- the script ---

typedef struct Datagram {
        int error; // instead of a datagram
        uint32_t sender;
        bool is_stale; // of an earlier request
        char *bytes;
        size_t size;
} Datagram;

static Datagram script[DATAGRAMS_MAX];
static size_t n_script, at;

static unsigned n_sent;
static uint32_t last_sequence;
static struct stat sent_on[DATAGRAMS_MAX]; // the socket of each request

ssize_t send(int fd, const void *data, size_t size, int flags _unused_) {
        assert_int_equal(fstat(fd, &sent_on[n_sent++]), 0);
        last_sequence = ((const struct nlmsghdr *)data)->nlmsg_seq;
        return (ssize_t)size;
}

static void answer_to(Datagram *datagram, uint32_t sequence) {
        for (size_t offset = 0; offset < datagram->size;) {
                struct nlmsghdr *header = (struct nlmsghdr *)(datagram->bytes + offset);
                header->nlmsg_seq = sequence;
                offset += NLMSG_ALIGN(header->nlmsg_len);
        }
}

// As the kernel: a caller that passes MSG_TRUNC learns the size of what was cut off.
ssize_t recvmsg(int fd _unused_, struct msghdr *message, int flags) {
        Datagram *datagram = &script[at];
        struct iovec *part = message->msg_iov;

        if (at == n_script || datagram->error) {
                errno = at++ == n_script ? EAGAIN : datagram->error;
                return -1;
        }
        at++;
        answer_to(datagram, last_sequence - datagram->is_stale);
        size_t size = datagram->size < part->iov_len ? datagram->size : part->iov_len;
        memcpy(part->iov_base, datagram->bytes, size);
        const struct sockaddr_nl sender = { .nl_family = AF_NETLINK, .nl_pid = datagram->sender };
        memcpy(message->msg_name, &sender, sizeof(sender));
        return (ssize_t)(flags & MSG_TRUNC ? datagram->size : size);
}

static int script_reset(void **state _unused_) {
        for (size_t i = 0; i < n_script; i++)
                free(script[i].bytes);
        memset(script, 0, sizeof(script));
        n_script = at = n_sent = 0;
        return 0;
}

static Datagram *datagram_begin(void) {
        return &script[n_script++];
}

static void put(Datagram *datagram, uint16_t type, uint16_t flags, const void *payload, size_t size) {
        const struct nlmsghdr header = {
                .nlmsg_len = (uint32_t)(NLMSG_HDRLEN + size),
                .nlmsg_type = type,
                .nlmsg_flags = flags,
        };

        datagram->bytes = realloc(datagram->bytes, datagram->size + NLMSG_ALIGN(header.nlmsg_len));
        assert_non_null(datagram->bytes);
        memcpy(datagram->bytes + datagram->size, &header, sizeof(header));
        memcpy(datagram->bytes + datagram->size + NLMSG_HDRLEN, payload, size);
        datagram->size += NLMSG_ALIGN(header.nlmsg_len);
}

static void put_links(Datagram *datagram, size_t n, uint16_t flags) {
        static const char link[256 - NLMSG_HDRLEN];

        for (size_t i = 0; i < n; i++)
                put(datagram, RTM_NEWLINK, NLM_F_MULTI | flags, link, sizeof(link));
}

static void put_done(Datagram *datagram, int code) {
        put(datagram, NLMSG_DONE, NLM_F_MULTI, &code, sizeof(code));
}

static void put_acknowledgement(Datagram *datagram, int code) {
        struct nlmsgerr error = { .error = code };
        put(datagram, NLMSG_ERROR, NLM_F_CAPPED, &error, sizeof(error));
}

// --- requests ---

static int count(const struct nlmsghdr *header _unused_, void *userdata) {
        (*(unsigned *)userdata)++;
        return 0;
}

static void forget(void *userdata) {
        *(unsigned *)userdata = 0;
}

static Netlink *open_socket(void) {
        Netlink *netlink = NULL;
        assert_int_equal(netlink_new(NETLINK_ROUTE, &netlink, NULL), 0);
        return netlink;
}

static int dump(Netlink *netlink, unsigned *n, Error *ret_error) {
        struct ifinfomsg info = {};
        struct nl_msg *message = netlink_message_new(RTM_GETLINK, NLM_F_DUMP, &info, sizeof(info));

        return netlink_query(netlink, message, count, forget, n, ret_error);
}

static int change(Netlink *netlink, Error *ret_error) {
        struct ifinfomsg info = { .ifi_index = 2 };
        return netlink_request(netlink, netlink_message_new(RTM_DELLINK, 0, &info, sizeof(info)), ret_error);
}

static bool same_socket(unsigned a, unsigned b) {
        return sent_on[a].st_ino == sent_on[b].st_ino;
}

static uint32_t bound_port(const Netlink *netlink) {
        struct sockaddr_nl address = {};
        socklen_t size = sizeof(address);

        assert_int_equal(getsockname(netlink_fd(netlink), (struct sockaddr *)&address, &size), 0);
        return address.nl_pid;
}

static void test_an_answer_in_several_datagrams_is_read_to_its_end(void **state _unused_) {
        _cleanup_(netlink_freep) Netlink *netlink = open_socket();
        unsigned n = 0;

        put_links(datagram_begin(), 3, 0);
        put_links(datagram_begin(), 4, 0);
        put_done(datagram_begin(), 0);
        assert_int_equal(dump(netlink, &n, NULL), 0);
        assert_int_equal(n, 7);
        assert_int_equal(n_sent, 1);
}

// The kernel puts the end of a dump into the last datagram, so the end can be among what was cut off.
static void test_an_answer_larger_than_the_buffer_is_requested_again(void **state _unused_) {
        _cleanup_(netlink_freep) Netlink *netlink = open_socket();
        uint32_t port = netlink_port(netlink);
        unsigned n = 0;

        for (unsigned i = 0; i < 2; i++) {
                Datagram *datagram = datagram_begin();
                put_links(datagram, 2 * BUFFER_SIZE / 256, 0);
                put_done(datagram, 0);
        }
        assert_int_equal(dump(netlink, &n, NULL), 0);
        assert_int_equal(n, 2 * BUFFER_SIZE / 256);
        assert_int_equal(n_sent, 2);
        assert_false(same_socket(0, 1));
        assert_int_equal(bound_port(netlink), port);
}

static void test_an_answer_without_measure_is_an_error(void **state _unused_) {
        _cleanup_(netlink_freep) Netlink *netlink = open_socket();
        unsigned n = 0;
        Error error = {};

        put_links(datagram_begin(), (4 << 20) / 256 + 1, 0);
        assert_int_equal(dump(netlink, &n, &error), -EMSGSIZE);
        assert_string_equal(error.text, "the kernel's answer is too large: 4194560 bytes");
}

static void test_a_change_whose_answer_is_cut_off_is_not_taken_for_done(void **state _unused_) {
        _cleanup_(netlink_freep) Netlink *netlink = open_socket();
        Datagram *datagram = datagram_begin();

        put_links(datagram, 2 * BUFFER_SIZE / 256, 0);
        put_acknowledgement(datagram, 0);
        assert_int_equal(change(netlink, NULL), -EMSGSIZE);
        assert_int_equal(n_sent, 1);
}

static void test_an_interrupted_dump_is_requested_again(void **state _unused_) {
        _cleanup_(netlink_freep) Netlink *netlink = open_socket();
        unsigned n = 0;

        put_links(datagram_begin(), 3, 0);
        put_links(datagram_begin(), 1, NLM_F_DUMP_INTR);
        put_done(datagram_begin(), 0);
        put_links(datagram_begin(), 2, 0);
        put_done(datagram_begin(), 0);
        assert_int_equal(dump(netlink, &n, NULL), 0);
        assert_int_equal(n, 2);
        assert_true(same_socket(0, 1));
}

static void test_a_dump_refused_as_interrupted_is_requested_again(void **state _unused_) {
        _cleanup_(netlink_freep) Netlink *netlink = open_socket();
        unsigned n = 0;
        Error error = {};

        put_links(datagram_begin(), 3, 0);
        put_done(datagram_begin(), -EINTR);
        put_links(datagram_begin(), 2, 0);
        put_done(datagram_begin(), 0);
        assert_int_equal(dump(netlink, &n, &error), 0);
        assert_int_equal(n, 2);
        assert_int_equal(error.code, 0);
}

static void test_a_dump_that_is_interrupted_for_ever_is_an_error(void **state _unused_) {
        _cleanup_(netlink_freep) Netlink *netlink = open_socket();
        unsigned n = 0;
        Error error = {};

        for (unsigned i = 0; i < 8; i++) {
                Datagram *datagram = datagram_begin();
                put_links(datagram, 1, NLM_F_DUMP_INTR);
                put_done(datagram, 0);
        }
        assert_int_equal(dump(netlink, &n, &error), -EAGAIN);
        assert_string_equal(error.text, "the kernel's tables changed during every one of 8 readings");
        assert_int_equal(n_sent, 8);
}

static void test_the_end_of_a_dump_can_carry_an_error(void **state _unused_) {
        _cleanup_(netlink_freep) Netlink *netlink = open_socket();
        struct {
                int code;
                struct nlattr attribute;
                char text[12];
        } end = {
                .code = -EINVAL,
                .attribute = { .nla_len = NLA_HDRLEN + 12, .nla_type = NLMSGERR_ATTR_MSG },
                .text = "no such way",
        };
        unsigned n = 0;
        Error error = {};

        put(datagram_begin(), NLMSG_DONE, NLM_F_MULTI | NLM_F_ACK_TLVS, &end, sizeof(end));
        put_done(datagram_begin(), -EPERM);
        assert_int_equal(dump(netlink, &n, &error), -EINVAL);
        assert_string_equal(error.text, "no such way");
        assert_int_equal(dump(netlink, &n, &error), -EPERM);
        assert_string_equal(error.text, strerror(EPERM));
}

static void test_a_code_that_is_no_errno_is_refused(void **state _unused_) {
        static const int codes[] = { 1, INT32_MAX, -4096, INT32_MIN };
        _cleanup_(netlink_freep) Netlink *netlink = open_socket();

        for (size_t i = 0; i < ELEMENTSOF(codes); i++) {
                put_acknowledgement(datagram_begin(), codes[i]);
                assert_int_equal(change(netlink, NULL), -EBADMSG);
        }
}

static void test_others_datagrams_and_an_earlier_answers_rest_are_skipped(void **state _unused_) {
        _cleanup_(netlink_freep) Netlink *netlink = open_socket();
        unsigned n = 0;

        for (unsigned i = 0; i < 2; i++) {
                Datagram *datagram = datagram_begin();
                datagram->sender = i == 0 ? FOREIGN_PORT : 0;
                datagram->is_stale = i == 1;
                put_links(datagram, 5, 0);
                put_done(datagram, -EPERM);
        }
        put_links(datagram_begin(), 2, 0);
        put_done(datagram_begin(), 0);
        assert_int_equal(dump(netlink, &n, NULL), 0);
        assert_int_equal(n, 2);
}

// What an unfinished answer leaves in a socket would be in the way of the next.
static void test_a_socket_whose_answer_was_given_up_is_replaced(void **state _unused_) {
        static const struct {
                int error, result;
        } cases[] = { { EAGAIN, -ETIMEDOUT }, { ENOBUFS, -ENOBUFS }, { ENOMEM, -ENOMEM } };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                // A process's first socket has its pid for a port, the second one that nobody could guess.
                _cleanup_(netlink_freep) _unused_ Netlink *first = open_socket(), *netlink = open_socket();
                uint32_t port = netlink_port(netlink);
                unsigned n = 0;

                (void)script_reset(NULL);
                put_links(datagram_begin(), 3, 0);
                datagram_begin()->error = cases[i].error;
                put_acknowledgement(datagram_begin(), 0);
                put_acknowledgement(datagram_begin(), 0);
                assert_int_equal(dump(netlink, &n, NULL), cases[i].result);
                assert_int_equal(change(netlink, NULL), 0);
                assert_int_equal(change(netlink, NULL), 0);
                assert_false(same_socket(0, 1));
                assert_true(same_socket(1, 2));
                assert_int_equal(bound_port(netlink), port);
                assert_int_equal(netlink_port(netlink), port);
        }
}

static void test_a_malformed_answer_replaces_the_socket(void **state _unused_) {
        _cleanup_(netlink_freep) Netlink *netlink = open_socket();
        Datagram *datagram = datagram_begin();

        put(datagram, NLMSG_ERROR, 0, "", 0);
        put_acknowledgement(datagram_begin(), 0);
        assert_int_equal(change(netlink, NULL), -EBADMSG);
        assert_int_equal(change(netlink, NULL), 0);
        assert_false(same_socket(0, 1));
}

static void test_a_signal_does_not_end_the_wait(void **state _unused_) {
        _cleanup_(netlink_freep) Netlink *netlink = open_socket();

        datagram_begin()->error = EINTR;
        put_acknowledgement(datagram_begin(), 0);
        assert_int_equal(change(netlink, NULL), 0);
}

static int refuse(const struct nlmsghdr *header _unused_, void *userdata) {
        (*(unsigned *)userdata)++;
        return -ENOMEM;
}

static void test_a_handler_that_fails_sees_no_more_and_the_rest_is_skipped(void **state _unused_) {
        _cleanup_(netlink_freep) Netlink *netlink = open_socket();
        struct ifinfomsg info = {};
        unsigned n = 0;

        put_links(datagram_begin(), 3, 0);
        put_done(datagram_begin(), -EPERM);
        put_acknowledgement(datagram_begin(), 0);
        struct nl_msg *message = netlink_message_new(RTM_GETLINK, NLM_F_DUMP, &info, sizeof(info));
        assert_int_equal(netlink_query(netlink, message, refuse, NULL, &n, NULL), -ENOMEM);
        assert_int_equal(n, 1);
        assert_int_equal(change(netlink, NULL), 0);
        assert_true(same_socket(0, 1));
}

// --- attributes ---

static void test_attributes_are_found_as_far_as_their_lengths_are_possible(void **state _unused_) {
        struct {
                struct nlattr first;
                uint32_t number;
                struct nlattr second, third;
        } run = {
                .first = { .nla_len = NLA_HDRLEN + 4, .nla_type = 1 },
                .number = 0x01020304,
                .second = { .nla_len = NLA_HDRLEN, .nla_type = 2 | NLA_F_NESTED },
                .third = { .nla_len = NLA_HDRLEN, .nla_type = 3 },
        };
        const struct nlattr *attributes[4] = { [3] = &run.first }; // the last one is not asked for
        uint32_t number = 0;
        uint16_t half = 0;

        attribute_index(&run, sizeof(run), attributes, 2);
        assert_null(attributes[0]);
        assert_ptr_equal(attributes[1], &run.first);
        assert_ptr_equal(attributes[2], &run.second);
        assert_ptr_equal(attributes[3], &run.first);
        assert_ptr_equal(attribute_find(&run, sizeof(run), 3), &run.third);
        assert_int_equal(attribute_u32(attributes[1], &number), 1);
        assert_int_equal(number, run.number);
        assert_int_equal(attribute_u32(attributes[0], &number), 0);
        assert_int_equal(attribute_u16(attributes[1], &half), -EBADMSG);
        assert_int_equal(half, 0);

        static const uint16_t impossible[] = { 0, 1, NLA_HDRLEN - 1, 2 * NLA_HDRLEN + 1, UINT16_MAX };
        for (size_t i = 0; i < ELEMENTSOF(impossible); i++) {
                run.second.nla_len = impossible[i];
                attribute_index(&run, sizeof(run), attributes, 2);
                assert_ptr_equal(attributes[1], &run.first);
                assert_null(attributes[2]);
                assert_null(attribute_find(&run, sizeof(run), 3));
        }
}

static void test_big_endian_numbers_strings_and_structures(void **state _unused_) {
        struct {
                struct nlattr attribute;
                uint8_t bytes[8];
        } eight = {
                .attribute = { .nla_len = NLA_HDRLEN + 8, .nla_type = 1 },
                .bytes = { 0, 0, 0, 0, 0, 0, 1, 2 },
        };
        uint64_t number;
        uint16_t pair[2];
        const char *text = NULL;

        assert_int_equal(attribute_be64(&eight.attribute, &number), 1);
        assert_int_equal(number, 0x102);
        assert_int_equal(attribute_struct(&eight.attribute, sizeof(pair), pair), 1); // a newer kernel's is longer
        assert_int_equal(attribute_struct(&eight.attribute, 9, pair), -EBADMSG);
        assert_false(attribute_string(&eight.attribute, &text));
        memcpy(eight.bytes, "migplan", 8);
        assert_true(attribute_string(&eight.attribute, &text));
        assert_string_equal(text, "migplan");
        assert_false(attribute_string(NULL, &text));
        eight.attribute.nla_len = NLA_HDRLEN;
        assert_false(attribute_string(&eight.attribute, &text));
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test_teardown(test_an_answer_in_several_datagrams_is_read_to_its_end, script_reset),
                cmocka_unit_test_teardown(test_an_answer_larger_than_the_buffer_is_requested_again, script_reset),
                cmocka_unit_test_teardown(test_an_answer_without_measure_is_an_error, script_reset),
                cmocka_unit_test_teardown(test_a_change_whose_answer_is_cut_off_is_not_taken_for_done, script_reset),
                cmocka_unit_test_teardown(test_an_interrupted_dump_is_requested_again, script_reset),
                cmocka_unit_test_teardown(test_a_dump_refused_as_interrupted_is_requested_again, script_reset),
                cmocka_unit_test_teardown(test_a_dump_that_is_interrupted_for_ever_is_an_error, script_reset),
                cmocka_unit_test_teardown(test_the_end_of_a_dump_can_carry_an_error, script_reset),
                cmocka_unit_test_teardown(test_a_code_that_is_no_errno_is_refused, script_reset),
                cmocka_unit_test_teardown(test_others_datagrams_and_an_earlier_answers_rest_are_skipped, script_reset),
                cmocka_unit_test_teardown(test_a_socket_whose_answer_was_given_up_is_replaced, script_reset),
                cmocka_unit_test_teardown(test_a_malformed_answer_replaces_the_socket, script_reset),
                cmocka_unit_test_teardown(test_a_signal_does_not_end_the_wait, script_reset),
                cmocka_unit_test_teardown(test_a_handler_that_fails_sees_no_more_and_the_rest_is_skipped, script_reset),
                cmocka_unit_test_teardown(test_attributes_are_found_as_far_as_their_lengths_are_possible, script_reset),
                cmocka_unit_test_teardown(test_big_endian_numbers_strings_and_structures, script_reset),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
