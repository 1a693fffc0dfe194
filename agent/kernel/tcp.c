// The host's TCP sockets.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "kernel/tcp.h"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>

#include "base/error.h"
#include "base/inet.h"
#include "base/util.h"
#include "netlink/request.h"

// Values of idiag_timer, the timer that a socket waits for. No header has names for them.
enum {
        TIMER_RETRANSMIT = 1,
        TIMER_WINDOW_PROBE = 4,
};

// A socket that listens on all addresses of IPv6 shows IPv4 addresses as mapped ones.
static Address address_read(int family, const __be32 *words) {
        Address address = { .family = family };

        if (family == AF_INET6 && IN6_IS_ADDR_V4MAPPED((const struct in6_addr *)words)) {
                address.family = AF_INET;
                words += 3;
        }
        memcpy(address.bytes, words, address_bits(address.family) / 8);
        return address;
}

int tcp_socket_parse(const struct nlmsghdr *header, TcpSocket *ret) {
        const struct inet_diag_msg *socket = NLMSG_DATA(header);

        if (header->nlmsg_len < NLMSG_LENGTH(sizeof(*socket)))
                return -EBADMSG;
        *ret = (TcpSocket){
                .local = address_read(socket->idiag_family, socket->id.idiag_src),
                .remote = address_read(socket->idiag_family, socket->id.idiag_dst),
                .local_port = ntohs(socket->id.idiag_sport),
                .remote_port = ntohs(socket->id.idiag_dport),
                .is_unanswered = socket->idiag_retrans > 0 &&
                                 (socket->idiag_timer == TIMER_RETRANSMIT || socket->idiag_timer == TIMER_WINDOW_PROBE),
        };
        return 0;
}

static int socket_read(const struct nlmsghdr *header, void *userdata) {
        TcpSockets *reading = userdata;
        TcpSocket socket;

        int r = tcp_socket_parse(header, &socket);
        if (r < 0)
                return r;
        if (array_reserve(&reading->sockets, &reading->n_allocated, reading->n_sockets + 1) < 0)
                return -ENOMEM;
        reading->sockets[reading->n_sockets++] = socket;
        return 0;
}

// An interrupted dump starts again.
static void sockets_restart(void *userdata) {
        ((TcpSockets *)userdata)->n_sockets = 0;
}

// Each family is a dump of its own, and is added when it is whole.
static int family_read(Netlink *netlink, uint8_t family, uint8_t state, TcpSockets *sockets, Error *ret_error) {
        struct inet_diag_req_v2 request = {
                .sdiag_family = family,
                .sdiag_protocol = IPPROTO_TCP,
                .idiag_states = 1U << state,
        };
        _cleanup_tcp_sockets_ TcpSockets reading = {};

        int r = netlink_query(netlink, netlink_message_new(SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, &request, sizeof(request)),
                              socket_read, sockets_restart, &reading, ret_error);
        if (r < 0)
                return r;
        if (array_reserve(&sockets->sockets, &sockets->n_allocated, sockets->n_sockets + reading.n_sockets) < 0)
                return error_set(ret_error, -ENOMEM, "out of memory");
        for (size_t i = 0; i < reading.n_sockets; i++)
                sockets->sockets[sockets->n_sockets++] = reading.sockets[i];
        return 0;
}

static int sockets_read(uint8_t state, TcpSockets *ret, Error *ret_error) {
        static const uint8_t families[] = { AF_INET, AF_INET6 };
        _cleanup_(netlink_freep) Netlink *netlink = NULL;
        _cleanup_tcp_sockets_ TcpSockets sockets = {};

        int r = netlink_new(NETLINK_SOCK_DIAG, &netlink, ret_error);
        for (size_t i = 0; i < ELEMENTSOF(families) && r == 0; i++)
                r = family_read(netlink, families[i], state, &sockets, ret_error);
        if (r < 0) {
                error_prefix(ret_error, "cannot list the TCP sockets");
                return r;
        }
        *ret = sockets;
        sockets = (TcpSockets){};
        return 0;
}

int tcp_read_established(TcpSockets *ret, Error *ret_error) {
        return sockets_read(TCP_ESTABLISHED, ret, ret_error);
}

int tcp_read_listening(TcpSockets *ret, Error *ret_error) {
        return sockets_read(TCP_LISTEN, ret, ret_error);
}

void tcp_sockets_deinit(TcpSockets *sockets) {
        free(sockets->sockets);
        *sockets = (TcpSockets){};
}
