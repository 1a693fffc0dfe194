// The request socket.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "netlink/request.h"

#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "base/error.h"
#include "base/util.h"
#include "netlink/datagram.h"

struct Netlink {
        struct nl_sock *socket;
        int protocol;
        // An answer was given up. What is left of it can make every request to come fail: a dump that was not taken in to its
        // end keeps the socket busy, and its datagrams fill the buffer. Nothing but another socket helps for certain.
        bool spent;
        uint32_t port, sequence;
        size_t buffer_size;
        char *buffer;
};

enum {
        BUFFER_SIZE_FIRST = 32768, // what the kernel fills for one part of a dump
        BUFFER_SIZE_LAST = 4 << 20,
        INTERRUPTED_DUMPS_MAX = 8,
        ANSWER_SECONDS_MAX = 5, // the kernel answers at once or, in a bug, never
};

// With this port, or with any where it is 0.
static int socket_open(Netlink *netlink, uint32_t port, Error *ret_error) {
        netlink->socket = nl_socket_alloc();
        if (!netlink->socket)
                return error_set(ret_error, -ENOMEM, "cannot open a netlink socket: out of memory");
        if (port)
                nl_socket_set_local_port(netlink->socket, port);
        int r = nl_connect(netlink->socket, netlink->protocol);
        if (r < 0)
                return error_set(ret_error, -EPROTO, "cannot open a netlink socket: %s", nl_geterror(r));

        int fd = nl_socket_get_fd(netlink->socket), on = 1;
        struct timeval patience = { .tv_sec = ANSWER_SECONDS_MAX };
        (void)setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
        (void)setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
        (void)setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof(on));
        (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
        return 0;
}

// The port stays: by it the monitor knows our own requests.
static int socket_renew(Netlink *netlink, Error *ret_error) {
        uint32_t port = netlink->port;

        nl_socket_free(netlink->socket);
        netlink->socket = NULL;
        int r = socket_open(netlink, port, ret_error);
        netlink->spent = r < 0;
        return r;
}

int netlink_new(int protocol, Netlink **ret, Error *ret_error) {
        _cleanup_(netlink_freep) Netlink *netlink = calloc(1, sizeof(*netlink));
        if (!netlink || !(netlink->buffer = malloc(BUFFER_SIZE_FIRST)))
                return error_set(ret_error, -ENOMEM, "cannot open a netlink socket: out of memory");
        netlink->protocol = protocol;
        netlink->buffer_size = BUFFER_SIZE_FIRST;

        int r = socket_open(netlink, 0, ret_error);
        if (r < 0)
                return r;
        netlink->port = nl_socket_get_local_port(netlink->socket);
        *ret = TAKE(netlink);
        return 0;
}

Netlink *netlink_free(Netlink *netlink) {
        if (!netlink)
                return NULL;
        nl_socket_free(netlink->socket);
        free(netlink->buffer);
        free(netlink);
        return NULL;
}

uint32_t netlink_port(const Netlink *netlink) {
        return netlink->port;
}

struct nl_msg *netlink_message_new(uint16_t type, uint16_t flags, const void *header, size_t size) {
        struct nl_msg *message = nlmsg_alloc_simple(type, flags);
        if (message && nlmsg_append(message, (void *)header, size, NLMSG_ALIGNTO) < 0) {
                nlmsg_free(message);
                return NULL;
        }
        return message;
}

const struct nlattr *netlink_attribute_find(const void *attributes, size_t size, uint16_t type) {
        const char *at = attributes;

        while (size >= sizeof(struct nlattr)) {
                const struct nlattr *attribute = (const struct nlattr *)at;
                if (attribute->nla_len < sizeof(*attribute) || attribute->nla_len > size)
                        return NULL;
                if ((attribute->nla_type & NLA_TYPE_MASK) == type)
                        return attribute;
                size_t step = NLA_ALIGN(attribute->nla_len);
                if (step > size)
                        return NULL;
                at += step;
                size -= step;
        }
        return NULL;
}

static int buffer_grow(Netlink *netlink, size_t size, Error *ret_error) {
        if (size > BUFFER_SIZE_LAST)
                return error_set(ret_error, -EMSGSIZE, "the kernel's answer is too large");
        char *grown = realloc(netlink->buffer, size);
        if (!grown)
                return error_set(ret_error, -ENOMEM, "out of memory");
        netlink->buffer = grown;
        netlink->buffer_size = size;
        return 0;
}

// What the kernel says beside the number, where it says anything.
static const char *error_message_text(const struct nlmsghdr *header, int code) {
        const struct nlmsgerr *answer = NLMSG_DATA(header);

        if (!(header->nlmsg_flags & NLM_F_ACK_TLVS) || header->nlmsg_len < NLMSG_LENGTH(sizeof(*answer)))
                return strerror(-code);

        size_t skip = NLMSG_HDRLEN + sizeof(*answer);
        if (!(header->nlmsg_flags & NLM_F_CAPPED))
                skip += NLMSG_ALIGN(answer->msg.nlmsg_len) - sizeof(answer->msg);
        if (skip >= header->nlmsg_len)
                return strerror(-code);

        const struct nlattr *text = netlink_attribute_find((const char *)header + skip, header->nlmsg_len - skip,
                                                           NLMSGERR_ATTR_MSG);
        if (!text || text->nla_len <= NLA_HDRLEN || memchr((const char *)text + NLA_HDRLEN, '\0', text->nla_len - NLA_HDRLEN) == NULL)
                return strerror(-code);
        return (const char *)text + NLA_HDRLEN;
}

// 1: the answer is complete, answer->result is what it came to.
static int message_handle(NetlinkAnswer *answer, const struct nlmsghdr *header, Error *ret_error) {
        if (header->nlmsg_flags & NLM_F_DUMP_INTR)
                answer->is_interrupted = true;

        if (header->nlmsg_type == NLMSG_ERROR || header->nlmsg_type == NLMSG_DONE) {
                bool is_error = header->nlmsg_type == NLMSG_ERROR;
                size_t needed = NLMSG_HDRLEN + (is_error ? sizeof(struct nlmsgerr) : sizeof(int));
                int code = header->nlmsg_len >= needed ? *(const int *)NLMSG_DATA(header) : is_error ? -EBADMSG : 0;
                if (code < -4095) // none of the kernel's, and the least int cannot be negated
                        code = -EBADMSG;
                if (code < 0 && answer->result >= 0)
                        answer->result = error_set(ret_error, code, "%s",
                                                   is_error ? error_message_text(header, code) : strerror(-code));
                return 1;
        }
        if (header->nlmsg_type < NLMSG_MIN_TYPE)
                return 0;
        if (answer->handler && answer->result >= 0) {
                int r = answer->handler(header, answer->userdata);
                if (r < 0)
                        answer->result = error_set(ret_error, r, "cannot read the kernel's answer: %s", strerror(-r));
        }
        return 0;
}

int netlink_parse(const void *datagram, size_t size, NetlinkAnswer *answer, Error *ret_error) {
        const struct nlmsghdr *header;
        int r;

        while ((r = datagram_next(&datagram, &size, &header)) > 0)
                if (header->nlmsg_seq == answer->sequence && message_handle(answer, header, ret_error) > 0)
                        return 1;
        return r < 0 ? error_set(ret_error, r, "the kernel's answer is malformed") : 0;
}

static int answer_receive(Netlink *netlink, NetlinkAnswer *answer, Error *ret_error) {
        int r = 0;

        while (r == 0) {
                ssize_t n = datagram_receive(nl_socket_get_fd(netlink->socket), netlink->buffer, netlink->buffer_size);
                if (n == -EAGAIN)
                        return error_set(ret_error, -ETIMEDOUT, "the kernel did not answer");
                if (n < 0)
                        return error_set(ret_error, (int)n, "cannot receive the kernel's answer: %s", strerror((int)-n));
                if ((size_t)n > netlink->buffer_size) {
                        // Its end is lost: take the rest of the answer in, and have it once more with room for all.
                        r = buffer_grow(netlink, (size_t)n, ret_error);
                        answer->is_interrupted = true;
                } else
                        r = netlink_parse(netlink->buffer, (size_t)n, answer, ret_error);
        }
        return r < 0 ? r : 0;
}

static int transact(Netlink *netlink, struct nl_msg *message, uint16_t flags, NetlinkAnswer *answer, Error *ret_error) {
        struct nlmsghdr *header = nlmsg_hdr(message);
        int r = netlink->spent ? socket_renew(netlink, ret_error) : 0;
        if (r < 0)
                return r;

        header->nlmsg_flags |= flags;
        header->nlmsg_seq = answer->sequence = ++netlink->sequence;
        header->nlmsg_pid = 0;
        if (send(nl_socket_get_fd(netlink->socket), header, header->nlmsg_len, 0) < 0)
                return error_set(ret_error, -errno, "cannot send to the kernel: %m");

        r = answer_receive(netlink, answer, ret_error);
        netlink->spent = r < 0;
        return r < 0 ? r : answer->result;
}

int netlink_request(Netlink *netlink, struct nl_msg *message, Error *ret_error) {
        _cleanup_nl_msg_ _unused_ struct nl_msg *owned = message;
        NetlinkAnswer answer = {};

        if (!message)
                return error_set(ret_error, -ENOMEM, "out of memory");
        return transact(netlink, message, NLM_F_REQUEST | NLM_F_ACK, &answer, ret_error);
}

int netlink_query(Netlink *netlink, struct nl_msg *message, NetlinkHandler handler, void (*restart)(void *userdata),
                  void *userdata, Error *ret_error) {
        _cleanup_nl_msg_ _unused_ struct nl_msg *owned = message;

        if (!message)
                return error_set(ret_error, -ENOMEM, "out of memory");

        // A plain get is acknowledged too, so that both forms end alike.
        uint16_t flags = NLM_F_REQUEST;
        if (!(nlmsg_hdr(message)->nlmsg_flags & NLM_F_DUMP))
                flags |= NLM_F_ACK;
        for (unsigned i = 0; i < INTERRUPTED_DUMPS_MAX; i++) {
                if (restart)
                        restart(userdata);
                NetlinkAnswer answer = { .handler = handler, .userdata = userdata };
                int r = transact(netlink, message, flags, &answer, ret_error);
                if (r < 0 || !answer.is_interrupted)
                        return r;
        }
        return error_set(ret_error, -EAGAIN, "the kernel's tables changed during every one of %d readings",
                         INTERRUPTED_DUMPS_MAX);
}

typedef struct LinkIdentity {
        int index;
        char name[IFNAMSIZ];
} LinkIdentity;

static int link_identity_read(const struct nlmsghdr *header, void *userdata) {
        LinkIdentity *identity = userdata;

        if (header->nlmsg_type != RTM_NEWLINK || header->nlmsg_len < NLMSG_LENGTH(sizeof(struct ifinfomsg)))
                return -EBADMSG;
        const struct ifinfomsg *info = NLMSG_DATA(header);
        const struct nlattr *name = netlink_attribute_find((const char *)info + NLMSG_ALIGN(sizeof(*info)),
                                                           header->nlmsg_len - NLMSG_SPACE(sizeof(*info)), IFLA_IFNAME);
        identity->index = info->ifi_index;
        if (name)
                (void)snprintf(identity->name, sizeof(identity->name), "%.*s", name->nla_len - NLA_HDRLEN,
                               (const char *)name + NLA_HDRLEN);
        return 0;
}

static int link_identity_query(Netlink *netlink, int index, const char *name, LinkIdentity *ret, Error *ret_error) {
        struct ifinfomsg info = { .ifi_index = index };
        struct nl_msg *message = netlink_message_new(RTM_GETLINK, 0, &info, sizeof(info));
        if (message)
                (void)nla_put_u32(message, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
        if (message && name)
                (void)nla_put_string(message, IFLA_IFNAME, name);
        int r = netlink_query(netlink, message, link_identity_read, NULL, ret, ret_error);
        // Acknowledged, and the answer itself was lost. Number 0 in a request that changes is every link of a group.
        if (r >= 0 && (ret->index <= 0 || !ret->name[0]))
                return error_set(ret_error, -EIO, "the kernel's answer was lost");
        return r;
}

int netlink_link_index(Netlink *netlink, const char *name, int *ret_index, Error *ret_error) {
        LinkIdentity identity = {};
        int r = link_identity_query(netlink, 0, name, &identity, ret_error);
        if (r < 0) {
                error_prefix(ret_error, "cannot look up the link %s", name);
                return r;
        }
        *ret_index = identity.index;
        return 0;
}

int netlink_link_name(Netlink *netlink, int index, char ret[static 16], Error *ret_error) {
        LinkIdentity identity = {};
        int r = link_identity_query(netlink, index, NULL, &identity, ret_error);
        if (r < 0) {
                error_prefix(ret_error, "cannot look up link number %d", index);
                return r;
        }
        memcpy(ret, identity.name, IFNAMSIZ);
        return 0;
}
