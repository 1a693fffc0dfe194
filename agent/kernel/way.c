// The way that the kernel would send a packet.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "kernel/way.h"

#include <arpa/inet.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>

#include "base/error.h"
#include "base/inet.h"
#include "base/util.h"
#include "netlink/attribute.h"
#include "netlink/request.h"

static int route_read(const struct nlmsghdr *header, void *userdata) {
        Way *way = userdata;
        const struct nlattr *attributes[RTA_MAX + 1];
        const struct rtmsg *info = NLMSG_DATA(header);
        uint32_t ifindex = 0;

        if (header->nlmsg_type != RTM_NEWROUTE ||
            attribute_index_message(header, sizeof(*info), attributes, RTA_MAX) < 0 ||
            attribute_u32(attributes[RTA_OIF], &ifindex) < 0)
                return -EBADMSG;
        *way = (Way){ .type = info->rtm_type, .ifindex = (int)ifindex };
        (void)attribute_address(attributes[RTA_PREFSRC], info->rtm_family, &way->source);
        return 0;
}

static struct nl_msg *question_build(const WayQuestion *question) {
        uint8_t bits = (uint8_t)address_bits(question->to.family);
        bool has_source = question->from.family != AF_UNSPEC;
        struct rtmsg info = {
                .rtm_family = (uint8_t)question->to.family,
                .rtm_dst_len = bits,
                .rtm_src_len = has_source ? bits : 0,
        };
        _cleanup_nl_msg_ struct nl_msg *message = netlink_message_new(RTM_GETROUTE, 0, &info, sizeof(info));

        if (!message || nla_put(message, RTA_DST, bits / 8, question->to.bytes) < 0 ||
            (has_source && nla_put(message, RTA_SRC, bits / 8, question->from.bytes) < 0) ||
            nla_put_u8(message, RTA_IP_PROTO, IPPROTO_TCP) < 0 ||
            nla_put_u16(message, RTA_DPORT, htons(question->port)) < 0)
                return NULL;
        return TAKE(message);
}

int way_ask(Netlink *netlink, const WayQuestion *question, Way *ret, Error *ret_error) {
        Way way = {};

        int r = netlink_query(netlink, question_build(question), route_read, NULL, &way, ret_error);
        if (r < 0)
                return r;
        *ret = way;
        return 0;
}

const char *way_type_to_string(uint8_t type) {
        static const char *const names[] = {
                [RTN_UNSPEC] = "unknown",      [RTN_UNICAST] = "unicast",         [RTN_LOCAL] = "local",
                [RTN_BROADCAST] = "broadcast", [RTN_ANYCAST] = "anycast",         [RTN_MULTICAST] = "multicast",
                [RTN_BLACKHOLE] = "blackhole", [RTN_UNREACHABLE] = "unreachable", [RTN_PROHIBIT] = "prohibit",
                [RTN_THROW] = "throw",
        };
        return type < ELEMENTSOF(names) ? names[type] : names[RTN_UNSPEC];
}
