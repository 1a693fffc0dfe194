// Messages of traffic control, written and read.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <linux/rtnetlink.h>

#include "base/util.h"

// A message about an object of a link; kind may be NULL. NULL when memory is out.
struct nl_msg *tc_message_new(uint16_t type, uint16_t flags, const struct tcmsg *header, const char *kind);
// Ends a message; ok: every attribute found room. The message, or NULL after freeing it.
struct nl_msg *tc_message_end(struct nl_msg *message, bool ok);

// A received object; the pointers are into the message.
typedef struct TcMessage {
        const struct tcmsg *header;
        const char *kind;             // "" where the kernel names none
        const struct nlattr *options; // TCA_OPTIONS; NULL: none
        uint32_t chain;
} TcMessage;

// -EBADMSG when the message is malformed or not of that type.
int tc_message_read(const struct nlmsghdr *header, uint16_t type, TcMessage *ret);

// Whether a message of RTM_NEWTFILTER is about a filter. The kernel also sends one without options for each priority,
// and one with a divisor for each hash table of u32.
bool tc_message_is_filter(const TcMessage *message);
