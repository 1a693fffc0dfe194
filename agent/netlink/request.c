// Synchronous netlink requests.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "netlink/request.h"

#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "base/error.h"
#include "base/inet.h"
#include "base/util.h"
#include "netlink/attribute.h"
#include "netlink/datagram.h"

struct Netlink {
        int protocol;
        // -1: an answer was given up. The rest of it could make every later request fail: an unfinished dump keeps
        // the socket busy, and its datagrams fill the buffer. Only another socket is certain to work.
        int fd;
        uint32_t port, sequence;
        size_t buffer_size;
        char *buffer;
};

enum {
        BUFFER_SIZE_FIRST = 32768, // for one part of a dump the kernel fills no more, unless an object is larger
        BUFFER_SIZE_LAST = 4 << 20,
        INTERRUPTED_DUMPS_MAX = 8,
        ANSWER_SECONDS_MAX = 5, // the kernel answers at once or, in a bug, never
        KERNEL_ERRNO_MAX = 4095,
};

// --- the socket ---

// The port, once known, stays the same over all sockets: by it the monitor recognises our own requests.
static int socket_open(Netlink *netlink, Error *ret_error) {
        static const int options[] = { NETLINK_EXT_ACK, NETLINK_CAP_ACK, NETLINK_GET_STRICT_CHK };
        struct timeval patience = { .tv_sec = ANSWER_SECONDS_MAX };
        int fd = datagram_open(netlink->protocol, 0, &netlink->port), on = 1;

        if (fd < 0)
                return error_set(ret_error, fd, "cannot open a netlink socket: %s", strerror(-fd));
        for (size_t i = 0; i < ELEMENTSOF(options); i++)
                (void)setsockopt(fd, SOL_NETLINK, options[i], &on, sizeof(on)); // older kernels lack some
        if (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0) {
                int r = -errno;
                close_fd(&fd);
                return error_set(ret_error, r, "cannot limit the wait for a netlink answer: %s", strerror(-r));
        }
        netlink->fd = fd;
        return 0;
}

int netlink_new(int protocol, Netlink **ret, Error *ret_error) {
        _cleanup_(netlink_freep) Netlink *netlink = calloc(1, sizeof(*netlink));
        if (!netlink)
                return error_set(ret_error, -ENOMEM, "cannot open a netlink socket: out of memory");
        *netlink = (Netlink){ .protocol = protocol, .fd = -1, .buffer_size = BUFFER_SIZE_FIRST };
        netlink->buffer = malloc(BUFFER_SIZE_FIRST);
        if (!netlink->buffer)
                return error_set(ret_error, -ENOMEM, "cannot open a netlink socket: out of memory");

        int r = socket_open(netlink, ret_error);
        if (r < 0)
                return r;
        *ret = TAKE(netlink);
        return 0;
}

Netlink *netlink_free(Netlink *netlink) {
        if (!netlink)
                return NULL;
        close_fd(&netlink->fd);
        free(netlink->buffer);
        free(netlink);
        return NULL;
}

uint32_t netlink_port(const Netlink *netlink) {
        return netlink->port;
}

int netlink_fd(const Netlink *netlink) {
        return netlink->fd;
}

// --- answers ---

// The kernel's own message beside the code that ends an answer, or the text of the errno.
static const char *end_text(const struct nlmsghdr *header, int code) {
        const struct nlmsgerr *error = NLMSG_DATA(header);
        const char *text = strerror(-code);
        size_t skip = NLMSG_HDRLEN + sizeof(code);

        if (header->nlmsg_type == NLMSG_ERROR) {
                skip = NLMSG_HDRLEN + sizeof(*error);
                // Unless the kernel says otherwise, a copy of the request comes first.
                if (!(header->nlmsg_flags & NLM_F_CAPPED) && header->nlmsg_len >= skip)
                        skip += NLMSG_ALIGN(error->msg.nlmsg_len) - sizeof(error->msg);
        }
        if (header->nlmsg_flags & NLM_F_ACK_TLVS && skip < header->nlmsg_len) {
                const char *run = (const char *)header + skip;
                (void)attribute_string(attribute_find(run, header->nlmsg_len - skip, NLMSGERR_ATTR_MSG), &text);
        }
        return text;
}

// The outcome that ends an answer: an error, whose code is 0 in an acknowledgement, or the end of a dump, which can
// carry an error.
static int end_code(const struct nlmsghdr *header) {
        bool is_error = header->nlmsg_type == NLMSG_ERROR;
        size_t needed = NLMSG_HDRLEN + (is_error ? sizeof(struct nlmsgerr) : sizeof(int));
        int code;

        if (header->nlmsg_len < needed)
                return is_error ? -EBADMSG : 0;
        memcpy(&code, NLMSG_DATA(header), sizeof(code));
        return code > 0 || code < -KERNEL_ERRNO_MAX ? -EBADMSG : code;
}

// 1: the answer is complete.
static int message_handle(NetlinkAnswer *answer, const struct nlmsghdr *header, Error *ret_error) {
        if (header->nlmsg_flags & NLM_F_DUMP_INTR)
                answer->is_interrupted = true;
        if (header->nlmsg_type == NLMSG_ERROR || header->nlmsg_type == NLMSG_DONE) {
                int code = answer->result < 0 ? 0 : end_code(header);
                if (code < 0)
                        answer->result = error_set(ret_error, code, "%s", end_text(header, code));
                return 1;
        }
        if (header->nlmsg_type < NLMSG_MIN_TYPE || !answer->handler || answer->result < 0)
                return 0;

        int r = answer->handler(header, answer->userdata);
        if (r < 0)
                answer->result = error_set(ret_error, r, "cannot read the kernel's answer: %s", strerror(-r));
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

static int buffer_grow(Netlink *netlink, size_t size, Error *ret_error) {
        if (size > BUFFER_SIZE_LAST)
                return error_set(ret_error, -EMSGSIZE, "the kernel's answer is too large: %zu bytes", size);
        char *grown = realloc(netlink->buffer, size);
        if (!grown)
                return error_set(ret_error, -ENOMEM, "out of memory");
        netlink->buffer = grown;
        netlink->buffer_size = size;
        return 0;
}

// 1: the answer is complete. 0: the end of a datagram was cut off, and with it perhaps the end of the answer; the
// buffer is large enough for the next time.
static int answer_receive(Netlink *netlink, NetlinkAnswer *answer, Error *ret_error) {
        int r = 0;

        while (r == 0) {
                ssize_t n = datagram_receive(netlink->fd, netlink->buffer, netlink->buffer_size);
                if (n == -EAGAIN)
                        return error_set(ret_error, -ETIMEDOUT, "the kernel did not answer");
                if (n < 0)
                        return error_set(ret_error, (int)n, "cannot receive the kernel's answer: %s",
                                         strerror((int)-n));
                if ((size_t)n > netlink->buffer_size)
                        return buffer_grow(netlink, (size_t)n, ret_error);
                r = netlink_parse(netlink->buffer, (size_t)n, answer, ret_error);
        }
        return r;
}

// --- requests ---

struct nl_msg *netlink_message_new(uint16_t type, uint16_t flags, const void *header, size_t size) {
        struct nl_msg *message = nlmsg_alloc_simple(type, flags);
        void *payload = message ? nlmsg_reserve(message, size, NLMSG_ALIGNTO) : NULL;

        if (!payload) {
                nlmsg_free(message);
                return NULL;
        }
        memcpy(payload, header, size);
        return message;
}

struct nl_addr *netlink_address_new(const Address *address, unsigned length) {
        struct nl_addr *built = nl_addr_build(address->family, address->bytes, address_bits(address->family) / 8);
        if (built)
                nl_addr_set_prefixlen(built, (int)length);
        return built;
}

static int transact(Netlink *netlink, struct nl_msg *message, uint16_t flags, NetlinkAnswer *answer, Error *ret_error) {
        struct nlmsghdr *header = nlmsg_hdr(message);
        int r = netlink->fd < 0 ? socket_open(netlink, ret_error) : 0;
        if (r < 0)
                return r;

        header->nlmsg_flags |= flags;
        header->nlmsg_seq = answer->sequence = ++netlink->sequence;
        header->nlmsg_pid = 0;
        if (send(netlink->fd, header, header->nlmsg_len, 0) < 0)
                return error_set(ret_error, -errno, "cannot send to the kernel: %m");

        r = answer_receive(netlink, answer, ret_error);
        if (r <= 0 || answer->result == -EBADMSG) {
                close_fd(&netlink->fd);
                // At once, before another socket of this process takes the port. If that fails, the next request tries.
                (void)socket_open(netlink, NULL);
        }
        if (r == 0)
                answer->is_interrupted = true;
        return r < 0 ? r : answer->result;
}

int netlink_request(Netlink *netlink, struct nl_msg *message, Error *ret_error) {
        _cleanup_nl_msg_ _unused_ struct nl_msg *owned = message;
        NetlinkAnswer answer = {};

        if (!message)
                return error_set(ret_error, -ENOMEM, "out of memory");
        int r = transact(netlink, message, NLM_F_REQUEST | NLM_F_ACK, &answer, ret_error);
        if (r < 0)
                return r;
        if (answer.is_interrupted)
                return error_set(ret_error, -EMSGSIZE, "the end of the kernel's answer was cut off");
        return 0;
}

int netlink_query(Netlink *netlink, struct nl_msg *message, NetlinkHandler handler, void (*restart)(void *userdata),
                  void *userdata, Error *ret_error) {
        _cleanup_nl_msg_ _unused_ struct nl_msg *owned = message;

        if (!message)
                return error_set(ret_error, -ENOMEM, "out of memory");

        // A get is acknowledged too, so that both forms have an end.
        uint16_t flags = NLM_F_REQUEST;
        if (!(nlmsg_hdr(message)->nlmsg_flags & NLM_F_DUMP))
                flags |= NLM_F_ACK;
        for (unsigned i = 0; i < INTERRUPTED_DUMPS_MAX; i++) {
                NetlinkAnswer answer = { .handler = handler, .userdata = userdata };

                if (i > 0 && restart)
                        restart(userdata);
                if (i > 0 && ret_error)
                        *ret_error = (Error){};
                int r = transact(netlink, message, flags, &answer, ret_error);
                // nftables refuses a dump with EINTR when the table disappeared meanwhile.
                if (r != -EINTR && (r < 0 || !answer.is_interrupted))
                        return r;
        }
        return error_set(ret_error, -EAGAIN, "the kernel's tables changed during every one of %d readings",
                         INTERRUPTED_DUMPS_MAX);
}

// --- the names of links ---

typedef struct LinkIdentity {
        int index;
        char name[IFNAMSIZ];
} LinkIdentity;

static int link_identity_read(const struct nlmsghdr *header, void *userdata) {
        LinkIdentity *identity = userdata;
        const struct nlattr *attributes[IFLA_IFNAME + 1];
        const struct ifinfomsg *info = NLMSG_DATA(header);
        const char *name;

        if (header->nlmsg_type != RTM_NEWLINK ||
            attribute_index_message(header, sizeof(*info), attributes, IFLA_IFNAME) < 0)
                return -EBADMSG;
        identity->index = info->ifi_index;
        if (attribute_string(attributes[IFLA_IFNAME], &name))
                strcpy_fixed(identity->name, name);
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
        if (r < 0)
                return r;
        // The request was acknowledged, but the answer was lost. Index 0 in a change would mean all links of a group.
        if (ret->index <= 0 || !ret->name[0])
                return error_set(ret_error, -EIO, "the kernel's answer was lost");
        return 0;
}

int netlink_link_index(Netlink *netlink, const char *name, int *ret_index, Error *ret_error) {
        LinkIdentity identity = {};
        int r = link_identity_query(netlink, 0, name, &identity, ret_error);
        if (r < 0) {
                error_prefix(ret_error, "cannot look up the link %s", name);
                return r;
        }
        // The kernel finds links by their alternative names, too. Whatever was meant for this name is not for that
        // link.
        if (!streq(identity.name, name))
                return error_set(
                        ret_error, -ENODEV,
                        "cannot look up the link %s: it is an alternative name of %s; use that name, or remove "
                        "it with: ip link property del dev %s altname %s",
                        name, identity.name, identity.name, name);
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
