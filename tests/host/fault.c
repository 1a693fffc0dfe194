// One fault in a process: LD_PRELOAD=libfault.so FAULT=KIND:NUMBER, the first is number 0; it then says `fault: KIND
// NUMBER` SPDX-License-Identifier: GPL-2.0-or-later
//
//     memory       an allocation fails
//     send-ERRNO   a netlink message is not sent, and the sender is told so: send-ENOBUFS, send-EINTR, send-EAGAIN,
//     send-ENOMEM unsent       it is not sent, and the sender is told that it was recv-ERRNO   nothing is received, but
//     stays to be received: recv-ENOBUFS, recv-EINTR, recv-EAGAIN, recv-ENOMEM lost         a datagram is lost, as if
//     it had never come lost-link    that with a link's number is lost, and its acknowledgement is not cut          a
//     datagram is half as long as it was interrupted  a datagram says that its dump was interrupted, and lacks every
//     other object
//
// FAULT=none:0 is no fault; a process without one ends with a line `fault: none, of KIND NUMBER` for each kind.
//
// Only netlink sockets count, of those that are received from only what would be waited for. Who waits for an answer
// waits FAULT_PATIENCE_MS at most.

#include <dlfcn.h>
#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

// What there were occasions for, and how many until now. FAULT's kind may name an error as well.
static struct {
        const char *kind;
        long n;
} occasions[] = { { "memory" }, { "send" },      { "unsent" }, { "recv" },
                  { "lost" },   { "lost-link" }, { "cut" },    { "interrupted" } };

static char kind[64], whole_kind[64];
static int error;
static long number = -1;
static bool armed;

static void tell(const char *what, long n) {
        char line[96];
        int size = snprintf(line, sizeof(line), "fault: %s %ld\n", what, n);
        if (write(STDERR_FILENO, line, (size_t)size) != size)
                _exit(99);
}

__attribute__((constructor)) static void fault_init(void) {
        static const struct {
                const char *name;
                int code;
        } errors[] = { { "-ENOBUFS", ENOBUFS }, { "-EINTR", EINTR }, { "-EAGAIN", EAGAIN }, { "-ENOMEM", ENOMEM } };
        const char *fault = getenv("FAULT"), *colon = fault ? strchr(fault, ':') : NULL;

        if (!colon)
                return;
        (void)snprintf(kind, sizeof(kind), "%.*s", (int)(colon - fault), fault);
        (void)strcpy(whole_kind, kind);
        for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
                char *end = strstr(kind, errors[i].name);
                if (!end)
                        continue;
                *end = '\0';
                error = errors[i].code;
        }
        number = atol(colon + 1);
        (void)unsetenv("FAULT");
        armed = true;
}

// There was no occasion of that number. How many there were of each kind:
__attribute__((destructor)) static void fault_end(void) {
        char text[80];

        for (size_t i = 0; armed && i < sizeof(occasions) / sizeof(occasions[0]); i++) {
                (void)snprintf(text, sizeof(text), "none, of %s", occasions[i].kind);
                tell(text, occasions[i].n);
        }
}

// An occasion for a fault of this kind. Whether it is the one:
static bool fires(const char *what) {
        for (size_t i = 0; armed && i < sizeof(occasions) / sizeof(occasions[0]); i++) {
                if (strcmp(occasions[i].kind, what) != 0)
                        continue;
                if (occasions[i].n++ != number || strcmp(kind, what) != 0)
                        return false;
                armed = false;
                tell(whole_kind, number);
                errno = error;
                return true;
        }
        return false;
}

// --- memory: the process's and, through it, that of libc ---

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *memory, size_t size);

static bool no_memory(void) {
        if (!fires("memory"))
                return false;
        errno = ENOMEM;
        return true;
}

void *malloc(size_t size) {
        return no_memory() ? NULL : __libc_malloc(size);
}

void *calloc(size_t n, size_t size) {
        return no_memory() ? NULL : __libc_calloc(n, size);
}

void *realloc(void *memory, size_t size) {
        return no_memory() ? NULL : __libc_realloc(memory, size);
}

// --- netlink ---

#define NEXT(function) ((__typeof__(&function))dlsym(RTLD_NEXT, #function))

static bool is_netlink(int fd) {
        int domain = 0, saved = errno;
        socklen_t size = sizeof(domain);
        bool result = getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && domain == AF_NETLINK;

        errno = saved;
        return result;
}

// 1: to be sent; otherwise what the sender is told.
static ssize_t send_fault(int fd, size_t size) {
        if (!armed || !is_netlink(fd))
                return 1;
        if (fires("unsent"))
                return (ssize_t)size;
        return fires("send") ? -1 : 1;
}

ssize_t sendto(int fd, const void *data, size_t size, int flags, const struct sockaddr *address, socklen_t length) {
        ssize_t r = send_fault(fd, size);
        return r == 1 ? NEXT(sendto)(fd, data, size, flags, address, length) : r;
}

ssize_t send(int fd, const void *data, size_t size, int flags) {
        return sendto(fd, data, size, flags, NULL, 0);
}

ssize_t sendmsg(int fd, const struct msghdr *message, int flags) {
        size_t size = 0;

        for (size_t i = 0; i < message->msg_iovlen; i++)
                size += message->msg_iov[i].iov_len;
        ssize_t r = send_fault(fd, size);
        return r == 1 ? NEXT(sendmsg)(fd, message, flags) : r;
}

static bool is_object(const struct nlmsghdr *header) {
        return header->nlmsg_type >= NLMSG_MIN_TYPE && header->nlmsg_flags & NLM_F_MULTI;
}

// Of a dump with several objects some are told, and will be told again.
static void interrupt(char *data, size_t size) {
        for (size_t i = 0; size >= sizeof(struct nlmsghdr); i++) {
                struct nlmsghdr *header = (struct nlmsghdr *)data;
                size_t step = NLMSG_ALIGN(header->nlmsg_len);
                header->nlmsg_flags |= NLM_F_DUMP_INTR;
                if (is_object(header) && i % 2 == 0)
                        header->nlmsg_type = NLMSG_NOOP;
                if (step < sizeof(*header) || step > size)
                        return;
                data += step;
                size -= step;
        }
}

ssize_t recvmsg(int fd, struct msghdr *message, int flags) {
        if (!armed || flags & (MSG_DONTWAIT | MSG_PEEK) || !is_netlink(fd))
                return NEXT(recvmsg)(fd, message, flags);
        if (fires("recv"))
                return -1;
        ssize_t n = NEXT(recvmsg)(fd, message, flags);
        if (n <= 0)
                return n;
        const struct nlmsghdr *header = message->msg_iov[0].iov_base;
        bool is_link = header->nlmsg_type == RTM_NEWLINK && !(header->nlmsg_flags & NLM_F_MULTI);
        if (fires("lost") || (is_link && fires("lost-link")))
                return recvmsg(fd, message, flags);
        if (fires("cut"))
                return n / 2;
        if (is_object(header) && fires("interrupted"))
                interrupt(message->msg_iov[0].iov_base, (size_t)n);
        return n;
}

ssize_t recvfrom(int fd, void *data, size_t size, int flags, struct sockaddr *address, socklen_t *length) {
        if (!armed || !is_netlink(fd))
                return NEXT(recvfrom)(fd, data, size, flags, address, length);
        struct iovec part = { .iov_base = data, .iov_len = size };
        struct msghdr message = {
                .msg_name = address, .msg_namelen = length ? *length : 0, .msg_iov = &part, .msg_iovlen = 1
        };
        ssize_t n = recvmsg(fd, &message, flags);
        if (length)
                *length = message.msg_namelen;
        return n;
}

int setsockopt(int fd, int level, int option, const void *value, socklen_t size) {
        const char *patience = getenv("FAULT_PATIENCE_MS");
        struct timeval time = { .tv_usec = patience ? atol(patience) * 1000 : 0 };

        if (patience && level == SOL_SOCKET && option == SO_RCVTIMEO)
                return NEXT(setsockopt)(fd, level, option, &time, sizeof(time));
        return NEXT(setsockopt)(fd, level, option, value, size);
}
