// Lasting faults in a process's netlink: LD_PRELOAD=librefuse.so REFUSE_FILE=PATH
// SPDX-License-Identifier: GPL-2.0-or-later
//
// While the file is there, each of its words is in force:
//
//     newlink, delneigh...         the kernel refuses every request of this type; newlink makes a link, setlink changes
//     one newtclass@ifb-mig0           every request of this type about this link nftables                     every
//     nftables transaction nftables:TEXT                every nftables transaction that contains this text
//     interrupted-rtnetlink        every dump of rtnetlink is interrupted and lacks its objects
//     interrupted-nftables         every dump of nftables
//
// The refusal is the kernel's own: the request is sent without CAP_NET_ADMIN. The process says `refused` each time.

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NEXT(function) ((__typeof__(&function))dlsym(RTLD_NEXT, #function))

// --- the words in force ---

typedef bool (*WordMatcher)(const char *word, const void *userdata);

static bool any_word(WordMatcher matches, const void *userdata) {
        const char *path = getenv("REFUSE_FILE");
        char words[256], *rest;
        int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
        ssize_t n = fd < 0 ? 0 : read(fd, words, sizeof(words) - 1);

        if (fd >= 0)
                (void)close(fd);
        words[n > 0 ? n : 0] = '\0';
        for (char *word = strtok_r(words, " \n", &rest); word; word = strtok_r(NULL, " \n", &rest))
                if (matches(word, userdata))
                        return true;
        return false;
}

static bool is_word(const char *word, const void *userdata) {
        return strcmp(word, userdata) == 0;
}

// --- which requests are refused ---

typedef struct Request {
        const char *data;
        size_t size;
} Request;

static const char *request_name(const struct nlmsghdr *header) {
        static const char *const names[] = {
                [RTM_NEWLINK] = "newlink",     [RTM_DELLINK] = "dellink",       [RTM_SETLINK] = "setlink",
                [RTM_NEWADDR] = "newaddr",     [RTM_DELADDR] = "deladdr",       [RTM_NEWROUTE] = "newroute",
                [RTM_DELROUTE] = "delroute",   [RTM_NEWNEIGH] = "newneigh",     [RTM_DELNEIGH] = "delneigh",
                [RTM_NEWQDISC] = "newqdisc",   [RTM_DELQDISC] = "delqdisc",     [RTM_NEWTCLASS] = "newtclass",
                [RTM_DELTCLASS] = "deltclass", [RTM_NEWTFILTER] = "newtfilter", [RTM_DELTFILTER] = "deltfilter",
        };

        // The type RTM_NEWLINK changes links, too.
        if (header->nlmsg_type == RTM_NEWLINK && !(header->nlmsg_flags & NLM_F_CREATE))
                return names[RTM_SETLINK];
        return header->nlmsg_type < sizeof(names) / sizeof(names[0]) ? names[header->nlmsg_type] : NULL;
}

// The index of the link is the second number of these messages but a route's. A link that is made has a name alone.
static bool is_about_link(const struct nlmsghdr *header, const char *link) {
        int index;

        if (header->nlmsg_len < NLMSG_LENGTH(2 * sizeof(index)))
                return false;
        memcpy(&index, (const char *)NLMSG_DATA(header) + sizeof(index), sizeof(index));
        return index > 0 ? index == (int)if_nametoindex(link)
                         : memmem(header, header->nlmsg_len, link, strlen(link) + 1) != NULL;
}

static bool names_request(const char *word, const void *userdata) {
        const Request *request = userdata;
        const struct nlmsghdr *header = (const struct nlmsghdr *)request->data;
        const char *name = request_name(header), *at = strchrnul(word, '@');

        return name && strlen(name) == (size_t)(at - word) && memcmp(word, name, strlen(name)) == 0 &&
               header->nlmsg_len <= request->size && (!*at || is_about_link(header, at + 1));
}

static bool names_transaction(const char *word, const void *userdata) {
        const Request *request = userdata;
        const char *text = strchrnul(word, ':');

        return strncmp(word, "nftables", (size_t)(text - word)) == 0 &&
               (!*text || memmem(request->data, request->size, text + 1, strlen(text + 1)));
}

static int protocol_of(int fd) {
        int domain = 0, protocol = -1;
        socklen_t size = sizeof(domain);

        if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) < 0 || domain != AF_NETLINK ||
            getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &size) < 0)
                return -1;
        return protocol;
}

static bool is_refused(int protocol, const Request *request) {
        const struct nlmsghdr *header = (const struct nlmsghdr *)request->data;

        if (request->size < sizeof(*header))
                return false;
        switch (protocol) {
        case NETLINK_ROUTE:
                return any_word(names_request, request);
        case NETLINK_NETFILTER:
                return header->nlmsg_type == NFNL_MSG_BATCH_BEGIN && any_word(names_transaction, request);
        default:
                return false;
        }
}

// --- sending ---

static void net_admin_set(bool on) {
        struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
        struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {};

        if (syscall(SYS_capget, &header, data) < 0)
                _exit(98);
        data[0].effective = on ? data[0].effective | 1U << CAP_NET_ADMIN : data[0].effective & ~(1U << CAP_NET_ADMIN);
        if (syscall(SYS_capset, &header, data) < 0)
                _exit(98);
}

// The kernel looks at a request while it is sent.
ssize_t sendmsg(int fd, const struct msghdr *message, int flags) {
        static _Alignas(struct nlmsghdr) char data[1 << 20];
        Request request = { .data = data };
        int protocol = protocol_of(fd);

        for (size_t i = 0; protocol >= 0 && i < message->msg_iovlen; i++) {
                size_t room = sizeof(data) - request.size, part = message->msg_iov[i].iov_len;
                memcpy(data + request.size, message->msg_iov[i].iov_base, part < room ? part : room);
                request.size += part < room ? part : room;
        }
        if (!is_refused(protocol, &request))
                return NEXT(sendmsg)(fd, message, flags);
        if (write(STDERR_FILENO, "refused\n", strlen("refused\n")) < 0)
                _exit(98);
        net_admin_set(false);
        ssize_t n = NEXT(sendmsg)(fd, message, flags);
        int error = errno;
        net_admin_set(true);
        errno = error;
        return n;
}

ssize_t sendto(int fd, const void *data, size_t size, int flags, const struct sockaddr *address, socklen_t length) {
        struct iovec part = { .iov_len = size };
        struct msghdr message = { .msg_namelen = length, .msg_iov = &part, .msg_iovlen = 1 };

        // They are only read, and the types do not say so.
        memcpy(&part.iov_base, &data, sizeof(data));
        memcpy(&message.msg_name, &address, sizeof(address));
        return sendmsg(fd, &message, flags);
}

ssize_t send(int fd, const void *data, size_t size, int flags) {
        return sendto(fd, data, size, flags, NULL, 0);
}

// --- receiving ---

static bool is_interrupted(int protocol) {
        switch (protocol) {
        case NETLINK_ROUTE:
                return any_word(is_word, "interrupted-rtnetlink");
        case NETLINK_NETFILTER:
                return any_word(is_word, "interrupted-nftables");
        default:
                return false;
        }
}

// A reader that ignores the mark takes what is left for the whole.
static void interrupt(char *data, size_t size) {
        while (size >= sizeof(struct nlmsghdr)) {
                struct nlmsghdr *header = (struct nlmsghdr *)data;
                size_t step = NLMSG_ALIGN(header->nlmsg_len);
                header->nlmsg_flags |= NLM_F_DUMP_INTR;
                if (header->nlmsg_type >= NLMSG_MIN_TYPE)
                        header->nlmsg_type = NLMSG_NOOP;
                if (step < sizeof(*header) || step > size)
                        return;
                data += step;
                size -= step;
        }
}

// With MSG_TRUNC the size of a datagram can be above that of the buffer.
ssize_t recvmsg(int fd, struct msghdr *message, int flags) {
        ssize_t n = NEXT(recvmsg)(fd, message, flags);
        size_t room = message->msg_iovlen > 0 ? message->msg_iov[0].iov_len : 0;
        struct nlmsghdr *header = room >= sizeof(*header) ? message->msg_iov[0].iov_base : NULL;
        int protocol = protocol_of(fd);

        if (n >= (ssize_t)sizeof(*header) && header && protocol >= 0 && header->nlmsg_flags & NLM_F_MULTI &&
            is_interrupted(protocol))
                interrupt((char *)header, (size_t)n < room ? (size_t)n : room);
        return n;
}
