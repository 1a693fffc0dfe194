// Netlink datagrams: whose they are, and the messages in them, whose lengths nobody is believed.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <linux/netlink.h>

#include "base/util.h"

// Receives a datagram. Returns its size, which is above size when its end was cut off; 0 for one that is not the kernel's, as
// whoever may change the network can send to our ports; or a negative errno.
ssize_t datagram_receive(int fd, void *buffer, size_t size);

// Takes the next message off a datagram: 1 and the message, which lies within it as a whole, with its padding; 0 at its end;
// -EBADMSG when the length that the message tells cannot be.
int datagram_next(const void **datagram, size_t *size, const struct nlmsghdr **ret);
