// Attributes of received messages.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "netlink/attribute.h"

#include <arpa/inet.h>
#include <endian.h>
#include <libmnl/libmnl.h>

#include "base/inet.h"
#include "base/util.h"

// --- finding ---

const struct nlattr *attribute_next(const void **run, size_t *size) {
        const struct nlattr *attribute = *run;

        if (*size > INT32_MAX || !mnl_attr_ok(attribute, (int)*size))
                return NULL;
        size_t step = MNL_ALIGN(attribute->nla_len);
        if (step > *size)
                step = *size; // the last one of a nest is not padded
        *run = (const char *)*run + step;
        *size -= step;
        return attribute;
}

int attribute_next_hop(const void **hops, size_t *size, const struct rtnexthop **ret, const void **ret_run,
                       size_t *ret_run_size) {
        const struct rtnexthop *hop = *hops;

        if (*size < sizeof(*hop))
                return 0;
        if (hop->rtnh_len < sizeof(*hop) || hop->rtnh_len > *size)
                return -EBADMSG;
        size_t step = RTNH_ALIGN(hop->rtnh_len);
        if (step > *size)
                step = *size;
        *ret = hop;
        *ret_run = hop + 1;
        *ret_run_size = hop->rtnh_len - sizeof(*hop);
        *hops = (const char *)*hops + step;
        *size -= step;
        return 1;
}

const void *attribute_payload(const struct nlattr *attribute, size_t *ret_size) {
        *ret_size = attribute ? mnl_attr_get_payload_len(attribute) : 0;
        return attribute ? mnl_attr_get_payload(attribute) : NULL;
}

const struct nlattr *attribute_find(const void *run, size_t size, uint16_t type) {
        const struct nlattr *attribute;

        while ((attribute = attribute_next(&run, &size)))
                if (mnl_attr_get_type(attribute) == type)
                        return attribute;
        return NULL;
}

const struct nlattr *attribute_find_nested(const struct nlattr *nest, uint16_t type) {
        size_t size;
        const void *run = attribute_payload(nest, &size);

        return attribute_find(run, size, type);
}

void attribute_index(const void *run, size_t size, const struct nlattr **ret, uint16_t max) {
        const struct nlattr *attribute;

        memset(ret, 0, (max + 1U) * sizeof(*ret));
        while ((attribute = attribute_next(&run, &size)))
                if (mnl_attr_get_type(attribute) <= max)
                        ret[mnl_attr_get_type(attribute)] = attribute;
}

int attribute_index_message(const struct nlmsghdr *message, size_t header_size, const struct nlattr **ret,
                            uint16_t max) {
        if (message->nlmsg_len < NLMSG_LENGTH(header_size))
                return -EBADMSG;

        size_t skip = NLMSG_SPACE(header_size);
        size_t size = message->nlmsg_len > skip ? message->nlmsg_len - skip : 0;
        attribute_index((const char *)message + skip, size, ret, max);
        return 0;
}

int attribute_index_nested(const struct nlattr *nest, const struct nlattr **ret, uint16_t max) {
        size_t size;
        const void *run = attribute_payload(nest, &size);

        if (!nest)
                return -ENOENT;
        attribute_index(run, size, ret, max);
        return 0;
}

// --- values ---

static int number_read(const struct nlattr *attribute, size_t size, void *ret) {
        if (!attribute)
                return 0;
        if (mnl_attr_get_payload_len(attribute) != size)
                return -EBADMSG;
        memcpy(ret, mnl_attr_get_payload(attribute), size);
        return 1;
}

int attribute_u8(const struct nlattr *attribute, uint8_t *ret) {
        return number_read(attribute, sizeof(*ret), ret);
}

int attribute_u16(const struct nlattr *attribute, uint16_t *ret) {
        return number_read(attribute, sizeof(*ret), ret);
}

int attribute_u32(const struct nlattr *attribute, uint32_t *ret) {
        return number_read(attribute, sizeof(*ret), ret);
}

int attribute_be16(const struct nlattr *attribute, uint16_t *ret) {
        int r = attribute_u16(attribute, ret);
        if (r > 0)
                *ret = ntohs(*ret);
        return r;
}

int attribute_be32(const struct nlattr *attribute, uint32_t *ret) {
        int r = attribute_u32(attribute, ret);
        if (r > 0)
                *ret = ntohl(*ret);
        return r;
}

int attribute_be64(const struct nlattr *attribute, uint64_t *ret) {
        int r = number_read(attribute, sizeof(*ret), ret);
        if (r > 0)
                *ret = be64toh(*ret);
        return r;
}

int attribute_struct(const struct nlattr *attribute, size_t size, void *ret) {
        if (!attribute)
                return 0;
        if (mnl_attr_get_payload_len(attribute) < size)
                return -EBADMSG;
        memcpy(ret, mnl_attr_get_payload(attribute), size);
        return 1;
}

bool attribute_address(const struct nlattr *attribute, int family, Address *ret) {
        size_t size;
        const void *bytes = attribute_payload(attribute, &size);

        if (!bytes || size != address_bits(family) / 8)
                return false;
        *ret = (Address){ .family = family };
        memcpy(ret->bytes, bytes, size);
        return true;
}

bool attribute_mac(const struct nlattr *attribute, MacAddress *ret) {
        return number_read(attribute, sizeof(*ret), ret) > 0;
}

bool attribute_string(const struct nlattr *attribute, const char **ret) {
        if (!attribute || mnl_attr_validate(attribute, MNL_TYPE_NUL_STRING) < 0)
                return false;
        *ret = mnl_attr_get_str(attribute);
        return true;
}
