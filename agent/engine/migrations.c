// The migrations that are running on a plane.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "engine/migrations.h"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>

#include "base/error.h"
#include "base/inet.h"
#include "base/util.h"
#include "config/plane-config.h"
#include "netlink/request.h"

// What inet_diag_msg calls the timer that a socket waits for; no header has names for them.
enum {
        TIMER_RETRANSMIT = 1,
        TIMER_WINDOW_PROBE = 4,
};

typedef struct FlowReading {
        Flow *flows;
        size_t n_flows, n_allocated;
} FlowReading;

// A socket that listens on all addresses of IPv6 has IPv4's in another dress.
static Address address_read(int family, const __be32 *words) {
        Address address = { .family = family };

        if (family == AF_INET6 && IN6_IS_ADDR_V4MAPPED((const struct in6_addr *)words)) {
                address.family = AF_INET;
                words += 3;
        }
        memcpy(address.bytes, words, address_bits(address.family) / 8);
        return address;
}

static int flow_read(const struct nlmsghdr *header, void *userdata) {
        FlowReading *reading = userdata;
        const struct inet_diag_msg *socket = NLMSG_DATA(header);

        if (header->nlmsg_len < NLMSG_LENGTH(sizeof(*socket)))
                return -EBADMSG;
        if (array_reserve(&reading->flows, &reading->n_allocated, reading->n_flows + 1) < 0)
                return -ENOMEM;
        reading->flows[reading->n_flows++] = (Flow){
                .local = address_read(socket->idiag_family, socket->id.idiag_src),
                .remote = address_read(socket->idiag_family, socket->id.idiag_dst),
                .local_port = ntohs(socket->id.idiag_sport),
                .remote_port = ntohs(socket->id.idiag_dport),
                .is_unanswered = socket->idiag_retrans > 0 && (socket->idiag_timer == TIMER_RETRANSMIT ||
                                                               socket->idiag_timer == TIMER_WINDOW_PROBE),
        };
        return 0;
}

// An interrupted dump begins again.
static void flows_restart(void *userdata) {
        ((FlowReading *)userdata)->n_flows = 0;
}

static int family_read(Netlink *netlink, uint8_t family, uint8_t state, FlowList *list, Error *ret_error) {
        FlowReading reading = {};
        struct inet_diag_req_v2 request = {
                .sdiag_family = family,
                .sdiag_protocol = IPPROTO_TCP,
                .idiag_states = 1U << state,
        };

        int r = netlink_query(netlink, netlink_message_new(SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, &request, sizeof(request)),
                              flow_read, flows_restart, &reading, ret_error);
        for (size_t i = 0; i < reading.n_flows && r >= 0; i++) {
                r = array_reserve(&list->flows, &list->n_allocated, list->n_flows + 1);
                if (r >= 0)
                        list->flows[list->n_flows++] = reading.flows[i];
        }
        free(reading.flows);
        return r;
}

static int sockets_read(uint8_t state, FlowList *ret, Error *ret_error) {
        static const uint8_t families[] = { AF_INET, AF_INET6 };
        _cleanup_(netlink_freep) Netlink *netlink = NULL;
        _cleanup_flows_ FlowList list = {};

        int r = netlink_new(NETLINK_SOCK_DIAG, &netlink, ret_error);
        for (size_t i = 0; i < ELEMENTSOF(families) && r >= 0; i++)
                r = family_read(netlink, families[i], state, &list, ret_error);
        if (r < 0) {
                error_prefix(ret_error, "cannot list the TCP sockets");
                return r;
        }
        *ret = list;
        list = (FlowList){};
        return 0;
}

int flows_read(FlowList *ret, Error *ret_error) {
        return sockets_read(TCP_ESTABLISHED, ret, ret_error);
}

int flows_read_listening(FlowList *ret, Error *ret_error) {
        return sockets_read(TCP_LISTEN, ret, ret_error);
}

void flows_deinit(FlowList *list) {
        free(list->flows);
        *list = (FlowList){};
}

static bool port_is_open(const PlaneConfig *plane, uint16_t port) {
        for (size_t i = 0; i < plane->n_ports; i++)
                if (port >= plane->ports[i].first && port <= plane->ports[i].last)
                        return true;
        return false;
}

bool flow_is_of_plane(const Flow *flow, const PlaneConfig *plane) {
        if (!port_is_open(plane, flow->local_port) && !port_is_open(plane, flow->remote_port))
                return false;
        for (size_t i = 0; i < plane->n_addresses; i++)
                if (address_compare(&plane->addresses[i].prefix.address, &flow->local) == 0)
                        return true;
        return false;
}

// Channels of one migration: the same peer, the same direction, the same listening port.
static bool same_migration(const PlaneConfig *plane, const Flow *a, const Flow *b) {
        bool outgoing = port_is_open(plane, a->remote_port);

        return address_compare(&a->remote, &b->remote) == 0 && outgoing == port_is_open(plane, b->remote_port) &&
               (outgoing ? a->remote_port == b->remote_port : a->local_port == b->local_port);
}

unsigned flows_count_migrations(const FlowList *list, const PlaneConfig *plane) {
        unsigned n = 0;

        for (size_t i = 0; i < list->n_flows; i++) {
                if (!flow_is_of_plane(&list->flows[i], plane))
                        continue;
                bool counted = false;
                for (size_t j = 0; j < i && !counted; j++)
                        counted = flow_is_of_plane(&list->flows[j], plane) &&
                                  same_migration(plane, &list->flows[i], &list->flows[j]);
                n += !counted;
        }
        return n;
}
