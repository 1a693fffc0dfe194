// The request socket: synchronous netlink; every answer is checked to be the kernel's and whole.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <linux/netlink.h>
#include <netlink/msg.h>

#include "base/error.h"
#include "base/util.h"

typedef struct Netlink Netlink;

// protocol: NETLINK_ROUTE, NETLINK_SOCK_DIAG ...
int netlink_new(int protocol, Netlink **ret, Error *ret_error);
Netlink *netlink_free(Netlink *netlink);
static inline void netlink_freep(Netlink **netlink) {
        *netlink = netlink_free(*netlink);
}

// The netlink port id that our own requests bear, so that notifications of our own changes can be told from others'.
uint32_t netlink_port(const Netlink *netlink);

// One message of an answer. Returning a negative errno ends the dump with it.
typedef int (*NetlinkHandler)(const struct nlmsghdr *header, void *userdata);

// An answer on its way.
typedef struct NetlinkAnswer {
        uint32_t sequence; // of the request
        NetlinkHandler handler;
        void *userdata;
        bool is_interrupted;
        int result;
} NetlinkAnswer;

// Takes one datagram apart. 1: the answer is complete, and result what it came to; 0: there is more to come; or -EBADMSG.
int netlink_parse(const void *datagram, size_t size, NetlinkAnswer *answer, Error *ret_error);

// Sends a request and waits for its acknowledgement; consumes the message. NLM_F_REQUEST and NLM_F_ACK are added.
// Returns 0 or the kernel's negative errno, with what the kernel said (extack) as error's text.
int netlink_request(Netlink *netlink, struct nl_msg *message, Error *ret_error);
// Like netlink_request, for a request that is answered with messages: a get, or with NLM_F_DUMP in its flags a dump.
// A dump that was interrupted (NLM_F_DUMP_INTR) is asked for again, a few times, then -EAGAIN; the handler must
// therefore expect restart to be called first: it forgets what it has collected. restart may be NULL.
int netlink_query(Netlink *netlink, struct nl_msg *message, NetlinkHandler handler, void (*restart)(void *userdata),
                  void *userdata, Error *ret_error);

// A message of this type whose payload starts with header; NULL when memory is out.
struct nl_msg *netlink_message_new(uint16_t type, uint16_t flags, const void *header, size_t size);
// Finds attribute type in a run of attributes; NULL where there is none. Never reads past size.
const struct nlattr *netlink_attribute_find(const void *attributes, size_t size, uint16_t type);

static inline void nl_msg_freep(struct nl_msg **message) {
        nlmsg_free(*message);
        *message = NULL;
}
#define _cleanup_nl_msg_ _cleanup_(nl_msg_freep)

// The kernel's index of a link, or -ENODEV; and its name, or -ENODEV (ret is then untouched).
int netlink_link_index(Netlink *netlink, const char *name, int *ret_index, Error *ret_error);
int netlink_link_name(Netlink *netlink, int index, char ret[static 16], Error *ret_error);
