// An older kernel, which does not tell everything that it was given: LD_PRELOAD=libunshown.so UNSHOWN="WORD..."
// SPDX-License-Identifier: GPL-2.0-or-later
//
// A word is TYPE/ATTRIBUTE[/ATTRIBUTE], with numbers of messages and attributes: this attribute is not in the messages
// that are received. With :OFFSET behind it, the attribute is there, and its four bytes at that offset are 0. A message
// of nftables has the type 2560 + NFT_MSG_*, one of sock_diag 1000 + its type.
//
// With NO_EGRESS in the environment, the kernel refuses a chain at the egress hook of the family netdev, as one before
// 5.16 does: EOPNOTSUPP. The number of the hook is changed to one that no kernel has, while the message is sent.

#include <arpa/inet.h>
#include <dlfcn.h>
#include <linux/inet_diag.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define NEXT(function) ((__typeof__(&function))dlsym(RTLD_NEXT, #function))

enum { NO_ATTRIBUTE = 0x3ffe, DIAG_TYPES = 1000 };

typedef struct Word {
        unsigned type, outer, inner; // inner 0: none
        int offset;                  // -1: none
} Word;

static bool is_netlink(int fd) {
        int domain = 0;
        socklen_t size = sizeof(domain);

        return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && domain == AF_NETLINK;
}

// What is added to the types of messages, so that each has one meaning.
static unsigned types_from(int fd) {
        int protocol = 0;
        socklen_t size = sizeof(protocol);

        (void)getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &size);
        return protocol == NETLINK_SOCK_DIAG ? DIAG_TYPES : 0;
}

static size_t header_size(unsigned type) {
        if (type >= 2560)
                return 4; // nfgenmsg
        if (type >= DIAG_TYPES)
                return sizeof(struct inet_diag_msg);
        switch (type & ~3U) {
        case 16:
                return 16; // ifinfomsg
        case 20:
                return 8; // ifaddrmsg
        case 24:
        case 28:
                return 12; // rtmsg, ndmsg
        default:
                return 20; // tcmsg
        }
}

static void attribute_hide(char *data, size_t size, const Word *word, unsigned wanted, bool is_inner) {
        while (size >= sizeof(struct nlattr)) {
                struct nlattr *attribute = (struct nlattr *)data;
                size_t step = NLA_ALIGN(attribute->nla_len);

                if (attribute->nla_len < sizeof(*attribute) || step > size)
                        return;
                if ((attribute->nla_type & NLA_TYPE_MASK) == wanted) {
                        if (word->inner && !is_inner)
                                attribute_hide(data + NLA_HDRLEN, attribute->nla_len - NLA_HDRLEN, word, word->inner,
                                               true);
                        else if (word->offset < 0)
                                attribute->nla_type = NO_ATTRIBUTE;
                        else if (attribute->nla_len >= NLA_HDRLEN + word->offset + 4)
                                memset(data + NLA_HDRLEN + word->offset, 0, 4);
                }
                data += step;
                size -= step;
        }
}

static void messages_hide(char *data, size_t size, unsigned types, const Word *word) {
        while (size >= sizeof(struct nlmsghdr)) {
                struct nlmsghdr *header = (struct nlmsghdr *)data;
                size_t step = NLMSG_ALIGN(header->nlmsg_len),
                       skip = NLMSG_HDRLEN + header_size(types + header->nlmsg_type);

                if (header->nlmsg_len < sizeof(*header) || step > size)
                        return;
                if (types + header->nlmsg_type == word->type && header->nlmsg_len > skip)
                        attribute_hide(data + skip, header->nlmsg_len - skip, word, word->outer, false);
                data += step;
                size -= step;
        }
}

static void hide(char *data, size_t size, unsigned types) {
        const char *words = getenv("UNSHOWN");

        while (words && *words) {
                Word word = { .offset = -1 };
                int n = 0;

                if (sscanf(words, "%u/%u%n/%u%n", &word.type, &word.outer, &n, &word.inner, &n) < 2)
                        abort();
                words += n;
                if (*words == ':') {
                        word.offset = atoi(words + 1);
                        words += strcspn(words, " ");
                }
                words += strspn(words, " ");
                messages_hide(data, size, types, &word);
        }
}

// --- requests ---

enum { NEWCHAIN = 2560 + NFT_MSG_NEWCHAIN, NO_HOOK = 7 };

static struct nlattr *attribute_find(char *data, size_t size, unsigned wanted) {
        while (size >= sizeof(struct nlattr)) {
                struct nlattr *attribute = (struct nlattr *)data;
                size_t step = NLA_ALIGN(attribute->nla_len);

                if (attribute->nla_len < sizeof(*attribute) || step > size)
                        return NULL;
                if ((attribute->nla_type & NLA_TYPE_MASK) == wanted)
                        return attribute;
                data += step;
                size -= step;
        }
        return NULL;
}

static void hook_change(struct nlmsghdr *header) {
        const size_t skip = NLMSG_HDRLEN + sizeof(struct nfgenmsg);
        const struct nfgenmsg *info = NLMSG_DATA(header);
        struct nlattr *hook, *number;

        if (header->nlmsg_type != NEWCHAIN || header->nlmsg_len < skip || info->nfgen_family != NFPROTO_NETDEV)
                return;
        hook = attribute_find((char *)header + skip, header->nlmsg_len - skip, NFTA_CHAIN_HOOK);
        number = hook ? attribute_find((char *)hook + NLA_HDRLEN, hook->nla_len - NLA_HDRLEN, NFTA_HOOK_HOOKNUM) : NULL;
        if (number && *(uint32_t *)((char *)number + NLA_HDRLEN) == htonl(NF_NETDEV_EGRESS))
                *(uint32_t *)((char *)number + NLA_HDRLEN) = htonl(NO_HOOK);
}

static void requests_change(char *data, size_t size) {
        while (size >= sizeof(struct nlmsghdr)) {
                struct nlmsghdr *header = (struct nlmsghdr *)data;
                size_t step = NLMSG_ALIGN(header->nlmsg_len);

                if (header->nlmsg_len < sizeof(*header) || step > size)
                        return;
                hook_change(header);
                data += step;
                size -= step;
        }
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags) {
        if (getenv("NO_EGRESS") && is_netlink(fd))
                for (size_t i = 0; i < message->msg_iovlen; i++)
                        requests_change(message->msg_iov[i].iov_base, message->msg_iov[i].iov_len);
        return NEXT(sendmsg)(fd, message, flags);
}

// --- answers ---

ssize_t recvmsg(int fd, struct msghdr *message, int flags) {
        ssize_t n = NEXT(recvmsg)(fd, message, flags);

        if (n > 0 && is_netlink(fd) && (size_t)n <= message->msg_iov[0].iov_len)
                hide(message->msg_iov[0].iov_base, (size_t)n, types_from(fd));
        return n;
}

ssize_t recvfrom(int fd, void *data, size_t size, int flags, struct sockaddr *address, socklen_t *length) {
        ssize_t n = NEXT(recvfrom)(fd, data, size, flags, address, length);

        if (n > 0 && is_netlink(fd) && (size_t)n <= size)
                hide(data, (size_t)n, types_from(fd));
        return n;
}
