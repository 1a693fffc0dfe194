// Reports of frames.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// The kernel's own log is not an option: it is silent in a network namespace other than the first, some kernels cannot
// log ARP, and the daemon may not read it. The limit in the rule comes before the report, so that a flood costs no
// reports.

#include "firewall/nflog.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_ether.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/nfnetlink_log.h>
#include <linux/netfilter_arp.h>

#include "base/error.h"
#include "base/util.h"
#include "firewall/chain-name.h"
#include "firewall/nft-query.h"
#include "firewall/packet.h"
#include "netlink/attribute.h"
#include "netlink/datagram.h"
#include "netlink/request.h"

enum {
        BUFFER_SIZE = 16384, // a report takes a few hundred bytes and a datagram of its own
        DATAGRAMS_MAX = 256, // at one dispatch
        COPY_BYTES = 128,    // of each frame: up to the ports, behind a few extension headers
};

struct Nflog {
        Netlink *netlink;
        uint16_t group;
        char buffer[BUFFER_SIZE] __attribute__((aligned(8)));
};

// --- reports ---

// The prefix is the name of the counter in the rule that drops, or of the same form.
static bool log_prefix_parse(const struct nlattr *attribute, LogReport *report) {
        const char *prefix, *reason;

        if (!attribute_string(attribute, &prefix) || strlen(prefix) >= COUNTER_NAME_MAX ||
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

        (void)attribute_struct(attributes[NFULA_PACKET_HDR], sizeof(head), &head);
        packet->type = ntohs(head.hw_protocol);
        const uint8_t *header = attribute_payload(attributes[NFULA_HWHEADER], &header_size);
        if (header)
                packet_parse_macs(header, header_size, packet);
        const uint8_t *bytes = attribute_payload(attributes[NFULA_PAYLOAD], &size);
        if (!bytes)
                return;
        if (is_whole_frame(family, head.hook))
                packet_parse_frame(bytes, size, packet);
        else
                packet_parse_network(bytes, size, packet);
}

static void report_parse(const struct nlmsghdr *header, uint16_t group, NflogHandler handler, void *userdata) {
        const struct nlattr *attributes[NFULA_MAX + 1];
        const struct nfgenmsg *general = NLMSG_DATA(header);
        LogReport report = {};
        uint32_t number;

        if (nft_message_attributes(header, attributes, NFULA_MAX) < 0 || general->res_id != htons(group) ||
            !log_prefix_parse(attributes[NFULA_PREFIX], &report))
                return;
        if (attribute_be32(attributes[report.is_outgoing ? NFULA_IFINDEX_OUTDEV : NFULA_IFINDEX_INDEV], &number) > 0 &&
            number <= INT32_MAX)
                report.ifindex = (int)number;
        // A frame that comes in from another namespace of this host has a user as well, who is not a user of the plane.
        report.has_user = report.is_outgoing && attribute_be32(attributes[NFULA_UID], &number) > 0;
        if (report.has_user)
                report.user = number;
        packet_parse(attributes, general->nfgen_family, &report.packet);
        handler(&report, userdata);
}

int nflog_parse(const void *datagram, size_t size, uint16_t group, NflogHandler handler, void *userdata) {
        const struct nlmsghdr *header;
        int r;

        while ((r = datagram_next(&datagram, &size, &header)) > 0)
                if (header->nlmsg_type == (NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_PACKET))
                        report_parse(header, group, handler, userdata);
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
                        (void)nflog_parse(log->buffer, (size_t)n, log->group, handler, userdata);
        }
        return 0;
}

int nflog_fd(const Nflog *log) {
        return netlink_fd(log->netlink);
}

static struct nl_msg *bind_message(uint16_t group) {
        const struct nfgenmsg general = { .version = NFNETLINK_V0, .res_id = htons(group) };
        const struct nfulnl_msg_config_cmd command = { .command = NFULNL_CFG_CMD_BIND };
        const struct nfulnl_msg_config_mode mode = { .copy_range = htonl(COPY_BYTES), .copy_mode = NFULNL_COPY_PACKET };
        const uint32_t threshold = htonl(1); // each report at once
        _cleanup_nl_msg_ struct nl_msg *message =
                netlink_message_new(NFNL_SUBSYS_ULOG << 8 | NFULNL_MSG_CONFIG, 0, &general, sizeof(general));

        if (!message || nla_put(message, NFULA_CFG_CMD, sizeof(command), &command) < 0 ||
            nla_put(message, NFULA_CFG_MODE, sizeof(mode), &mode) < 0 ||
            nla_put(message, NFULA_CFG_QTHRESH, sizeof(threshold), &threshold) < 0)
                return NULL;
        return TAKE(message);
}

// Reports that arrive before the acknowledgement are skipped.
static int bind_group(Nflog *log, Error *ret_error) {
        Error error = {};

        int r = netlink_request(log->netlink, bind_message(log->group), &error);
        // The daemon has the right to bind a group, so the kernel's EPERM means that another process has bound it.
        if (r == -EBUSY || r == -EPERM)
                return error_set(ret_error, r, "another process reads netfilter's log group %u", log->group);
        if (r == -EINVAL || r == -EOPNOTSUPP)
                return error_set(ret_error, r, "this kernel has no nfnetlink_log");
        return r < 0 ? error_set(ret_error, r, "cannot read netfilter's log: %s", error.text) : 0;
}

int nflog_new(uint16_t group, Nflog **ret, Error *ret_error) {
        _cleanup_(nflog_freep) Nflog *log = calloc(1, sizeof(*log));
        if (!log)
                return error_set(ret_error, -ENOMEM, "out of memory");

        log->group = group;
        int r = netlink_new(NETLINK_NETFILTER, &log->netlink, ret_error);
        if (r < 0)
                return r;
        r = bind_group(log, ret_error);
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
        log->netlink = netlink_free(log->netlink);
        free(log);
        return NULL;
}
