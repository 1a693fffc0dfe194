// Notifications: the kernel's are reported, and lost or truncated ones are noticed.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// The datagrams come from a script. Subscribing to nftables takes root, so setsockopt does nothing here.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/fib_rules.h>
#include <linux/neighbour.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/pkt_cls.h>
#include <linux/rtnetlink.h>
#include <linux/tc_act/tc_mirred.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "base/error.h"
#include "base/util.h"
#include "kernel/monitor.h"

enum { OWN_PORT = 4711 };

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
        *(struct sockaddr_nl *)message->msg_name =
                (struct sockaddr_nl){ .nl_family = AF_NETLINK, .nl_pid = datagram->sender };
        // As the kernel: who asks for it is told how long what was cut short is.
        return datagram->flags & flags & MSG_TRUNC ? 1 << 20 : (ssize_t)datagram->size;
}

int setsockopt(int fd _unused_, int level _unused_, int option _unused_, const void *value _unused_,
               socklen_t size _unused_) {
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

static int dispatch_source(unsigned source, const Datagram *datagrams, size_t n) {
        Monitor *monitor = NULL;
        Error error = {};

        next_datagram = datagrams;
        n_left = n;
        n_events = n_lost = 0;
        last = (MonitorEvent){};
        assert_int_equal(monitor_new(OWN_PORT, on_event, NULL, &monitor, &error), 0);
        int r = monitor_dispatch(monitor, source);
        monitor_free(monitor);
        return r;
}

static int dispatch(const Datagram *datagrams, size_t n) {
        return dispatch_source(MONITOR_RTNETLINK, datagrams, n);
}

// --- messages ---

// A datagram that is being written.
typedef struct Message {
        char bytes[2048] __attribute__((aligned(8)));
        struct nlmsghdr *last;
        size_t size;
} Message;

static struct nlmsghdr *message_begin(Message *message, uint16_t type, const void *header, size_t size) {
        message->last = mnl_nlmsg_put_header(message->bytes + message->size);
        message->last->nlmsg_type = type;
        message->last->nlmsg_pid = 42;
        memcpy(mnl_nlmsg_put_extra_header(message->last, size), header, size);
        return message->last;
}

static void message_end(Message *message) {
        message->size += message->last->nlmsg_len;
}

static void message_dispatch(unsigned source, const Message *message) {
        const Datagram datagrams[] = { { .data = message->bytes, .size = message->size } };

        assert_int_equal(dispatch_source(source, datagrams, ELEMENTSOF(datagrams)), 0);
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

// A notification of Linux 6.18: tc filter add dev va ingress protocol ip prio 7 u32 match u32 0 0 action mirred egress
// redirect dev vb. va is link 3, vb is link 2.
static void test_a_filter_as_the_kernel_sends_it_tells_where_it_sends_to(void **state _unused_) {
        static const uint8_t message[] __attribute__((aligned(4))) = {
                0x14, 0x01, 0x00, 0x00, 0x2c, 0x00, 0x05, 0x06, 0xc6, 0x56, 0x0d, 0x6b, 0xc8, 0x51, 0x00, 0x00, 0x00,
                0x00, 0x00, 0x00, 0x03, 0x00, 0x00, 0x00, 0x00, 0x08, 0x00, 0x80, 0xf2, 0xff, 0xff, 0xff, 0x08, 0x00,
                0x07, 0x00, 0x08, 0x00, 0x01, 0x00, 0x75, 0x33, 0x32, 0x00, 0x08, 0x00, 0x0b, 0x00, 0x00, 0x00, 0x00,
                0x00, 0xe0, 0x00, 0x02, 0x00, 0x24, 0x00, 0x05, 0x00, 0x01, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00,
                0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
                0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x08, 0x00, 0x02, 0x00, 0x00, 0x00, 0x00, 0x80, 0x08, 0x00,
                0x0b, 0x00, 0x08, 0x00, 0x00, 0x00, 0xa8, 0x00, 0x07, 0x00, 0xa4, 0x00, 0x01, 0x00, 0x0b, 0x00, 0x01,
                0x00, 0x6d, 0x69, 0x72, 0x72, 0x65, 0x64, 0x00, 0x00, 0x44, 0x00, 0x04, 0x00, 0x14, 0x00, 0x01, 0x00,
                0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x14,
                0x00, 0x07, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
                0x00, 0x00, 0x18, 0x00, 0x03, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
                0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x08, 0x00, 0x0a, 0x00, 0x00, 0x00, 0x00, 0x00,
                0x48, 0x00, 0x02, 0x00, 0x20, 0x00, 0x02, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x04,
                0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x01, 0x00, 0x00, 0x00, 0x02, 0x00,
                0x00, 0x00, 0x24, 0x00, 0x01, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
                0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
                0x00, 0x00, 0x00, 0x00,
        };
        const Datagram datagrams[] = { { .data = message, .size = sizeof(message) } };

        if (htonl(1) == 1)
                skip(); // the bytes are of a little-endian machine
        assert_int_equal(dispatch(datagrams, ELEMENTSOF(datagrams)), 0);
        assert_int_equal(n_events, 1);
        assert_int_equal(last.ifindex, 3);
        assert_int_equal(last.sends_to[0], 2);
        assert_int_equal(last.sends_to[1], 0);
}

static void put_action(struct nlmsghdr *message, uint16_t number, const char *kind, uint32_t target, size_t missing) {
        const struct tc_mirred mirred = { .ifindex = target };
        struct nlattr *action = mnl_attr_nest_start(message, number);

        mnl_attr_put_strz(message, TCA_ACT_KIND, kind);
        struct nlattr *options = mnl_attr_nest_start(message, TCA_ACT_OPTIONS);
        if (missing <= sizeof(mirred))
                mnl_attr_put(message, TCA_MIRRED_PARMS, sizeof(mirred) - missing, &mirred);
        mnl_attr_nest_end(message, options);
        mnl_attr_nest_end(message, action);
}

// A filter of this kind with n actions, of which every second one sends to a link: 2, 4, 6 ...
static void filter_dispatch(const char *kind, uint16_t attribute, uint16_t n, size_t missing) {
        const struct tcmsg header = { .tcm_ifindex = 3 };
        Message datagram = {};
        struct nlmsghdr *message = message_begin(&datagram, RTM_NEWTFILTER, &header, sizeof(header));

        mnl_attr_put_strz(message, TCA_KIND, kind);
        struct nlattr *options = mnl_attr_nest_start(message, TCA_OPTIONS);
        struct nlattr *actions = mnl_attr_nest_start(message, attribute);
        for (uint16_t i = 1; i <= n; i++)
                put_action(message, i, i % 2 ? "gact" : "mirred", i, missing);
        mnl_attr_nest_end(message, actions);
        mnl_attr_nest_end(message, options);
        message_end(&datagram);
        message_dispatch(MONITOR_RTNETLINK, &datagram);
        assert_int_equal(n_events, 1);
        assert_int_equal(last.ifindex, 3);
}

// Each kind of filter keeps its actions in another attribute.
static void test_every_kind_of_filter_tells_where_it_sends_to(void **state _unused_) {
        static const struct {
                const char *kind;
                uint16_t actions;
        } kinds[] = {
                { "basic", 3 }, { "bpf", 1 },      { "cgroup", 1 }, { "flow", 9 },  { "flower", 3 },  { "fw", 4 },
                { "route", 6 }, { "matchall", 2 }, { "rsvp", 6 },   { "rsvp6", 6 }, { "tcindex", 7 }, { "u32", 7 },
        };

        for (size_t i = 0; i < ELEMENTSOF(kinds); i++) {
                filter_dispatch(kinds[i].kind, kinds[i].actions, 4, 0);
                assert_int_equal(last.sends_to[0], 2);
                assert_int_equal(last.sends_to[1], 4);
                assert_int_equal(last.sends_to[2], 0);

                filter_dispatch(kinds[i].kind, 30, 4, 0); // the same bytes, and no actions
                assert_int_equal(last.sends_to[0], 0);
        }
        filter_dispatch("u32", 7, 1, 0);
        assert_int_equal(last.sends_to[0], 0);
        filter_dispatch("u32", 7, 12, 0); // more than there is room for
        assert_int_equal(last.sends_to[MONITOR_TARGETS_MAX - 1], 8);
        assert_string_equal(last.process, "");
        filter_dispatch("u32", 7, 4, 1); // parameters that are too short
        assert_int_equal(last.sends_to[0], 0);
        filter_dispatch("u32", 7, 4, SIZE_MAX); // none at all
        assert_int_equal(last.sends_to[0], 0);
}

// --- what concerns a plane ---

static void test_each_message_concerns_the_link_that_it_names(void **state _unused_) {
        static const struct ifinfomsg link = { .ifi_index = 7 };
        static const struct ifaddrmsg address = { .ifa_index = 7 };
        static const struct tcmsg tc = { .tcm_ifindex = 7 };
        static const struct {
                uint16_t type;
                const void *header;
                size_t size;
        } cases[] = {
                { RTM_NEWLINK, &link, sizeof(link) },       { RTM_DELLINK, &link, sizeof(link) },
                { RTM_NEWADDR, &address, sizeof(address) }, { RTM_DELADDR, &address, sizeof(address) },
                { RTM_NEWQDISC, &tc, sizeof(tc) },          { RTM_DELQDISC, &tc, sizeof(tc) },
                { RTM_NEWTCLASS, &tc, sizeof(tc) },         { RTM_DELTCLASS, &tc, sizeof(tc) },
                { RTM_NEWTFILTER, &tc, sizeof(tc) },        { RTM_DELTFILTER, &tc, sizeof(tc) },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Message message = {};

                (void)message_begin(&message, cases[i].type, cases[i].header, cases[i].size);
                message_end(&message);
                message_dispatch(MONITOR_RTNETLINK, &message);
                assert_int_equal(n_events, 1);
                assert_int_equal(last.ifindex, 7);
        }
}

static void test_a_route_concerns_the_link_of_its_first_next_hop(void **state _unused_) {
        static const struct {
                bool has_link, has_next_hops;
                int ifindex;
        } cases[] = { { true, false, 7 }, { false, true, 8 }, { false, false, 0 } };
        static const struct rtmsg header = { .rtm_family = AF_INET };
        static const struct rtnexthop hops[] = {
                { .rtnh_len = sizeof(hops[0]), .rtnh_ifindex = 8 },
                { .rtnh_len = sizeof(hops[0]), .rtnh_ifindex = 9 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Message message = {};
                struct nlmsghdr *route =
                        message_begin(&message, i % 2 ? RTM_DELROUTE : RTM_NEWROUTE, &header, sizeof(header));

                if (cases[i].has_link)
                        mnl_attr_put_u32(route, RTA_OIF, 7);
                if (cases[i].has_next_hops)
                        mnl_attr_put(route, RTA_MULTIPATH, sizeof(hops), hops);
                message_end(&message);
                message_dispatch(MONITOR_RTNETLINK, &message);
                assert_int_equal(n_events, 1);
                assert_int_equal(last.ifindex, cases[i].ifindex);
        }
}

static void test_a_route_tells_its_destination(void **state _unused_) {
        static const uint8_t destination[] = { 203, 0, 113, 0 };

        // With a link, without one (a blackhole), and to everywhere.
        for (unsigned i = 0; i < 3; i++) {
                const struct rtmsg header = { .rtm_family = AF_INET, .rtm_dst_len = i < 2 ? 24 : 0 };
                Message message = {};
                struct nlmsghdr *route = message_begin(&message, RTM_NEWROUTE, &header, sizeof(header));

                if (i < 2)
                        mnl_attr_put(route, RTA_DST, sizeof(destination), destination);
                if (i != 1)
                        mnl_attr_put_u32(route, RTA_OIF, 7);
                message_end(&message);
                message_dispatch(MONITOR_RTNETLINK, &message);
                assert_int_equal(n_events, 1);
                assert_string_equal(PREFIX_TEXT(&last.destination), i < 2 ? "203.0.113.0/24" : "0.0.0.0/0");
        }
}

static void test_a_policy_rule_is_told(void **state _unused_) {
        static const struct fib_rule_hdr header = { .family = AF_INET, .action = FR_ACT_TO_TBL };

        for (unsigned i = 0; i < 2; i++) {
                Message message = {};

                (void)message_begin(&message, i ? RTM_DELRULE : RTM_NEWRULE, &header, sizeof(header));
                message_end(&message);
                message_dispatch(MONITOR_RTNETLINK, &message);
                assert_int_equal(n_events, 1);
                assert_true(last.policy_rule);
        }
}

// The kernel's own entries come and go all the time. A deletion does not tell what the entry was.
static void test_of_neighbours_the_permanent_ones_and_deletions_are_told(void **state _unused_) {
        static const struct {
                uint16_t type, state;
                unsigned n_events;
        } cases[] = {
                { RTM_NEWNEIGH, NUD_REACHABLE, 0 }, { RTM_NEWNEIGH, NUD_STALE, 0 }, { RTM_NEWNEIGH, NUD_PERMANENT, 1 },
                { RTM_DELNEIGH, NUD_PERMANENT, 1 }, { RTM_DELNEIGH, NUD_STALE, 1 }, { RTM_DELNEIGH, NUD_FAILED, 1 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const struct ndmsg header = { .ndm_family = AF_INET, .ndm_ifindex = 7, .ndm_state = cases[i].state };
                Message message = {};

                (void)message_begin(&message, cases[i].type, &header, sizeof(header));
                message_end(&message);
                message_dispatch(MONITOR_RTNETLINK, &message);
                assert_int_equal(n_events, cases[i].n_events);
                assert_int_equal(last.ifindex, cases[i].n_events ? 7 : 0);
        }
}

static void test_other_types_of_messages_concern_no_plane(void **state _unused_) {
        static const uint16_t types[] = { RTM_NEWNSID, RTM_NEWACTION, NLMSG_DONE };
        static const struct ifinfomsg header = { .ifi_index = 7 };

        for (size_t i = 0; i < ELEMENTSOF(types); i++) {
                Message message = {};

                (void)message_begin(&message, types[i], &header, sizeof(header));
                message_end(&message);
                message_dispatch(MONITOR_RTNETLINK, &message);
                assert_int_equal(n_events, 0);
        }
}

// --- who did it ---

static void test_the_port_of_a_request_tells_its_process(void **state _unused_) {
        static const struct {
                uint32_t port;
                unsigned n_events;
                uint32_t pid;
        } cases[] = {
                { OWN_PORT, 0, 0 },       // our own request
                { 0, 1, 0 },              // the kernel
                { 42, 1, 42 },            // a process's first socket
                { 3U << 22 | 42, 1, 42 }, // libnl
                { 0xfffff7d6, 1, 0 },     // chosen by the kernel at random
        };
        static const struct ifinfomsg header = { .ifi_index = 7 };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Message message = {};

                message_begin(&message, RTM_NEWLINK, &header, sizeof(header))->nlmsg_pid = cases[i].port;
                message_end(&message);
                message_dispatch(MONITOR_RTNETLINK, &message);
                assert_int_equal(n_events, cases[i].n_events);
                assert_int_equal(last.pid, cases[i].pid);
        }
}

static void put_rule(Message *message, const char *table) {
        static const struct nfgenmsg header;

        mnl_attr_put_strz(message_begin(message, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_DELRULE, &header, sizeof(header)),
                          NFTA_RULE_TABLE, table);
        message_end(message);
}

static void put_generation(Message *message, uint32_t pid, const char *process) {
        static const struct nfgenmsg header;
        struct nlmsghdr *generation =
                message_begin(message, NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWGEN, &header, sizeof(header));

        mnl_attr_put_u32(generation, NFTA_GEN_PROC_PID, htonl(pid));
        mnl_attr_put_strz(generation, NFTA_GEN_PROC_NAME, process);
        message_end(message);
}

static void test_a_transaction_on_our_tables_tells_its_process(void **state _unused_) {
        Message message = {};

        put_rule(&message, "migplane");
        put_generation(&message, 1234, "nft");
        message_dispatch(MONITOR_NFTABLES, &message);
        assert_int_equal(n_events, 1);
        assert_true(last.ruleset);
        assert_int_equal(last.pid, 1234);
        assert_string_equal(last.process, "nft");
}

static void test_the_name_of_a_process_is_made_printable(void **state _unused_) {
        Message message = {};

        put_rule(&message, "migplane");
        put_generation(&message, 1234, "n\x1b[1m\n<0>x\xff");
        message_dispatch(MONITOR_NFTABLES, &message);
        assert_string_equal(last.process, "n?[1m?<0>x?");
}

static void test_only_transactions_on_our_tables_are_told(void **state _unused_) {
        Message message = {};

        put_rule(&message, "filter");
        put_generation(&message, 1234, "nft");
        message_dispatch(MONITOR_NFTABLES, &message);
        assert_int_equal(n_events, 0);

        // The next transaction is another.
        message = (Message){};
        put_rule(&message, "migplane");
        put_generation(&message, 1234, "nft");
        put_rule(&message, "filter");
        put_generation(&message, 1234, "nft");
        message_dispatch(MONITOR_NFTABLES, &message);
        assert_int_equal(n_events, 1);
}

static void test_our_own_transactions_are_passed_over(void **state _unused_) {
        char name[16] = "";
        Message message = {};

        // In a pid namespace the kernel's number is not ours, but the name is.
        assert_int_equal(prctl(PR_GET_NAME, name), 0);
        put_rule(&message, "migplane");
        put_generation(&message, (uint32_t)getpid(), name);
        message_dispatch(MONITOR_NFTABLES, &message);
        assert_int_equal(n_events, 0);
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
                cmocka_unit_test(test_a_filter_as_the_kernel_sends_it_tells_where_it_sends_to),
                cmocka_unit_test(test_every_kind_of_filter_tells_where_it_sends_to),
                cmocka_unit_test(test_each_message_concerns_the_link_that_it_names),
                cmocka_unit_test(test_a_route_concerns_the_link_of_its_first_next_hop),
                cmocka_unit_test(test_a_route_tells_its_destination),
                cmocka_unit_test(test_a_policy_rule_is_told),
                cmocka_unit_test(test_of_neighbours_the_permanent_ones_and_deletions_are_told),
                cmocka_unit_test(test_other_types_of_messages_concern_no_plane),
                cmocka_unit_test(test_the_port_of_a_request_tells_its_process),
                cmocka_unit_test(test_a_transaction_on_our_tables_tells_its_process),
                cmocka_unit_test(test_the_name_of_a_process_is_made_printable),
                cmocka_unit_test(test_only_transactions_on_our_tables_are_told),
                cmocka_unit_test(test_our_own_transactions_are_passed_over),
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
