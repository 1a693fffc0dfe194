// Synchronous netlink requests of any protocol: each answer is checked to be the kernel's, whole and the right one.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <linux/netlink.h>
#include <netlink/addr.h>
#include <netlink/msg.h>

#include "base/error.h"
#include "base/inet.h"
#include "base/util.h"

typedef struct Netlink Netlink;

// protocol: NETLINK_ROUTE, NETLINK_NETFILTER, NETLINK_SOCK_DIAG ...
int netlink_new(int protocol, Netlink **ret, Error *ret_error);
Netlink *netlink_free(Netlink *netlink);
static inline void netlink_freep(Netlink **netlink) {
        *netlink = netlink_free(*netlink);
}

// The netlink port id of our own requests, by which notifications of our own changes are recognised. It never changes.
uint32_t netlink_port(const Netlink *netlink);
// The socket, for what the kernel sends to it beside answers; -1 after an answer was given up, until the next request.
int netlink_fd(const Netlink *netlink);

// Handles one message of an answer. A negative errno becomes the result of the request; the rest of the answer is
// then skipped.
typedef int (*NetlinkHandler)(const struct nlmsghdr *header, void *userdata);

// An answer while it arrives.
typedef struct NetlinkAnswer {
        uint32_t sequence; // of the request
        NetlinkHandler handler;
        void *userdata;
        bool is_interrupted; // the kernel's tables changed during the dump, or a part of the answer was cut off
        int result;          // 0, or what the kernel or the handler said
} NetlinkAnswer;

// Parses one datagram. 1: the answer is complete and answer->result is its outcome; 0: more is to come; or -EBADMSG.
int netlink_parse(const void *datagram, size_t size, NetlinkAnswer *answer, Error *ret_error);

// Sends a request and waits for its acknowledgement; frees the message. NLM_F_REQUEST and NLM_F_ACK are added.
// Returns 0 or the kernel's negative errno, with the kernel's own message (extack) as error's text.
int netlink_request(Netlink *netlink, struct nl_msg *message, Error *ret_error);
// Like netlink_request, for a request that is answered with messages: a get, or with NLM_F_DUMP in its flags a dump.
// An interrupted answer (NLM_F_DUMP_INTR, EINTR, or larger than the buffer) is requested again, a few times, then
// -EAGAIN. Before each repetition restart, which may be NULL, forgets what the handler has collected.
int netlink_query(Netlink *netlink, struct nl_msg *message, NetlinkHandler handler, void (*restart)(void *userdata),
                  void *userdata, Error *ret_error);

// A message of this type whose payload starts with header; NULL when memory is out.
struct nl_msg *netlink_message_new(uint16_t type, uint16_t flags, const void *header, size_t size);

static inline void nl_msg_freep(struct nl_msg **message) {
        nlmsg_free(*message);
        *message = NULL;
}
#define _cleanup_nl_msg_ _cleanup_(nl_msg_freep)

// An address or network for a request of libnl-route-3; NULL when memory is out.
struct nl_addr *netlink_address_new(const Address *address, unsigned length);
static inline void nl_addr_freep(struct nl_addr **address) {
        nl_addr_put(*address);
        *address = NULL;
}
#define _cleanup_nl_addr_ _cleanup_(nl_addr_freep)

// The kernel's index of a link, or -ENODEV, also where this is an alternative name of a link; and its name, or -ENODEV
// (ret is then untouched).
int netlink_link_index(Netlink *netlink, const char *name, int *ret_index, Error *ret_error);
int netlink_link_name(Netlink *netlink, int index, char ret[static 16], Error *ret_error);
