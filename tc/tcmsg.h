// Traffic control messages, written and read: what qdisc.c, class.c and filter.c share.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <linux/rtnetlink.h>

#include "base/util.h"

// A message about an object of a link; kind may be NULL. NULL when memory is out.
struct nl_msg *tc_message_new(uint16_t type, uint16_t flags, const struct tcmsg *header, const char *kind);
// Ends a message, in which ok tells whether every attribute found room: the message, or NULL after freeing it.
struct nl_msg *tc_message_end(struct nl_msg *message, bool ok);

// One received object; the pointers are into the message.
typedef struct TcMessage {
        const struct tcmsg *header;
        const char *kind;    // "" where the kernel names none
        const void *options; // what TCA_OPTIONS holds
        size_t options_size;
        uint32_t chain;
} TcMessage;

// -EBADMSG when it is no message of that type.
int tc_message_read(const struct nlmsghdr *header, uint16_t type, TcMessage *ret);

// Of RTM_NEWTFILTER: whether it is one. Each priority comes with a message of its own, without options, and each hash table
// of u32 with one that has a divisor.
bool tc_message_is_filter(const TcMessage *message);

// The contents of an attribute that is at least size bytes long, or NULL.
const void *tc_attribute_data(const void *attributes, size_t attributes_size, uint16_t type, size_t size);
// An attribute of 32 bits, or what to take where there is none.
uint32_t tc_attribute_u32(const void *attributes, size_t attributes_size, uint16_t type, uint32_t otherwise);
