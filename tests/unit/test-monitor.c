// What becomes of a notification: one of the kernel's is told, what was lost or cut short is noticed.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// What the socket gives comes from a script. Subscribing to nftables takes root, so the socket's options are not real either.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <linux/rtnetlink.h>
#include <linux/tc_act/tc_mirred.h>
#include <sys/socket.h>

#include "base/error.h"
#include "base/util.h"
#include "kernel/monitor.h"

typedef struct Datagram {
        int error, flags;
        uint32_t sender;
        const void *data;
        size_t size;
} Datagram;

static const Datagram *next_datagram;
static size_t n_left;

ssize_t recvmsg(int fd _unused_, struct msghdr *message, int flags) {
        if (n_left == 0) {
                errno = EAGAIN;
                return -1;
        }
        const Datagram *datagram = next_datagram;
        n_left--;
        next_datagram++;
        if (datagram->error) {
                errno = datagram->error;
                return -1;
        }
        memcpy(message->msg_iov[0].iov_base, datagram->data, datagram->size);
        message->msg_flags = datagram->flags;
        *(struct sockaddr_nl *)message->msg_name = (struct sockaddr_nl){ .nl_family = AF_NETLINK, .nl_pid = datagram->sender };
        // As the kernel: who asks for it is told how long what was cut short is.
        return datagram->flags & flags & MSG_TRUNC ? 1 << 20 : (ssize_t)datagram->size;
}

int setsockopt(int fd _unused_, int level _unused_, int option _unused_, const void *value _unused_, socklen_t size _unused_) {
        return 0;
}

static const struct {
        struct nlmsghdr header;
        struct ifinfomsg info;
        struct nlattr name;
        char text[8];
} news = {
        .header = { .nlmsg_len = sizeof(news), .nlmsg_type = RTM_NEWLINK, .nlmsg_pid = 42 },
        .info.ifi_index = 7,
        .name = { .nla_len = sizeof(news.name) + 5, .nla_type = IFLA_IFNAME },
        .text = "mig0",
};

#define NEWS .data = &news, .size = sizeof(news)

static unsigned n_events, n_lost;
static MonitorEvent last;

static void on_event(const MonitorEvent *event, void *userdata _unused_) {
        n_events++;
        n_lost += event->lost;
        last = *event;
}

static int dispatch(const Datagram *datagrams, size_t n) {
        Monitor *monitor = NULL;
        Error error = {};

        next_datagram = datagrams;
        n_left = n;
        n_events = n_lost = 0;
        last = (MonitorEvent){};
        assert_int_equal(monitor_new(1, on_event, NULL, &monitor, &error), 0);
        int r = monitor_dispatch(monitor, MONITOR_RTNETLINK);
        monitor_free(monitor);
        return r;
}

static void test_the_kernel_tells_of_a_link(void **state _unused_) {
        const Datagram datagrams[] = { { NEWS } };

        assert_int_equal(dispatch(datagrams, ELEMENTSOF(datagrams)), 0);
        assert_int_equal(n_events, 1);
        assert_false(last.lost);
        assert_int_equal(last.ifindex, 7);
        assert_int_equal(last.pid, 42);
        assert_string_equal(last.link, "mig0");
}

// What is on top of a plane, or beside it on a bridge.
static void test_a_link_tells_what_it_stands_on_and_its_master(void **state _unused_) {
        static const struct {
                struct nlmsghdr header;
                struct ifinfomsg info;
                struct nlattr lower;
                uint32_t lower_index;
                struct nlattr master;
                uint32_t master_index;
        } port = {
                .header = { .nlmsg_len = sizeof(port), .nlmsg_type = RTM_NEWLINK, .nlmsg_pid = 42 },
                .info.ifi_index = 8,
                .lower = { .nla_len = 8, .nla_type = IFLA_LINK },
                .lower_index = 7,
                .master = { .nla_len = 8, .nla_type = IFLA_MASTER },
                .master_index = 9,
        };
        const Datagram datagrams[] = { { .data = &port, .size = sizeof(port) } };

        assert_int_equal(dispatch(datagrams, ELEMENTSOF(datagrams)), 0);
        assert_int_equal(last.ifindex, 8);
        assert_int_equal(last.lower, 7);
        assert_int_equal(last.master, 9);
}

// Wherever in a filter the action is.
static void test_a_filter_tells_where_it_sends_to(void **state _unused_) {
        struct {
                struct nlmsghdr header;
                struct tcmsg filter;
                char before[12], name[8];
                struct nlattr parameters;
                struct tc_mirred mirred;
        } message = {
                .header = { .nlmsg_len = sizeof(message), .nlmsg_type = RTM_NEWTFILTER, .nlmsg_pid = 42 },
                .filter.tcm_ifindex = 3,
                .name = "mirred",
                .parameters = { .nla_len = NLA_HDRLEN + sizeof(struct tc_mirred), .nla_type = TCA_MIRRED_PARMS },
                .mirred.ifindex = 7,
        };
        const Datagram datagrams[] = { { .data = &message, .size = sizeof(message) } };

        assert_int_equal(dispatch(datagrams, ELEMENTSOF(datagrams)), 0);
        assert_int_equal(last.ifindex, 3);
        assert_int_equal(last.sends_to[0], 7);
        assert_int_equal(last.sends_to[1], 0);
        strcpy(message.name, "police");
        assert_int_equal(dispatch(datagrams, ELEMENTSOF(datagrams)), 0);
        assert_int_equal(last.sends_to[0], 0);
}

static void test_nobody_but_the_kernel_is_listened_to(void **state _unused_) {
        const Datagram datagrams[] = { { NEWS, .sender = 4711 } };

        assert_int_equal(dispatch(datagrams, ELEMENTSOF(datagrams)), 0);
        assert_int_equal(n_events, 0);
}

// Its first part is not taken for the whole, and what comes behind it is read.
static void test_a_message_that_is_cut_short_is_one_that_is_lost(void **state _unused_) {
        const Datagram datagrams[] = { { NEWS, .flags = MSG_TRUNC }, { NEWS } };

        assert_int_equal(dispatch(datagrams, 1), 0);
        assert_int_equal(n_events, 1);
        assert_true(last.lost);
        assert_int_equal(last.ifindex, 0);

        assert_int_equal(dispatch(datagrams, 2), 0);
        assert_int_equal(n_events, 2);
        assert_int_equal(n_lost, 1);
        assert_int_equal(last.ifindex, 7);
}

static void test_a_buffer_that_was_full_has_lost_some(void **state _unused_) {
        const Datagram datagrams[] = { { .error = ENOBUFS }, { NEWS } };

        assert_int_equal(dispatch(datagrams, ELEMENTSOF(datagrams)), 0);
        assert_int_equal(n_events, 2);
        assert_int_equal(n_lost, 1);
}

static void test_an_interrupted_read_is_tried_again(void **state _unused_) {
        const Datagram datagrams[] = { { .error = EINTR }, { NEWS } };

        assert_int_equal(dispatch(datagrams, ELEMENTSOF(datagrams)), 0);
        assert_int_equal(n_events, 1);
        assert_int_equal(n_lost, 0);
}

static void test_another_error_is_told(void **state _unused_) {
        const Datagram datagrams[] = { { .error = ENOMEM } };

        assert_int_equal(dispatch(datagrams, ELEMENTSOF(datagrams)), -ENOMEM);
        assert_int_equal(n_events, 0);
}

// Nothing behind a length that lies is believed: it is lost.
static void test_lengths_that_lie(void **state _unused_) {
        static const uint32_t lengths[] = { 0, 15, sizeof(news) + 1, 0x7fffffff, 0x80000000, 0xffffffff };

        for (size_t i = 0; i < ELEMENTSOF(lengths); i++) {
                char lie[2 * sizeof(news)] __attribute__((aligned(4)));
                memcpy(lie, &news, sizeof(news));
                memcpy(lie + sizeof(news), &news, sizeof(news));
                ((struct nlmsghdr *)lie)->nlmsg_len = lengths[i];
                const Datagram datagrams[] = { { .data = lie, .size = sizeof(news) } };
                assert_int_equal(dispatch(datagrams, ELEMENTSOF(datagrams)), 0);
                assert_int_equal(n_events, 1);
                assert_int_equal(n_lost, 1);
        }
}

// As libmnl would read it, too.
static void test_a_message_without_its_padding_is_lost(void **state _unused_) {
        for (size_t missing = 1; missing < NLMSG_ALIGNTO; missing++) {
                size_t size = sizeof(news) - missing;
                _cleanup_free_ char *unpadded = malloc(size);

                assert_non_null(unpadded);
                memcpy(unpadded, &news, size);
                ((struct nlmsghdr *)unpadded)->nlmsg_len = (uint32_t)size;
                const Datagram datagrams[] = { { .data = unpadded, .size = size } };
                assert_int_equal(dispatch(datagrams, ELEMENTSOF(datagrams)), 0);
                assert_int_equal(n_events, 1);
                assert_int_equal(n_lost, 1);
        }
}

static void test_a_flood_is_left_for_the_next_time(void **state _unused_) {
        static Datagram datagrams[1000];

        for (size_t i = 0; i < ELEMENTSOF(datagrams); i++)
                datagrams[i] = (Datagram){ NEWS };
        assert_int_equal(dispatch(datagrams, ELEMENTSOF(datagrams)), 0);
        assert_true(n_events >= 1 && n_events < ELEMENTSOF(datagrams));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_kernel_tells_of_a_link),
                cmocka_unit_test(test_a_link_tells_what_it_stands_on_and_its_master),
                cmocka_unit_test(test_a_filter_tells_where_it_sends_to),
                cmocka_unit_test(test_nobody_but_the_kernel_is_listened_to),
                cmocka_unit_test(test_a_message_that_is_cut_short_is_one_that_is_lost),
                cmocka_unit_test(test_a_buffer_that_was_full_has_lost_some),
                cmocka_unit_test(test_an_interrupted_read_is_tried_again),
                cmocka_unit_test(test_another_error_is_told),
                cmocka_unit_test(test_lengths_that_lie),
                cmocka_unit_test(test_a_message_without_its_padding_is_lost),
                cmocka_unit_test(test_a_flood_is_left_for_the_next_time),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
