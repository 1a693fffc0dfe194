// One fault in a process: LD_PRELOAD=libfault.so FAULT=KIND:NUMBER, the first is number 0; the log then says `fault: KIND NUMBER`
// SPDX-License-Identifier: GPL-2.0-or-later
//
//     memory       an allocation fails
//     send-ERRNO   a netlink message is not sent, and the sender is told so: send-ENOBUFS, send-EINTR, send-EAGAIN, send-ENOMEM
//     unsent       it is not sent, and the sender is told that it was
//     recv-ERRNO   nothing is received, but stays to be received: recv-ENOBUFS, recv-EINTR, recv-EAGAIN, recv-ENOMEM
//     lost         a datagram is lost, as if it had never come
//     lost-link    that with a link's number is lost, and its acknowledgement is not
//     cut          a datagram is half as long as it was
//     interrupted  a datagram says that its dump was interrupted
//
// Only netlink sockets count, of those that are received from only what would be waited for. Who waits for an answer waits
// FAULT_PATIENCE_MS at most.

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

static const char *kind = "";
static long left = -1;
static bool armed;

static void tell(const char *what, long number) {
        char line[64];
        int n = snprintf(line, sizeof(line), "fault: %s %ld\n", what, number);
        if (write(STDERR_FILENO, line, (size_t)n) != n)
                _exit(99);
}

__attribute__((constructor)) static void fault_init(void) {
        static char text[64];
        const char *fault = getenv("FAULT");

        if (!fault || !strchr(fault, ':'))
                return;
        (void)snprintf(text, sizeof(text), "%s", fault);
        char *colon = strchr(text, ':');
        *colon = '\0';
        kind = text;
        left = atol(colon + 1);
        (void)unsetenv("FAULT");
        armed = true;
}

static long number;

// NUMBER was too high: how many there were.
__attribute__((destructor)) static void fault_end(void) {
        if (armed)
                tell("none, of", number);
}

static bool fires(const char *what) {
        if (!armed || strcmp(kind, what) != 0)
                return false;
        if (left-- > 0) {
                number++;
                return false;
        }
        armed = false;
        tell(what, number);
        return true;
}

// "send-ENOBUFS", where kind is of this prefix; 0 for now is not the time
static int fires_with_error(const char *prefix) {
        static const struct {
                const char *name;
                int code;
        } errors[] = { { "ENOBUFS", ENOBUFS }, { "EINTR", EINTR }, { "EAGAIN", EAGAIN }, { "ENOMEM", ENOMEM } };
        size_t size = strlen(prefix);

        if (!armed || strncmp(kind, prefix, size) != 0)
                return 0;
        for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
                if (strcmp(kind + size, errors[i].name) == 0)
                        return fires(kind) ? errors[i].code : 0;
        return 0;
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
        int error = fires_with_error("send-");
        if (!error)
                return 1;
        errno = error;
        return -1;
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

static void mark_interrupted(char *data, size_t size) {
        while (size >= sizeof(struct nlmsghdr)) {
                struct nlmsghdr *header = (struct nlmsghdr *)data;
                size_t step = NLMSG_ALIGN(header->nlmsg_len);
                header->nlmsg_flags |= NLM_F_DUMP_INTR;
                if (step < sizeof(*header) || step > size)
                        return;
                data += step;
                size -= step;
        }
}

ssize_t recvmsg(int fd, struct msghdr *message, int flags) {
        if (!armed || flags & (MSG_DONTWAIT | MSG_PEEK) || !is_netlink(fd))
                return NEXT(recvmsg)(fd, message, flags);
        int error = fires_with_error("recv-");
        if (error) {
                errno = error;
                return -1;
        }
        ssize_t n = NEXT(recvmsg)(fd, message, flags);
        if (n <= 0)
                return n;
        const struct nlmsghdr *header = message->msg_iov[0].iov_base;
        bool is_link = header->nlmsg_type == RTM_NEWLINK && !(header->nlmsg_flags & NLM_F_MULTI);
        if (fires("lost") || (is_link && fires("lost-link")))
                return recvmsg(fd, message, flags);
        if (fires("cut"))
                return n / 2;
        // An acknowledgement is the end of no dump.
        if (header->nlmsg_type != NLMSG_ERROR && fires("interrupted"))
                mark_interrupted(message->msg_iov[0].iov_base, (size_t)n);
        return n;
}

ssize_t recvfrom(int fd, void *data, size_t size, int flags, struct sockaddr *address, socklen_t *length) {
        if (!armed || !is_netlink(fd))
                return NEXT(recvfrom)(fd, data, size, flags, address, length);
        struct iovec part = { .iov_base = data, .iov_len = size };
        struct msghdr message = { .msg_name = address, .msg_namelen = length ? *length : 0, .msg_iov = &part, .msg_iovlen = 1 };
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
