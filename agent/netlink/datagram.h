// Netlink sockets and what arrives on them: sender and lengths are checked before anything else is read.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <linux/netlink.h>

#include "base/util.h"

// Opens a netlink socket of a protocol (NETLINK_ROUTE ...); flags: SOCK_NONBLOCK or 0. *port: the port id to bind, or
// 0 to have the kernel choose one, which is stored there. Returns the file descriptor or a negative errno.
int datagram_open(int protocol, int flags, uint32_t *port);

// Receives a datagram. Returns its size, which is larger than size when its end was cut off; 0 for a datagram that
// the kernel did not send, since a process with CAP_NET_ADMIN can send to our ports; or a negative errno.
ssize_t datagram_receive(int fd, void *buffer, size_t size);

// Takes the next message off a datagram. 1: the message, which lies within the datagram as a whole, with its padding;
// 0: the datagram has ended; -EBADMSG: the length in the message's header is impossible.
int datagram_next(const void **datagram, size_t *size, const struct nlmsghdr **ret);
