// The host's TCP sockets.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <linux/netlink.h>

#include "base/error.h"
#include "base/inet.h"
#include "base/util.h"
#include "kernel/tcp-info.h"

typedef struct TcpSocket {
        Address local, remote;
        uint16_t local_port, remote_port;
        bool is_unanswered; // this host retransmits
        uint64_t cookie;    // tells it from another one with the same ends, earlier or later

        bool is_closing; // not established any more: a side has closed it; only from tcp_read_on_ports

        // Only from tcp_read_on_ports and of a socket that has ended.
        uint64_t cgroup; // of its maker, see cgroup.h; 0: not known
        bool has_counters;
        TcpCounters counters;
        uint32_t round_trip_usec;
        uint32_t unread_bytes; // received
} TcpSocket;

typedef struct TcpSockets {
        TcpSocket *sockets;
        size_t n_sockets, n_allocated;
} TcpSockets;

// A message of sock_diag about a socket. 0, or -EBADMSG for a message that is too short.
int tcp_socket_parse(const struct nlmsghdr *header, TcpSocket *ret);

// All established connections of this network namespace. Source: sock_diag.
int tcp_read_established(TcpSockets *ret, Error *ret_error);
// Those with a local or remote port from first to last, with their counters, and those that are being closed.
int tcp_read_on_ports(uint16_t first, uint16_t last, TcpSockets *ret, Error *ret_error);
// The listening sockets, which have no remote end.
int tcp_read_listening(TcpSockets *ret, Error *ret_error);
void tcp_sockets_deinit(TcpSockets *sockets);
#define _cleanup_tcp_sockets_ _cleanup_(tcp_sockets_deinit)
