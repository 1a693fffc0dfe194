// Reports of dropped frames.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// The kernel's own log is not an option: it is silent in a network namespace other than the first, some kernels cannot
// log ARP, and the daemon may not read it. The limit in the rule comes before the report, so that a flood costs no
// reports.

#include "firewall/nflog.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <libmnl/libmnl.h>
#include <linux/if_ether.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <linux/netfilter_arp.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "base/error.h"
#include "base/names.h"
#include "base/util.h"
#include "firewall/chain-name.h"
#include "firewall/packet.h"
#include "netlink/datagram.h"
#include "netlink/nfnl.h"

enum {
        BUFFER_SIZE = 16384,  // a report takes a few hundred bytes and a datagram of its own
        DATAGRAMS_MAX = 256,  // at one dispatch
        COPY_BYTES = 128,     // of each frame: up to the ports, behind a few extension headers
        ANSWER_SECONDS_MAX = 5,
};

struct Nflog {
        struct mnl_socket *socket;
        char buffer[BUFFER_SIZE] __attribute__((aligned(8)));
};

// --- reports ---

static const uint8_t *payload_of(const struct nlattr *attribute, size_t *ret_size) {
        *ret_size = attribute ? mnl_attr_get_payload_len(attribute) : 0;
        return attribute ? mnl_attr_get_payload(attribute) : NULL;
}

// The prefix is the name of the counter in the rule that drops.
static bool log_prefix_parse(const struct nlattr *attribute, DropReport *report) {
        const char *prefix, *reason;

        if (!nfnl_attribute_string(attribute, &prefix) || strlen(prefix) >= COUNTER_NAME_MAX ||
            !chain_name_parse_counter(prefix, report->link, &report->is_outgoing, &reason) || !reason[0] ||
            reason[strspn(reason, "abcdefghijklmnopqrstuvwxyz")])
                return false;
        (void)snprintf(report->reason, sizeof(report->reason), "%s-%s", report->is_outgoing ? "out" : "in", reason);
        return true;
}

// At these hooks the payload starts with the link layer, elsewhere with the network layer.
static bool is_whole_frame(uint8_t family, uint8_t hook) {
        return (family == NFPROTO_NETDEV && hook == NF_NETDEV_EGRESS) || (family == NFPROTO_ARP && hook == NF_ARP_OUT);
}

static void packet_parse(const struct nlattr *const *attributes, uint8_t family, Packet *packet) {
        struct nfulnl_msg_packet_hdr head = {};
        size_t size, header_size;
        const uint8_t *bytes = payload_of(attributes[NFULA_PACKET_HDR], &size);

        if (size >= sizeof(head))
                memcpy(&head, bytes, sizeof(head));
        packet->type = ntohs(head.hw_protocol);
        const uint8_t *header = payload_of(attributes[NFULA_HWHEADER], &header_size);
        if (header)
                packet_parse_macs(header, header_size, packet);
        bytes = payload_of(attributes[NFULA_PAYLOAD], &size);
        if (!bytes)
                return;
        if (is_whole_frame(family, head.hook))
                packet_parse_frame(bytes, size, packet);
        else
                packet_parse_network(bytes, size, packet);
}

static void report_parse(const struct nlmsghdr *header, NflogHandler handler, void *userdata) {
        const struct nlattr *attributes[NFULA_MAX + 1];
        const struct nfgenmsg *general = mnl_nlmsg_get_payload(header);
        DropReport report = {};
        uint32_t number;

        if (nfnl_message_attributes(header, attributes, NFULA_MAX) < 0 || general->res_id != htons(OUR_LOG_GROUP) ||
            !log_prefix_parse(attributes[NFULA_PREFIX], &report))
                return;
        if (nfnl_attribute_u32(attributes[report.is_outgoing ? NFULA_IFINDEX_OUTDEV : NFULA_IFINDEX_INDEV], &number) &&
            number <= INT32_MAX)
                report.ifindex = (int)number;
        // A frame that comes in from another namespace of this host has a user as well, who is not a user of the plane.
        report.has_user = report.is_outgoing && nfnl_attribute_u32(attributes[NFULA_UID], &number);
        if (report.has_user)
                report.user = number;
        packet_parse(attributes, general->nfgen_family, &report.packet);
        handler(&report, userdata);
}

int nflog_parse(const void *datagram, size_t size, NflogHandler handler, void *userdata) {
        const struct nlmsghdr *header;
        int r;

        while ((r = datagram_next(&datagram, &size, &header)) > 0)
                if (header->nlmsg_type == (NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_PACKET))
                        report_parse(header, handler, userdata);
        return r;
}

// --- the socket ---

int nflog_dispatch(Nflog *log, NflogHandler handler, void *userdata) {
        for (unsigned i = 0; i < DATAGRAMS_MAX; i++) {
                ssize_t n = datagram_receive(nflog_fd(log), log->buffer, sizeof(log->buffer));
                if (n == -EAGAIN)
                        return 0;
                if (n < 0 && n != -ENOBUFS)
                        return (int)n;
                if (n > 0 && (size_t)n <= sizeof(log->buffer))
                        (void)nflog_parse(log->buffer, (size_t)n, handler, userdata);
        }
        return 0;
}

int nflog_fd(const Nflog *log) {
        return mnl_socket_get_fd(log->socket);
}

static int bind_send(const Nflog *log) {
        char buffer[256] __attribute__((aligned(8))) = {};
        struct nlmsghdr *header = mnl_nlmsg_put_header(buffer);
        const struct nfulnl_msg_config_cmd command = { .command = NFULNL_CFG_CMD_BIND };
        const struct nfulnl_msg_config_mode mode = { .copy_range = htonl(COPY_BYTES), .copy_mode = NFULNL_COPY_PACKET };

        header->nlmsg_type = NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_CONFIG;
        header->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
        struct nfgenmsg *general = mnl_nlmsg_put_extra_header(header, sizeof(*general));
        general->version = NFNETLINK_V0;
        general->res_id = htons(OUR_LOG_GROUP);
        mnl_attr_put(header, NFULA_CFG_CMD, sizeof(command), &command);
        mnl_attr_put(header, NFULA_CFG_MODE, sizeof(mode), &mode);
        mnl_attr_put_u32(header, NFULA_CFG_QTHRESH, htonl(1)); // each report at once
        return mnl_socket_sendto(log->socket, header, header->nlmsg_len) < 0 ? -errno : 0;
}

// Waits for the answer and ignores reports that come before it.
static int bind_receive(Nflog *log) {
        for (;;) {
                const struct nlmsghdr *header = (const struct nlmsghdr *)log->buffer;
                const struct nlmsgerr *answer = (const struct nlmsgerr *)(log->buffer + NLMSG_HDRLEN);
                ssize_t n = datagram_receive(nflog_fd(log), log->buffer, sizeof(log->buffer));

                if (n < 0)
                        return n == -EAGAIN ? -ETIMEDOUT : (int)n;
                if (n >= (ssize_t)(NLMSG_HDRLEN + sizeof(*answer)) && header->nlmsg_type == NLMSG_ERROR)
                        return answer->error;
        }
}

static int bind_group(Nflog *log, Error *ret_error) {
        int r = bind_send(log);

        r = r < 0 ? r : bind_receive(log);
        // The daemon has the right to bind a group, so the kernel's EPERM means that another process has bound it.
        if (r == -EBUSY || r == -EPERM)
                return error_set(ret_error, r, "another process reads netfilter's log group %d", OUR_LOG_GROUP);
        if (r == -EINVAL || r == -EOPNOTSUPP)
                return error_set(ret_error, r, "this kernel has no nfnetlink_log");
        return r < 0 ? error_set(ret_error, r, "cannot read netfilter's log: %s", strerror(-r)) : 0;
}

int nflog_new(Nflog **ret, Error *ret_error) {
        struct timeval patience = { .tv_sec = ANSWER_SECONDS_MAX };
        _cleanup_(nflog_freep) Nflog *log = calloc(1, sizeof(*log));
        if (!log)
                return error_set(ret_error, -ENOMEM, "out of memory");

        log->socket = mnl_socket_open2(NETLINK_NETFILTER, SOCK_CLOEXEC);
        if (!log->socket || mnl_socket_bind(log->socket, 0, MNL_SOCKET_AUTOPID) < 0)
                return error_set(ret_error, -errno, "cannot open a netfilter socket: %m");
        (void)setsockopt(nflog_fd(log), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
        int r = bind_group(log, ret_error);
        if (r < 0)
                return r;
        if (fcntl(nflog_fd(log), F_SETFL, O_NONBLOCK) < 0)
                return error_set(ret_error, -errno, "cannot make the netfilter socket non-blocking: %m");
        *ret = TAKE(log);
        return 0;
}

Nflog *nflog_free(Nflog *log) {
        if (!log)
                return NULL;
        if (log->socket)
                (void)mnl_socket_close(log->socket);
        free(log);
        return NULL;
}
