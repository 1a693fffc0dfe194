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
#include "kernel/tcp-info.h"
#include "netlink/attribute.h"
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
        const struct nlattr *attributes[INET_DIAG_MAX + 1];

        if (attribute_index_message(header, sizeof(*socket), attributes, INET_DIAG_MAX) < 0)
                return -EBADMSG;
        *ret = (TcpSocket){
                .local = address_read(socket->idiag_family, socket->id.idiag_src),
                .remote = address_read(socket->idiag_family, socket->id.idiag_dst),
                .local_port = ntohs(socket->id.idiag_sport),
                .remote_port = ntohs(socket->id.idiag_dport),
                .is_unanswered = socket->idiag_retrans > 0 &&
                                 (socket->idiag_timer == TIMER_RETRANSMIT || socket->idiag_timer == TIMER_WINDOW_PROBE),
                .unread_bytes = socket->idiag_rqueue,
                .is_closing = socket->idiag_state != TCP_ESTABLISHED && socket->idiag_state != TCP_LISTEN,
                .cookie = (uint64_t)socket->id.idiag_cookie[1] << 32 | socket->id.idiag_cookie[0],
        };
        (void)attribute_struct(attributes[INET_DIAG_CGROUP_ID], sizeof(ret->cgroup), &ret->cgroup);
        ret->has_counters = tcp_info_read(attributes[INET_DIAG_INFO], &ret->counters, &ret->round_trip_usec);
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

// What a dump is to contain.
typedef struct Wanted {
        uint32_t states; // a bit for each
        bool has_ports;  // only with a local or remote port from first to last, and with counters
        uint16_t first, last;
} Wanted;

// A program that the kernel runs for each socket: "sport >= first and sport <= last, or dport ...". An operation about
// a port is followed by the port, a jump always goes on at "no". yes and no are how many bytes further it goes on; a
// socket is taken at the end of the program and left out beyond it. The kernel takes a jump only to where "yes" alone
// leads as well.
static int ports_add(struct nl_msg *message, const Wanted *wanted) {
        const struct inet_diag_bc_op program[] = {
                { INET_DIAG_BC_S_GE, 8, 20 }, { .no = wanted->first }, // 0
                { INET_DIAG_BC_S_LE, 8, 12 }, { .no = wanted->last },  // 8
                { INET_DIAG_BC_JMP, 4, 20 },                           // 16
                { INET_DIAG_BC_D_GE, 8, 20 }, { .no = wanted->first }, // 20
                { INET_DIAG_BC_D_LE, 8, 12 }, { .no = wanted->last },  // 28
        };

        return nla_put(message, INET_DIAG_REQ_BYTECODE, sizeof(program), program);
}

static struct nl_msg *dump_new(uint8_t family, const Wanted *wanted) {
        const struct inet_diag_req_v2 request = {
                .sdiag_family = family,
                .sdiag_protocol = IPPROTO_TCP,
                .idiag_states = wanted->states,
                .idiag_ext = wanted->has_ports ? 1U << (INET_DIAG_INFO - 1) : 0,
        };
        _cleanup_nl_msg_ struct nl_msg *message =
                netlink_message_new(SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, &request, sizeof(request));

        if (!message || (wanted->has_ports && ports_add(message, wanted) < 0))
                return NULL;
        return TAKE(message);
}

// Each family is a dump of its own, and is added when it is whole.
static int family_read(Netlink *netlink, uint8_t family, const Wanted *wanted, TcpSockets *sockets, Error *ret_error) {
        _cleanup_tcp_sockets_ TcpSockets reading = {};

        int r = netlink_query(netlink, dump_new(family, wanted), socket_read, sockets_restart, &reading, ret_error);
        if (r < 0)
                return r;
        if (array_reserve(&sockets->sockets, &sockets->n_allocated, sockets->n_sockets + reading.n_sockets) < 0)
                return error_set(ret_error, -ENOMEM, "out of memory");
        for (size_t i = 0; i < reading.n_sockets; i++)
                sockets->sockets[sockets->n_sockets++] = reading.sockets[i];
        return 0;
}

static int sockets_read(const Wanted *wanted, TcpSockets *ret, Error *ret_error) {
        static const uint8_t families[] = { AF_INET, AF_INET6 };
        _cleanup_(netlink_freep) Netlink *netlink = NULL;
        _cleanup_tcp_sockets_ TcpSockets sockets = {};

        int r = netlink_new(NETLINK_SOCK_DIAG, &netlink, ret_error);
        for (size_t i = 0; i < ELEMENTSOF(families) && r == 0; i++)
                r = family_read(netlink, families[i], wanted, &sockets, ret_error);
        if (r < 0) {
                error_prefix(ret_error, "cannot list the TCP sockets");
                return r;
        }
        *ret = sockets;
        sockets = (TcpSockets){};
        return 0;
}

int tcp_read_established(TcpSockets *ret, Error *ret_error) {
        return sockets_read(&(Wanted){ .states = 1U << TCP_ESTABLISHED }, ret, ret_error);
}

int tcp_read_on_ports(uint16_t first, uint16_t last, TcpSockets *ret, Error *ret_error) {
        const Wanted wanted = {
                .states = 1U << TCP_ESTABLISHED | 1U << TCP_FIN_WAIT1 | 1U << TCP_CLOSE_WAIT | 1U << TCP_LAST_ACK |
                          1U << TCP_CLOSING,
                .has_ports = true,
                .first = first,
                .last = last,
        };

        return sockets_read(&wanted, ret, ret_error);
}

int tcp_read_listening(TcpSockets *ret, Error *ret_error) {
        return sockets_read(&(Wanted){ .states = 1U << TCP_LISTEN }, ret, ret_error);
}

void tcp_sockets_deinit(TcpSockets *sockets) {
        free(sockets->sockets);
        *sockets = (TcpSockets){};
}
