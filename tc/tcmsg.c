// Traffic control messages, written and read.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "tc/tcmsg.h"

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

const void *tc_attribute_data(const void *attributes, size_t attributes_size, uint16_t type, size_t size) {
        const struct nlattr *attribute = attribute_find(attributes, attributes_size, type);

        if (!attribute || (size_t)nla_len(attribute) < size)
                return NULL;
        return nla_data(attribute);
}

uint32_t tc_attribute_u32(const void *attributes, size_t attributes_size, uint16_t type, uint32_t otherwise) {
        const void *data = tc_attribute_data(attributes, attributes_size, type, sizeof(otherwise));

        if (data)
                memcpy(&otherwise, data, sizeof(otherwise));
        return otherwise;
}

int tc_message_read(const struct nlmsghdr *header, uint16_t type, TcMessage *ret) {
        if (header->nlmsg_type != type || header->nlmsg_len < NLMSG_LENGTH(sizeof(struct tcmsg)))
                return -EBADMSG;

        TcMessage message = { .header = NLMSG_DATA(header), .kind = "" };
        const char *attributes = (const char *)message.header + NLMSG_ALIGN(sizeof(struct tcmsg));
        size_t size = header->nlmsg_len - NLMSG_SPACE(sizeof(struct tcmsg));

        const struct nlattr *kind = attribute_find(attributes, size, TCA_KIND);
        if (kind && memchr(nla_data(kind), '\0', (size_t)nla_len(kind)))
                message.kind = nla_data(kind);

        const struct nlattr *options = attribute_find(attributes, size, TCA_OPTIONS);
        if (options) {
                message.options = nla_data(options);
                message.options_size = (size_t)nla_len(options);
        }
        message.chain = tc_attribute_u32(attributes, size, TCA_CHAIN, 0);

        *ret = message;
        return 0;
}

bool tc_message_is_filter(const TcMessage *message) {
        return message->options && !attribute_find(message->options, message->options_size, TCA_U32_DIVISOR);
}
