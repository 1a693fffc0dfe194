// Messages of traffic control.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "netlink/tc-message.h"

#include <linux/pkt_cls.h>
#include <netlink/attr.h>

#include "base/util.h"
#include "netlink/attribute.h"
#include "netlink/request.h"

struct nl_msg *tc_message_new(uint16_t type, uint16_t flags, const struct tcmsg *header, const char *kind) {
        struct nl_msg *message = netlink_message_new(type, flags, header, sizeof(*header));

        if (!message || !kind)
                return message;
        return tc_message_end(message, nla_put_string(message, TCA_KIND, kind) == 0);
}

struct nl_msg *tc_message_end(struct nl_msg *message, bool ok) {
        if (ok)
                return message;
        nlmsg_free(message);
        return NULL;
}

int tc_message_read(const struct nlmsghdr *header, uint16_t type, TcMessage *ret) {
        const struct nlattr *attributes[TCA_MAX + 1];
        TcMessage message = { .header = NLMSG_DATA(header), .kind = "" };

        if (header->nlmsg_type != type ||
            attribute_index_message(header, sizeof(struct tcmsg), attributes, TCA_MAX) < 0 ||
            attribute_u32(attributes[TCA_CHAIN], &message.chain) < 0)
                return -EBADMSG;
        (void)attribute_string(attributes[TCA_KIND], &message.kind);
        message.options = attributes[TCA_OPTIONS];
        *ret = message;
        return 0;
}

bool tc_message_is_filter(const TcMessage *message) {
        // The number of the divisor means something else in other kinds, such as fw's actions or flower's destination
        // MAC.
        bool is_hash_table = streq(message->kind, "u32") && attribute_find_nested(message->options, TCA_U32_DIVISOR);
        return message->options && !is_hash_table;
}
