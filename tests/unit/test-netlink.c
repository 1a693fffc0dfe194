// Netlink datagrams: what is not the kernel's, or lies about its length, gets no further.
// SPDX-License-Identifier: GPL-2.0-or-later

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "base/inet.h"
#include "base/util.h"
#include "kernel/addr.h"
#include "kernel/link.h"
#include "kernel/monitor.h"
#include "kernel/neighbour.h"
#include "kernel/route.h"
#include "netlink/datagram.h"

enum { SEQUENCE = 7, OWN_PORT = 4711 };

// --- receiving ---

static int socket_new(int protocol, struct sockaddr_nl *ret_address) {
        struct sockaddr_nl address = { .nl_family = AF_NETLINK };
        socklen_t size = sizeof(address);
        int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);

        assert_true(fd >= 0);
        assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
        assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
        *ret_address = address;
        return fd;
}

static void test_what_another_process_sends_is_passed_over(void **state _unused_) {
        struct sockaddr_nl ours, theirs;
        // The one protocol whose users may send to each other without privileges.
        _cleanup_close_ int fd = socket_new(NETLINK_USERSOCK, &ours), other = socket_new(NETLINK_USERSOCK, &theirs);
        struct nlmsghdr message = { .nlmsg_len = 0x80000000, .nlmsg_type = RTM_NEWLINK };
        char buffer[256];

        assert_int_equal(sendto(other, &message, sizeof(message), 0, (struct sockaddr *)&ours, sizeof(ours)),
                         sizeof(message));
        assert_int_equal(datagram_receive(fd, buffer, sizeof(buffer)), 0);
        assert_int_equal(datagram_receive(fd, buffer, sizeof(buffer)), -EAGAIN);
}

static void test_what_is_no_netlink_is_passed_over(void **state _unused_) {
        int pair[2];
        char buffer[256];

        assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair), 0);
        assert_int_equal(send(pair[1], "0123456789abcdef", 16, 0), 16);
        assert_int_equal(datagram_receive(pair[0], buffer, sizeof(buffer)), 0);
        (void)close(pair[0]);
        (void)close(pair[1]);
}

static void test_the_kernel_is_heard_and_what_is_cut_off_is_known(void **state _unused_) {
        struct {
                struct nlmsghdr header;
                struct ifinfomsg info;
        } request = {
                .header = { .nlmsg_len = sizeof(request), .nlmsg_type = RTM_GETLINK, .nlmsg_flags = NLM_F_REQUEST },
                .info = { .ifi_index = 1 },
        };
        struct sockaddr_nl ours;
        _cleanup_close_ int fd = socket_new(NETLINK_ROUTE, &ours);
        char buffer[65536];

        assert_int_equal(send(fd, &request, sizeof(request), 0), sizeof(request));
        assert_true(datagram_receive(fd, buffer, sizeof(buffer)) > NLMSG_HDRLEN);
        assert_int_equal(send(fd, &request, sizeof(request), 0), sizeof(request));
        assert_true(datagram_receive(fd, buffer, NLMSG_HDRLEN) > NLMSG_HDRLEN);
}

// --- messages ---

typedef struct Datagram {
        char *bytes; // just as many as there are, so that a sanitizer sees what is read past them
        size_t size;
} Datagram;

static void datagram_deinit(Datagram *datagram) {
        free(datagram->bytes);
}
#define _cleanup_datagram_ _cleanup_(datagram_deinit)

// A message of header and payload; length instead of its own where it is not 0.
static void put(Datagram *datagram, struct nlmsghdr header, uint32_t length, const void *payload, size_t size) {
        size_t whole = NLMSG_ALIGN(NLMSG_HDRLEN + size);

        header.nlmsg_len = length ?: (uint32_t)(NLMSG_HDRLEN + size);
        datagram->bytes = realloc(datagram->bytes, datagram->size + whole);
        assert_non_null(datagram->bytes);
        memset(datagram->bytes + datagram->size, 0, whole);
        memcpy(datagram->bytes + datagram->size, &header, sizeof(header));
        if (size > 0)
                memcpy(datagram->bytes + datagram->size + NLMSG_HDRLEN, payload, size);
        datagram->size += whole;
}

static int count(const struct nlmsghdr *header _unused_, void *userdata) {
        (*(unsigned *)userdata)++;
        return 0;
}

static const struct nlmsghdr link_header = { .nlmsg_type = RTM_NEWLINK, .nlmsg_seq = SEQUENCE };
static const uint32_t impossible[] = { 1, NLMSG_HDRLEN - 1, 4096, 0x7fffffff, 0x80000000, 0xfffffff0, UINT32_MAX };

static void test_answers_that_lie_about_their_length_are_refused(void **state _unused_) {
        static const struct ifinfomsg info;

        for (size_t i = 0; i < ELEMENTSOF(impossible); i++) {
                _cleanup_datagram_ Datagram datagram = {};
                unsigned n = 0;
                NetlinkAnswer answer = { .sequence = SEQUENCE, .handler = count, .userdata = &n };

                put(&datagram, link_header, 0, &info, sizeof(info));
                put(&datagram, link_header, impossible[i], &info, sizeof(info));
                assert_int_equal(netlink_parse(datagram.bytes, datagram.size, &answer, NULL), -EBADMSG);
                assert_int_equal(n, 1);
        }
}

static void test_another_answers_rest_is_passed_over(void **state _unused_) {
        _cleanup_datagram_ Datagram datagram = {};
        unsigned n = 0;
        NetlinkAnswer answer = { .sequence = SEQUENCE + 1, .handler = count, .userdata = &n };

        put(&datagram, link_header, 0, "", 1);
        assert_int_equal(netlink_parse(datagram.bytes, datagram.size, &answer, NULL), 0);
        assert_int_equal(n, 0);
}

static void test_an_error_that_is_cut_short_is_one(void **state _unused_) {
        static const struct nlmsghdr header = {
                .nlmsg_type = NLMSG_ERROR,
                .nlmsg_flags = NLM_F_ACK_TLVS,
                .nlmsg_seq = SEQUENCE,
        };
        const struct nlmsgerr refusal = { .error = -EPERM, .msg.nlmsg_len = 0xffffffff };
        const struct {
                size_t size;
                int result;
        } cases[] = {
                { 0, -EBADMSG },
                { sizeof(int), -EBADMSG },
                { sizeof(refusal), -EPERM },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_datagram_ Datagram datagram = {};
                NetlinkAnswer answer = { .sequence = SEQUENCE };
                Error error;

                put(&datagram, header, 0, &refusal, cases[i].size);
                assert_int_equal(netlink_parse(datagram.bytes, datagram.size, &answer, &error), 1);
                assert_int_equal(answer.result, cases[i].result);
        }
}

static void test_what_the_kernel_says_beside_an_error_ends_with_its_nul(void **state _unused_) {
        static const struct nlmsghdr header = {
                .nlmsg_type = NLMSG_ERROR,
                .nlmsg_flags = NLM_F_ACK_TLVS | NLM_F_CAPPED,
                .nlmsg_seq = SEQUENCE,
        };
        struct {
                struct nlmsgerr refusal;
                struct nlattr attribute;
                char text[4];
        } payload = {
                .refusal.error = -EPERM,
                .attribute = { .nla_len = NLA_HDRLEN + 4, .nla_type = NLMSGERR_ATTR_MSG },
                .text = "no.",
        };
        const char *const expected[] = { "no.", strerror(EPERM) };

        for (size_t i = 0; i < ELEMENTSOF(expected); i++) {
                _cleanup_datagram_ Datagram datagram = {};
                NetlinkAnswer answer = { .sequence = SEQUENCE };
                Error error;

                put(&datagram, header, 0, &payload, sizeof(payload));
                assert_int_equal(netlink_parse(datagram.bytes, datagram.size, &answer, &error), 1);
                assert_string_equal(error.text, expected[i]);
                payload.text[3] = '!';
        }
}

// --- attributes ---

int __wrap_netlink_query(Netlink *netlink, struct nl_msg *message, NetlinkHandler handler,
                         void (*restart)(void *userdata), void *userdata, Error *ret_error);

static const Datagram *the_answer;

// The linker puts it in the request socket's place (--wrap).
int __wrap_netlink_query(Netlink *netlink _unused_, struct nl_msg *message, NetlinkHandler handler,
                         void (*restart)(void *userdata) _unused_, void *userdata, Error *ret_error) {
        NetlinkAnswer answer = { .sequence = SEQUENCE, .handler = handler, .userdata = userdata };

        nlmsg_free(message);
        int r = netlink_parse(the_answer->bytes, the_answer->size, &answer, ret_error);
        return r < 0 ? r : answer.result;
}

static int links_read(void) {
        _cleanup_inventory_ Inventory inventory = {};
        return inventory_read(NULL, &inventory, NULL);
}

static int addresses_read(void) {
        _cleanup_addr_list_ AddrList list = {};
        return addr_read(NULL, 2, &list, NULL);
}

static int routes_read(void) {
        State state = {};
        return route_observe(NULL, &(Inventory){}, &state, NULL);
}

static int neighbours_read(void) {
        State state = {};
        return neighbour_observe(NULL, "mig0", 2, &state, &state, NULL);
}

static void test_numbers_that_are_too_short_are_refused(void **state _unused_) {
        static const struct {
                int (*read)(void);
                uint16_t type;
                size_t header_size;
                uint16_t attribute, size;
        } cases[] = {
                { links_read, RTM_NEWLINK, sizeof(struct ifinfomsg), IFLA_MTU, 4 },
                { links_read, RTM_NEWLINK, sizeof(struct ifinfomsg), IFLA_MASTER, 4 },
                { links_read, RTM_NEWLINK, sizeof(struct ifinfomsg), IFLA_LINK, 4 },
                { links_read, RTM_NEWLINK, sizeof(struct ifinfomsg), IFLA_GROUP, 4 },
                { addresses_read, RTM_NEWADDR, sizeof(struct ifaddrmsg), IFA_FLAGS, 4 },
                { addresses_read, RTM_NEWADDR, sizeof(struct ifaddrmsg), 11 /* IFA_PROTO */, 1 },
                { routes_read, RTM_NEWROUTE, sizeof(struct rtmsg), RTA_OIF, 4 },
                { neighbours_read, RTM_NEWNEIGH, sizeof(struct ndmsg), NDA_PROTOCOL, 1 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                for (uint16_t size = 0; size <= cases[i].size; size++) {
                        _cleanup_datagram_ Datagram datagram = {};
                        char payload[64] = {};
                        struct nlattr attribute = { .nla_len = NLA_HDRLEN + size, .nla_type = cases[i].attribute };

                        memcpy(payload + cases[i].header_size, &attribute, sizeof(attribute));
                        put(&datagram, (struct nlmsghdr){ .nlmsg_type = cases[i].type, .nlmsg_seq = SEQUENCE }, 0,
                            payload, cases[i].header_size + attribute.nla_len);
                        the_answer = &datagram;
                        assert_int_equal(cases[i].read(), size < cases[i].size ? -EBADMSG : 0);
                }
}

// --- notifications ---

typedef struct Heard {
        unsigned n, n_lost;
        MonitorEvent last;
} Heard;

static void hear(const MonitorEvent *event, void *userdata) {
        Heard *heard = userdata;

        heard->n++;
        heard->n_lost += event->lost;
        heard->last = *event;
}

static void test_notifications_that_lie_about_their_length_are_events_lost(void **state _unused_) {
        static const struct ifinfomsg info;

        for (unsigned source = 0; source < MONITOR_SOURCES; source++)
                for (size_t i = 0; i < ELEMENTSOF(impossible); i++) {
                        _cleanup_datagram_ Datagram datagram = {};
                        Heard heard = {};
                        MonitorReader reader = { .own_port = OWN_PORT, .handler = hear, .userdata = &heard };

                        put(&datagram, link_header, impossible[i], &info, sizeof(info));
                        monitor_parse(&reader, source, datagram.bytes, datagram.size);
                        assert_int_equal(heard.n, 1);
                        assert_int_equal(heard.n_lost, 1);
                }
}

static void test_a_notification_without_its_header_concerns_nobody(void **state _unused_) {
        static const uint16_t types[] = { RTM_NEWLINK,  RTM_NEWADDR,  RTM_NEWNEIGH,
                                          RTM_NEWROUTE, RTM_NEWQDISC, RTM_NEWTFILTER };

        for (size_t i = 0; i < ELEMENTSOF(types); i++) {
                _cleanup_datagram_ Datagram datagram = {};
                Heard heard = {};
                MonitorReader reader = { .own_port = OWN_PORT, .handler = hear, .userdata = &heard };

                put(&datagram, (struct nlmsghdr){ .nlmsg_type = types[i] }, 0, "abcd", 4);
                monitor_parse(&reader, MONITOR_RTNETLINK, datagram.bytes, datagram.size);
                assert_int_equal(heard.n, 0);
        }
}

static void test_a_name_without_an_end_is_none(void **state _unused_) {
        struct {
                struct ifinfomsg info;
                struct nlattr attribute;
                char name[8];
        } payload = {
                .info.ifi_index = 3,
                .attribute = { .nla_len = NLA_HDRLEN + 8, .nla_type = IFLA_IFNAME },
                .name = "mig0",
        };
        const char *const expected[] = { "mig0", "" };

        for (size_t i = 0; i < ELEMENTSOF(expected); i++) {
                _cleanup_datagram_ Datagram datagram = {};
                Heard heard = {};
                MonitorReader reader = { .own_port = OWN_PORT, .handler = hear, .userdata = &heard };

                put(&datagram, link_header, 0, &payload, sizeof(payload));
                monitor_parse(&reader, MONITOR_RTNETLINK, datagram.bytes, datagram.size);
                assert_int_equal(heard.n, 1);
                assert_int_equal(heard.last.ifindex, 3);
                assert_string_equal(heard.last.link, expected[i]);
                memset(payload.name, 'x', sizeof(payload.name));
        }
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_another_process_sends_is_passed_over),
                cmocka_unit_test(test_what_is_no_netlink_is_passed_over),
                cmocka_unit_test(test_the_kernel_is_heard_and_what_is_cut_off_is_known),
                cmocka_unit_test(test_answers_that_lie_about_their_length_are_refused),
                cmocka_unit_test(test_another_answers_rest_is_passed_over),
                cmocka_unit_test(test_an_error_that_is_cut_short_is_one),
                cmocka_unit_test(test_what_the_kernel_says_beside_an_error_ends_with_its_nul),
                cmocka_unit_test(test_numbers_that_are_too_short_are_refused),
                cmocka_unit_test(test_notifications_that_lie_about_their_length_are_events_lost),
                cmocka_unit_test(test_a_notification_without_its_header_concerns_nobody),
                cmocka_unit_test(test_a_name_without_an_end_is_none),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
