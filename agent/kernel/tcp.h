// The host's TCP sockets.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <linux/netlink.h>

#include "base/error.h"
#include "base/inet.h"
#include "base/util.h"

typedef struct TcpSocket {
        Address local, remote;
        uint16_t local_port, remote_port;
        bool is_unanswered; // this host retransmits
} TcpSocket;

typedef struct TcpSockets {
        TcpSocket *sockets;
        size_t n_sockets, n_allocated;
} TcpSockets;

// A message of sock_diag about a socket. 0, or -EBADMSG for a message that is too short.
int tcp_socket_parse(const struct nlmsghdr *header, TcpSocket *ret);

// All established connections of this network namespace. Source: sock_diag.
int tcp_read_established(TcpSockets *ret, Error *ret_error);
// The listening sockets, which have no remote end.
int tcp_read_listening(TcpSockets *ret, Error *ret_error);
void tcp_sockets_deinit(TcpSockets *sockets);
#define _cleanup_tcp_sockets_ _cleanup_(tcp_sockets_deinit)
