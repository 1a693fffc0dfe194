// Notifications: what changed, and who did it where the kernel tells.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "kernel/monitor.h"

#include <arpa/inet.h>
#include <libmnl/libmnl.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <linux/tc_act/tc_mirred.h>
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
#include "netlink/datagram.h"

struct Monitor {
        int fds[MONITOR_SOURCES];
        MonitorReader reader;
        char *buffer;
};

enum {
        BUFFER_SIZE = 65536,
        RECEIVE_BUFFER_SIZE = 1 << 20,
        DATAGRAMS_MAX = 256, // at one dispatch
        LIBNL_PID_MASK = 0x3fffff, // libnl's ports: the process in the low 22 bits
};
#define KERNEL_PORT_BIT UINT32_C(0x80000000)       // of ports that the kernel chose at random
#define INITIAL_PID_NAMESPACE UINT32_C(0xeffffffc) // PROC_PID_INIT_INO

static int subscribe(int protocol, const unsigned *groups, size_t n_groups, Error *ret_error) {
        _cleanup_close_ int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
        struct sockaddr_nl address = { .nl_family = AF_NETLINK };
        int size = RECEIVE_BUFFER_SIZE;

        if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
                return error_set(ret_error, -errno, "cannot open a netlink socket: %m");
        if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
                (void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
        for (size_t i = 0; i < n_groups; i++)
                if (setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &groups[i], sizeof(groups[i])) < 0)
                        return error_set(ret_error, -errno, "cannot subscribe to netlink group %u: %m", groups[i]);

        int taken = fd;
        fd = -1;
        return taken;
}

int monitor_new(uint32_t own_port, MonitorHandler handler, void *userdata, Monitor **ret, Error *ret_error) {
        static const unsigned rtnetlink_groups[] = { RTNLGRP_LINK,       RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR,
                                                     RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE,  RTNLGRP_TC };
        static const unsigned nftables_groups[] = { NFNLGRP_NFTABLES };

        Monitor *monitor = calloc(1, sizeof(*monitor));
        if (!monitor)
                return error_set(ret_error, -ENOMEM, "out of memory");
        *monitor = (Monitor){ .fds = { -1, -1 }, .reader = { .own_port = own_port, .handler = handler, .userdata = userdata } };

        int r = (monitor->buffer = malloc(BUFFER_SIZE)) ? 0 : error_set(ret_error, -ENOMEM, "out of memory");
        if (r >= 0)
                r = monitor->fds[MONITOR_RTNETLINK] =
                            subscribe(NETLINK_ROUTE, rtnetlink_groups, ELEMENTSOF(rtnetlink_groups), ret_error);
        if (r >= 0)
                r = monitor->fds[MONITOR_NFTABLES] =
                            subscribe(NETLINK_NETFILTER, nftables_groups, ELEMENTSOF(nftables_groups), ret_error);
        if (r < 0) {
                monitor_free(monitor);
                return r;
        }
        *ret = monitor;
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

// A process's name can be had only while it lives; tc and ip are often gone by now.
void monitor_event_name_process(MonitorEvent *event) {
        char path[32];
        _cleanup_free_ char *name = NULL;

        (void)snprintf(path, sizeof(path), "/proc/%u/comm", event->pid);
        if (event->pid == 0 || event->process[0] || file_read(path, 64, &name, NULL) < 0)
                return;
        strcpy_fixed(event->process, name);
        event->process[strcspn(event->process, "\n")] = '\0';
}

static const char *string_attribute(const struct nlmsghdr *message, size_t header_size, uint16_t type) {
        const struct nlattr *attribute;

        mnl_attr_for_each(attribute, message, (unsigned)header_size)
                if (mnl_attr_get_type(attribute) == type && mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) >= 0)
                        return mnl_attr_get_str(attribute);
        return NULL;
}

static uint32_t u32_attribute(const struct nlmsghdr *message, size_t header_size, uint16_t type) {
        const struct nlattr *attribute;

        mnl_attr_for_each(attribute, message, (unsigned)header_size)
                if (mnl_attr_get_type(attribute) == type && mnl_attr_validate(attribute, MNL_TYPE_U32) >= 0)
                        return mnl_attr_get_u32(attribute);
        return 0;
}

// Of a route with several ways the link of the first, which is the oldest; 0: none.
static int route_link(const struct nlmsghdr *message) {
        const struct nlattr *attribute;

        mnl_attr_for_each(attribute, message, sizeof(struct rtmsg))
                if (mnl_attr_get_type(attribute) == RTA_MULTIPATH &&
                    mnl_attr_get_payload_len(attribute) >= sizeof(struct rtnexthop))
                        return ((const struct rtnexthop *)mnl_attr_get_payload(attribute))->rtnh_ifindex;
        return (int)u32_attribute(message, sizeof(struct rtmsg), RTA_OIF);
}

// Each kind of filter keeps its actions elsewhere, so they are searched for: an attribute of the form of a mirred's parameters,
// behind the name. What only looks like one costs a look.
static void targets_read(const char *body, size_t size, int ret[static MONITOR_TARGETS_MAX]) {
        const char *name = memmem(body, size, "mirred", sizeof("mirred")), *end = body + size;
        size_t n = 0;

        for (const char *at = name; at && end - at >= (ssize_t)(sizeof(struct nlattr) + sizeof(struct tc_mirred)); at++) {
                struct nlattr attribute;
                struct tc_mirred mirred;
                memcpy(&attribute, at, sizeof(attribute));
                if (attribute.nla_type != TCA_MIRRED_PARMS || attribute.nla_len != sizeof(attribute) + sizeof(mirred) ||
                    n >= MONITOR_TARGETS_MAX)
                        continue;
                memcpy(&mirred, at + sizeof(attribute), sizeof(mirred));
                ret[n++] = (int)mirred.ifindex;
        }
}

// Which link a message is about; false for what cannot concern a plane.
static bool rtnetlink_subject(const struct nlmsghdr *message, MonitorEvent *event) {
        const void *body = NLMSG_DATA(message);
        const char *name;

        switch (message->nlmsg_type) {
        case RTM_NEWLINK:
        case RTM_DELLINK:
                if (message->nlmsg_len < NLMSG_LENGTH(sizeof(struct ifinfomsg)))
                        return false;
                event->ifindex = ((const struct ifinfomsg *)body)->ifi_index;
                name = string_attribute(message, sizeof(struct ifinfomsg), IFLA_IFNAME);
                if (name)
                        strcpy_fixed(event->link, name);
                event->lower = (int)u32_attribute(message, sizeof(struct ifinfomsg), IFLA_LINK);
                event->master = (int)u32_attribute(message, sizeof(struct ifinfomsg), IFLA_MASTER);
                return true;
        case RTM_NEWADDR:
        case RTM_DELADDR:
                if (message->nlmsg_len < NLMSG_LENGTH(sizeof(struct ifaddrmsg)))
                        return false;
                event->ifindex = (int)((const struct ifaddrmsg *)body)->ifa_index;
                return true;
        case RTM_NEWNEIGH:
        case RTM_DELNEIGH:
                if (message->nlmsg_len < NLMSG_LENGTH(sizeof(struct ndmsg)))
                        return false;
                event->ifindex = ((const struct ndmsg *)body)->ndm_ifindex;
                return ((const struct ndmsg *)body)->ndm_state & NUD_PERMANENT || message->nlmsg_type == RTM_DELNEIGH;
        case RTM_NEWROUTE:
        case RTM_DELROUTE:
                if (message->nlmsg_len < NLMSG_LENGTH(sizeof(struct rtmsg)))
                        return false;
                event->ifindex = route_link(message);
                return event->ifindex > 0;
        case RTM_NEWQDISC:
        case RTM_DELQDISC:
        case RTM_NEWTCLASS:
        case RTM_DELTCLASS:
        case RTM_NEWTFILTER:
        case RTM_DELTFILTER:
                if (message->nlmsg_len < NLMSG_LENGTH(sizeof(struct tcmsg)))
                        return false;
                event->ifindex = ((const struct tcmsg *)body)->tcm_ifindex;
                targets_read(body, message->nlmsg_len - NLMSG_HDRLEN, event->sends_to);
                return true;
        default:
                return false;
        }
}

static void rtnetlink_handle(MonitorReader *reader, const struct nlmsghdr *message) {
        MonitorEvent event = {};

        if (message->nlmsg_pid == reader->own_port || !rtnetlink_subject(message, &event))
                return;
        // The kernel gives a process's first socket its number for a port, and others a random negative one; libnl puts a
        // count above the number.
        event.pid = message->nlmsg_pid & KERNEL_PORT_BIT ? 0 : message->nlmsg_pid & LIBNL_PID_MASK;
        reader->handler(&event, reader->userdata);
}

// The kernel tells the number that the process has outside of all namespaces.
static bool is_self(const MonitorEvent *event) {
        char name[sizeof(event->process)] = "";
        struct stat namespace;

        if (stat("/proc/self/ns/pid", &namespace) < 0 || namespace.st_ino == INITIAL_PID_NAMESPACE)
                return event->pid == (uint32_t)getpid();
        (void)prctl(PR_GET_NAME, name);
        return streq(event->process, name);
}

// A transaction is told message by message and ends with the new generation, which names the process.
static void nftables_handle(MonitorReader *reader, const struct nlmsghdr *message) {
        // The table's name is attribute 1 of every message about a table or what is in it.
        _Static_assert(NFTA_TABLE_NAME == 1 && NFTA_CHAIN_TABLE == 1 && NFTA_RULE_TABLE == 1, "nf_tables attributes");
        size_t header_size = sizeof(struct nfgenmsg);

        if (message->nlmsg_len < NLMSG_LENGTH(header_size) ||
            NFNL_SUBSYS_ID(message->nlmsg_type) != NFNL_SUBSYS_NFTABLES)
                return;
        if (NFNL_MSG_TYPE(message->nlmsg_type) != NFT_MSG_NEWGEN) {
                const char *table = string_attribute(message, header_size, NFTA_TABLE_NAME);
                reader->our_table_touched |= table && streq(table, NFT_TABLE);
                return;
        }

        MonitorEvent event = { .ruleset = true };
        event.pid = ntohl(u32_attribute(message, header_size, NFTA_GEN_PROC_PID));
        const char *name = string_attribute(message, header_size, NFTA_GEN_PROC_NAME);
        if (name)
                strcpy_fixed(event.process, name);
        bool touched = reader->our_table_touched;
        reader->our_table_touched = false;
        if (touched && !is_self(&event))
                reader->handler(&event, reader->userdata);
}

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
