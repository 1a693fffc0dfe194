// Netlink sockets and what arrives on them.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// Neither libnl nor libmnl receives anything. mnl_cb_run and mnl_nlmsg_ok of libmnl 1.0.4 take the length of a
// message for a signed number and read out of bounds from 2 GiB up (RUSTSEC-2025-0142), and neither library checks
// that the kernel is the sender.

#include "netlink/datagram.h"

#include <sys/socket.h>

#include "base/util.h"

int datagram_open(int protocol, int flags, uint32_t *port) {
        struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_pid = *port };
        socklen_t size = sizeof(address);
        _cleanup_close_ int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | flags, protocol);

        if (fd < 0 || bind(fd, (const struct sockaddr *)&address, sizeof(address)) < 0 ||
            getsockname(fd, (struct sockaddr *)&address, &size) < 0)
                return -errno;
        *port = address.nl_pid;

        int opened = fd;
        fd = -1;
        return opened;
}

ssize_t datagram_receive(int fd, void *buffer, size_t size) {
        struct sockaddr_nl sender = {};
        struct iovec part = { .iov_base = buffer, .iov_len = size };
        struct msghdr header = {
                .msg_name = &sender,
                .msg_namelen = sizeof(sender),
                .msg_iov = &part,
                .msg_iovlen = 1,
        };
        ssize_t n;

        do
                n = recvmsg(fd, &header, MSG_TRUNC);
        while (n < 0 && errno == EINTR);
        if (n < 0)
                return -errno;
        return header.msg_namelen == sizeof(sender) && sender.nl_family == AF_NETLINK && sender.nl_pid == 0 ? n : 0;
}

int datagram_next(const void **datagram, size_t *size, const struct nlmsghdr **ret) {
        const struct nlmsghdr *header = *datagram;

        if (*size < NLMSG_HDRLEN)
                return 0;
        if (header->nlmsg_len < NLMSG_HDRLEN || header->nlmsg_len > *size)
                return -EBADMSG;

        // The kernel pads the end of every message, and libmnl reads the padding as a part of the last attribute.
        size_t step = NLMSG_ALIGN(header->nlmsg_len);
        if (step > *size)
                return -EBADMSG;
        *datagram = (const char *)header + step;
        *size -= step;
        *ret = header;
        return 1;
}
