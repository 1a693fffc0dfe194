// Notifications of changes, with the process that made them if the kernel tells.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "kernel/monitor.h"

#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/names.h"
#include "base/util.h"
#include "model/reason.h"
#include "netlink/action.h"
#include "netlink/attribute.h"
#include "netlink/datagram.h"
#include "netlink/tc-message.h"

struct Monitor {
        int fds[MONITOR_SOURCES];
        MonitorReader reader;
        char *buffer;
};

enum {
        BUFFER_SIZE = 65536,
        RECEIVE_BUFFER_SIZE = 1 << 20,
        DATAGRAMS_MAX = 256,       // at one dispatch
        LIBNL_PID_MASK = 0x3fffff, // in a port that libnl chose the low 22 bits are the pid
};
#define KERNEL_PORT_BIT UINT32_C(0x80000000)       // in a port that the kernel chose at random
#define INITIAL_PID_NAMESPACE UINT32_C(0xeffffffc) // PROC_PID_INIT_INO

static int subscribe(int protocol, const unsigned *groups, size_t n_groups, Error *ret_error) {
        uint32_t port = 0;
        int size = RECEIVE_BUFFER_SIZE;
        _cleanup_close_ int fd = datagram_open(protocol, SOCK_NONBLOCK, &port);

        if (fd < 0)
                return error_set(ret_error, fd, "cannot open a netlink socket: %s", strerror(-fd));
        if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
                (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
        for (size_t i = 0; i < n_groups; i++)
                if (setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &groups[i], sizeof(groups[i])) < 0)
                        return error_set(ret_error, -errno, "cannot subscribe to netlink group %u: %m", groups[i]);

        int subscribed = fd;
        fd = -1;
        return subscribed;
}

static int sources_open(Monitor *monitor, Error *ret_error) {
        static const unsigned rtnetlink_groups[] = { RTNLGRP_LINK,       RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR,
                                                     RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE,  RTNLGRP_TC,
                                                     RTNLGRP_IPV4_RULE,  RTNLGRP_IPV6_RULE };
        static const unsigned nftables_groups[] = { NFNLGRP_NFTABLES };
        static const struct {
                int protocol;
                const unsigned *groups;
                size_t n_groups;
        } sources[MONITOR_SOURCES] = {
                [MONITOR_RTNETLINK] = { NETLINK_ROUTE, rtnetlink_groups, ELEMENTSOF(rtnetlink_groups) },
                [MONITOR_NFTABLES] = { NETLINK_NETFILTER, nftables_groups, ELEMENTSOF(nftables_groups) },
        };

        for (unsigned i = 0; i < MONITOR_SOURCES; i++) {
                monitor->fds[i] = subscribe(sources[i].protocol, sources[i].groups, sources[i].n_groups, ret_error);
                if (monitor->fds[i] < 0)
                        return monitor->fds[i];
        }
        return 0;
}

int monitor_new(uint32_t own_port, MonitorHandler handler, void *userdata, Monitor **ret, Error *ret_error) {
        _cleanup_(monitor_freep) Monitor *monitor = calloc(1, sizeof(*monitor));
        if (!monitor)
                return error_set(ret_error, -ENOMEM, "out of memory");
        *monitor = (Monitor){
                .fds = { -1, -1 },
                .reader = { .own_port = own_port, .handler = handler, .userdata = userdata },
        };
        monitor->buffer = malloc(BUFFER_SIZE);
        if (!monitor->buffer)
                return error_set(ret_error, -ENOMEM, "out of memory");

        int r = sources_open(monitor, ret_error);
        if (r < 0)
                return r;
        *ret = TAKE(monitor);
        return 0;
}

Monitor *monitor_free(Monitor *monitor) {
        if (!monitor)
                return NULL;
        for (unsigned i = 0; i < MONITOR_SOURCES; i++)
                close_fd(&monitor->fds[i]);
        free(monitor->buffer);
        free(monitor);
        return NULL;
}

int monitor_fd(const Monitor *monitor, unsigned source) {
        return monitor->fds[source];
}

int monitor_watch_neighbours(Monitor *monitor, bool watch) {
        unsigned group = RTNLGRP_NEIGH;

        return setsockopt(monitor->fds[MONITOR_RTNETLINK], SOL_NETLINK,
                          watch ? NETLINK_ADD_MEMBERSHIP : NETLINK_DROP_MEMBERSHIP, &group, sizeof(group)) < 0
                       ? -errno
                       : 0;
}

// /proc has the name only while the process lives; tc and ip have often exited by now.
void monitor_event_name_process(MonitorEvent *event) {
        char path[32];
        _cleanup_free_ char *name = NULL;

        (void)snprintf(path, sizeof(path), "/proc/%u/comm", event->pid);
        if (event->pid == 0 || event->process[0] || file_read(path, 64, &name, NULL) < 0)
                return;
        strcpy_fixed(event->process, name);
        event->process[strcspn(event->process, "\n")] = '\0';
        (void)text_make_printable(event->process);
}

// --- rtnetlink ---

static int index_read(const struct nlattr *attribute) {
        uint32_t index = 0;

        (void)attribute_u32(attribute, &index);
        return (int)index;
}

static bool link_read(const struct nlmsghdr *message, MonitorEvent *event) {
        const struct nlattr *attributes[IFLA_MAX + 1];
        const struct ifinfomsg *info = NLMSG_DATA(message);
        const char *name = "";

        if (attribute_index_message(message, sizeof(*info), attributes, IFLA_MAX) < 0)
                return false;
        (void)attribute_string(attributes[IFLA_IFNAME], &name);
        strcpy_fixed(event->link, name);
        event->ifindex = info->ifi_index;
        event->lower = index_read(attributes[IFLA_LINK]);
        event->master = index_read(attributes[IFLA_MASTER]);
        return true;
}

static bool address_read(const struct nlmsghdr *message, MonitorEvent *event) {
        const struct ifaddrmsg *info = NLMSG_DATA(message);
        const struct nlattr *attributes[IFA_LOCAL + 1];

        if (attribute_index_message(message, sizeof(*info), attributes, IFA_LOCAL) < 0)
                return false;
        event->ifindex = (int)info->ifa_index;
        event->network.length = info->ifa_prefixlen;
        (void)attribute_address(attributes[IFA_LOCAL] ?: attributes[IFA_ADDRESS], info->ifa_family,
                                &event->network.address);
        return true;
}

// Only permanent entries are ours; a deletion does not say what the entry was.
static bool neighbour_read(const struct nlmsghdr *message, MonitorEvent *event) {
        const struct ndmsg *info = NLMSG_DATA(message);

        if (message->nlmsg_len < NLMSG_LENGTH(sizeof(*info)))
                return false;
        event->ifindex = info->ndm_ifindex;
        return info->ndm_state & NUD_PERMANENT || message->nlmsg_type == RTM_DELNEIGH;
}

// A route with several next hops concerns the link of the first one, which is the oldest.
static bool route_read(const struct nlmsghdr *message, MonitorEvent *event) {
        const struct rtmsg *info = NLMSG_DATA(message);
        const struct nlattr *attributes[RTA_MAX + 1];
        struct rtnexthop first;

        if (attribute_index_message(message, sizeof(struct rtmsg), attributes, RTA_MAX) < 0)
                return false;
        event->ifindex = index_read(attributes[RTA_OIF]);
        if (attribute_struct(attributes[RTA_MULTIPATH], sizeof(first), &first) > 0)
                event->ifindex = first.rtnh_ifindex;
        // A route on another link, or on none, can take the traffic of a plane: it is more specific, or has taken the
        // place of a route that the kernel then does not report. Without RTA_DST it is the default route.
        event->destination = (Prefix){ .address.family = info->rtm_family, .length = info->rtm_dst_len };
        (void)attribute_address(attributes[RTA_DST], info->rtm_family, &event->destination.address);
        return info->rtm_family == AF_INET || info->rtm_family == AF_INET6;
}

static bool policy_rule_read(const struct nlmsghdr *message _unused_, MonitorEvent *event) {
        event->policy_rule = true;
        return true;
}

static bool tc_read(const struct nlmsghdr *message, MonitorEvent *event) {
        const struct tcmsg *info = NLMSG_DATA(message);

        if (message->nlmsg_len < NLMSG_LENGTH(sizeof(*info)))
                return false;
        event->ifindex = info->tcm_ifindex;
        return true;
}

static bool filter_read(const struct nlmsghdr *message, MonitorEvent *event) {
        const struct nlattr *action;
        TcMessage filter;
        size_t size, n = 0;

        if (!tc_read(message, event))
                return false;
        if (tc_message_read(message, message->nlmsg_type, &filter) < 0)
                return true; // a filter that cannot be read can send packets anywhere
        const void *actions = attribute_payload(action_nest(&filter), &size);
        while (n < MONITOR_TARGETS_MAX && (action = attribute_next(&actions, &size))) {
                int target = action_target(action);
                if (target > 0)
                        event->sends_to[n++] = target;
        }
        return true;
}

// Fills in the link that a message is about; false for a message that cannot concern a plane.
static bool rtnetlink_read(const struct nlmsghdr *message, MonitorEvent *event) {
        static const struct {
                uint16_t added, deleted;
                bool (*read)(const struct nlmsghdr *message, MonitorEvent *event);
        } types[] = {
                { RTM_NEWLINK, RTM_DELLINK, link_read },         { RTM_NEWADDR, RTM_DELADDR, address_read },
                { RTM_NEWNEIGH, RTM_DELNEIGH, neighbour_read },  { RTM_NEWROUTE, RTM_DELROUTE, route_read },
                { RTM_NEWQDISC, RTM_DELQDISC, tc_read },         { RTM_NEWTCLASS, RTM_DELTCLASS, tc_read },
                { RTM_NEWTFILTER, RTM_DELTFILTER, filter_read }, { RTM_NEWRULE, RTM_DELRULE, policy_rule_read },
        };

        for (size_t i = 0; i < ELEMENTSOF(types); i++)
                if (message->nlmsg_type == types[i].added || message->nlmsg_type == types[i].deleted)
                        return types[i].read(message, event);
        return false;
}

static void rtnetlink_handle(MonitorReader *reader, const struct nlmsghdr *message) {
        MonitorEvent event = {};

        if (message->nlmsg_pid == reader->own_port || !rtnetlink_read(message, &event))
                return;
        // The port of a process's first socket is its pid; the kernel chooses a random negative number for the others,
        // and libnl adds a count above the pid.
        event.pid = message->nlmsg_pid & KERNEL_PORT_BIT ? 0 : message->nlmsg_pid & LIBNL_PID_MASK;
        reader->handler(&event, reader->userdata);
}

// --- nftables ---

// The kernel tells the pid that a process has in the initial pid namespace.
static bool is_self(const MonitorEvent *event) {
        char name[sizeof(event->process)] = "";
        struct stat namespace;

        if (stat("/proc/self/ns/pid", &namespace) < 0 || namespace.st_ino == INITIAL_PID_NAMESPACE)
                return event->pid == (uint32_t)getpid();
        (void)prctl(PR_GET_NAME, name);
        return streq(event->process, name);
}

// A transaction arrives message by message and ends with the new generation, which names the process.
static void nftables_handle(MonitorReader *reader, const struct nlmsghdr *message) {
        // The table's name is attribute 1 of every message about a table or an object in it.
        _Static_assert(NFTA_TABLE_NAME == 1 && NFTA_CHAIN_TABLE == 1 && NFTA_RULE_TABLE == 1, "nf_tables attributes");
        const struct nlattr *attributes[NFTA_GEN_MAX + 1];
        MonitorEvent event = { .ruleset = true };
        const char *table, *name = "";

        if (NFNL_SUBSYS_ID(message->nlmsg_type) != NFNL_SUBSYS_NFTABLES ||
            attribute_index_message(message, sizeof(struct nfgenmsg), attributes, NFTA_GEN_MAX) < 0)
                return;
        if (NFNL_MSG_TYPE(message->nlmsg_type) != NFT_MSG_NEWGEN) {
                reader->our_table_touched |=
                        attribute_string(attributes[NFTA_TABLE_NAME], &table) && streq(table, NFT_TABLE);
                return;
        }

        (void)attribute_be32(attributes[NFTA_GEN_PROC_PID], &event.pid);
        (void)attribute_string(attributes[NFTA_GEN_PROC_NAME], &name);
        strcpy_fixed(event.process, name);
        (void)text_make_printable(event.process);
        bool touched = reader->our_table_touched;
        reader->our_table_touched = false;
        if (touched && !is_self(&event))
                reader->handler(&event, reader->userdata);
}

// --- datagrams ---

static void tell_lost(const MonitorReader *reader) {
        MonitorEvent event = { .lost = true };
        reader->handler(&event, reader->userdata);
}

void monitor_parse(MonitorReader *reader, unsigned source, const void *datagram, size_t size) {
        const struct nlmsghdr *message;
        int r;

        while ((r = datagram_next(&datagram, &size, &message)) > 0)
                if (source == MONITOR_RTNETLINK)
                        rtnetlink_handle(reader, message);
                else
                        nftables_handle(reader, message);
        if (r < 0)
                tell_lost(reader);
}

int monitor_dispatch(Monitor *monitor, unsigned source) {
        for (unsigned i = 0; i < DATAGRAMS_MAX; i++) {
                ssize_t n = datagram_receive(monitor->fds[source], monitor->buffer, BUFFER_SIZE);

                if (n == -EAGAIN)
                        return 0;
                if (n < 0 && n != -ENOBUFS)
                        return (int)n;
                if (n < 0 || n > BUFFER_SIZE)
                        tell_lost(&monitor->reader);
                else
                        monitor_parse(&monitor->reader, source, monitor->buffer, (size_t)n);
        }
        return 0;
}
