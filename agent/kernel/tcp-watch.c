// The ends of TCP connections, as the kernel reports them.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// The kernel reports every connection of the host, when its last reference is gone: after both sides have closed it,
// and without the time that its ports then wait. A filter on the socket leaves out all but the watched ports, so that
// other connections do not wake the daemon.

#include "kernel/tcp-watch.h"

#include <linux/filter.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/sock_diag.h>
#include <sys/socket.h>

#include "base/error.h"
#include "base/util.h"
#include "kernel/tcp.h"
#include "netlink/datagram.h"

enum {
        BUFFER_SIZE = 8192, // a report takes a few hundred bytes and a datagram of its own
        RECEIVE_BUFFER_SIZE = 1 << 20,
        DATAGRAMS_MAX = 1024, // at one dispatch
};

struct TcpWatch {
        int fd;
        char buffer[BUFFER_SIZE] __attribute__((aligned(8)));
};

static int filter_attach(int fd, uint16_t first, uint16_t last) {
        enum { PORTS = NLMSG_HDRLEN + offsetof(struct inet_diag_msg, id) };
        struct sock_filter program[] = {
                BPF_STMT(BPF_LD | BPF_H | BPF_ABS, PORTS + offsetof(struct inet_diag_sockid, idiag_sport)),
                BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, first, 0, 1),
                BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, last, 0, 4),
                BPF_STMT(BPF_LD | BPF_H | BPF_ABS, PORTS + offsetof(struct inet_diag_sockid, idiag_dport)),
                BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, first, 0, 1),
                BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, last, 0, 1),
                BPF_STMT(BPF_RET | BPF_K, 0),
                BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
        };
        const struct sock_fprog filter = { .len = ELEMENTSOF(program), .filter = program };

        return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)) < 0 ? -errno : 0;
}

static int groups_join(int fd) {
        static const int groups[] = { SKNLGRP_INET_TCP_DESTROY, SKNLGRP_INET6_TCP_DESTROY };

        for (size_t i = 0; i < ELEMENTSOF(groups); i++)
                if (setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &groups[i], sizeof(groups[i])) < 0)
                        return -errno;
        return 0;
}

int tcp_watch_new(uint16_t first, uint16_t last, TcpWatch **ret, Error *ret_error) {
        const int size = RECEIVE_BUFFER_SIZE;
        uint32_t port = 0;
        _cleanup_(tcp_watch_freep) TcpWatch *watch = calloc(1, sizeof(*watch));

        if (!watch)
                return error_set(ret_error, -ENOMEM, "out of memory");
        watch->fd = datagram_open(NETLINK_SOCK_DIAG, SOCK_NONBLOCK, &port);
        int r = watch->fd < 0 ? watch->fd : filter_attach(watch->fd, first, last);
        if (r >= 0)
                r = groups_join(watch->fd);
        if (r < 0)
                return error_set(ret_error, r, "the kernel does not report the ends of TCP connections: %s",
                                 strerror(-r));
        if (setsockopt(watch->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
                (void)setsockopt(watch->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
        *ret = TAKE(watch);
        return 0;
}

TcpWatch *tcp_watch_free(TcpWatch *watch) {
        if (watch)
                close_fd(&watch->fd);
        free(watch);
        return NULL;
}

int tcp_watch_fd(const TcpWatch *watch) {
        return watch->fd;
}

static void datagram_handle(const void *datagram, size_t size, TcpWatchHandler handler, void *userdata) {
        const struct nlmsghdr *header;
        TcpSocket ended;

        while (datagram_next(&datagram, &size, &header) > 0)
                if (header->nlmsg_type == SOCK_DIAG_BY_FAMILY && tcp_socket_parse(header, &ended) >= 0)
                        handler(&ended, userdata);
}

int tcp_watch_dispatch(TcpWatch *watch, TcpWatchHandler handler, void *userdata) {
        for (unsigned i = 0; i < DATAGRAMS_MAX; i++) {
                ssize_t n = datagram_receive(watch->fd, watch->buffer, sizeof(watch->buffer));
                if (n == -EAGAIN)
                        return 0;
                if (n < 0 && n != -ENOBUFS)
                        return (int)n;
                if (n < 0 || (size_t)n > sizeof(watch->buffer))
                        handler(NULL, userdata);
                else
                        datagram_handle(watch->buffer, (size_t)n, handler, userdata);
        }
        return 0;
}
