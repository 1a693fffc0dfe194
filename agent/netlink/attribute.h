// Attributes of received messages: found by type, and read with their sizes checked.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// The messages must have come through datagram_next, so that they lie within their datagram. A run of attributes ends
// at the first one whose length is impossible.
#pragma once

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include "base/inet.h"
#include "base/util.h"

// Stores the attributes of a run by their type, up to max; NULL for each that is missing.
void attribute_index(const void *run, size_t size, const struct nlattr **ret, uint16_t max);
// The attributes behind a message's family header (struct ifinfomsg ...): -EBADMSG when the message is shorter than
// that header.
int attribute_index_message(const struct nlmsghdr *message, size_t header_size, const struct nlattr **ret,
                            uint16_t max);
// The attributes within an attribute: -ENOENT when that is NULL.
int attribute_index_nested(const struct nlattr *nest, const struct nlattr **ret, uint16_t max);

// One attribute of a run, or within an attribute, which may be NULL; NULL when it is missing.
const struct nlattr *attribute_find(const void *run, size_t size, uint16_t type);
const struct nlattr *attribute_find_nested(const struct nlattr *nest, uint16_t type);
// Takes the next attribute off a run; NULL at its end.
const struct nlattr *attribute_next(const void **run, size_t *size);

// Takes the next hop off the contents of RTA_MULTIPATH, and gives the run of its attributes. 1: there is one; 0: no
// more; -EBADMSG: its length is impossible.
int attribute_next_hop(const void **hops, size_t *size, const struct rtnexthop **ret, const void **ret_run,
                       size_t *ret_run_size);

// The contents of an attribute; NULL and 0 for NULL.
const void *attribute_payload(const struct nlattr *attribute, size_t *ret_size);

// The value of an attribute, which may be NULL. 1: read; 0: it is missing; -EBADMSG: it has another size. *ret then
// stays as it is.
int attribute_u8(const struct nlattr *attribute, uint8_t *ret);
int attribute_u16(const struct nlattr *attribute, uint16_t *ret);
int attribute_u32(const struct nlattr *attribute, uint32_t *ret);
// Big-endian numbers, as all of nfnetlink's are.
int attribute_be16(const struct nlattr *attribute, uint16_t *ret);
int attribute_be32(const struct nlattr *attribute, uint32_t *ret);
int attribute_be64(const struct nlattr *attribute, uint64_t *ret);
// The first size bytes of an attribute that is that large or larger, as structures of newer kernels are.
int attribute_struct(const struct nlattr *attribute, size_t size, void *ret);

// False when the attribute is missing or has not the size of such an address. family: AF_INET or AF_INET6.
bool attribute_address(const struct nlattr *attribute, int family, Address *ret);
bool attribute_mac(const struct nlattr *attribute, MacAddress *ret);
// False when the attribute is missing or does not end with NUL.
bool attribute_string(const struct nlattr *attribute, const char **ret);
