// The ends of TCP connections, as the kernel reports them.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "base/util.h"
#include "kernel/tcp.h"

typedef struct TcpWatch TcpWatch;

// ended: NULL when reports were lost.
typedef void (*TcpWatchHandler)(const TcpSocket *ended, void *userdata);

// Listens to the ends of connections of this network namespace with a local or remote port from first to last, until it
// is freed. Needs CAP_NET_ADMIN. Source: the destroy groups of sock_diag; -EINVAL: this kernel has none.
int tcp_watch_new(uint16_t first, uint16_t last, TcpWatch **ret, Error *ret_error);
TcpWatch *tcp_watch_free(TcpWatch *watch);
static inline void tcp_watch_freep(TcpWatch **watch) {
        *watch = tcp_watch_free(*watch);
}
int tcp_watch_fd(const TcpWatch *watch);
// Handles the reports that have arrived, without waiting, and only a part of a flood. 0 or a negative errno.
int tcp_watch_dispatch(TcpWatch *watch, TcpWatchHandler handler, void *userdata);
