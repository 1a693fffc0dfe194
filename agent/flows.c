// The migrations that are running on a plane.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "flows.h"

#include <arpa/inet.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/tcp.h>

#include "nl.h"

// What the channels of one migration have in common.
typedef struct Flow {
        Address peer;
        uint16_t port; // the listening side's
        bool outgoing;
} Flow;

typedef struct FlowReading {
        const PlaneConfig *plane;
        Flow *flows;
        size_t n_flows, n_allocated;
} FlowReading;

static bool port_is_open(const PlaneConfig *plane, uint16_t port) {
        for (size_t i = 0; i < plane->n_ports; i++)
                if (port >= plane->ports[i].first && port <= plane->ports[i].last)
                        return true;
        return false;
}

static Address address_read(int family, const __be32 *words) {
        Address address = { .family = family };
        memcpy(address.bytes, words, address_bits(family) / 8);
        return address;
}

static int flow_read(const struct nlmsghdr *header, void *userdata) {
        FlowReading *reading = userdata;
        const struct inet_diag_msg *socket = NLMSG_DATA(header);

        if (header->nlmsg_len < NLMSG_LENGTH(sizeof(*socket)))
                return -EBADMSG;
        Address own = address_read(socket->idiag_family, socket->id.idiag_src);
        uint16_t local = ntohs(socket->id.idiag_sport), remote = ntohs(socket->id.idiag_dport);
        Flow flow = {
                .peer = address_read(socket->idiag_family, socket->id.idiag_dst),
                // Both ends may lie in the range: ephemeral ports begin below it.
                .outgoing = port_is_open(reading->plane, remote),
        };
        flow.port = flow.outgoing ? remote : local;
        bool ours = false;
        for (size_t i = 0; i < reading->plane->n_addresses; i++)
                ours |= address_compare(&reading->plane->addresses[i].prefix.address, &own) == 0;
        if (!ours || !port_is_open(reading->plane, flow.port))
                return 0;
        for (size_t i = 0; i < reading->n_flows; i++)
                if (memcmp(&reading->flows[i], &flow, sizeof(flow)) == 0)
                        return 0;
        if (array_reserve(&reading->flows, &reading->n_allocated, reading->n_flows + 1) < 0)
                return -ENOMEM;
        reading->flows[reading->n_flows++] = flow;
        return 0;
}

static void flows_restart(void *userdata) {
        ((FlowReading *)userdata)->n_flows = 0;
}

int flows_count_migrations(const PlaneConfig *plane, unsigned *ret_n, Error *ret_error) {
        static const uint8_t families[] = { AF_INET, AF_INET6 };
        _cleanup_(netlink_freep) Netlink *netlink = NULL;
        unsigned n = 0;

        int r = netlink_new(NETLINK_SOCK_DIAG, &netlink, ret_error);
        for (size_t i = 0; i < ELEMENTSOF(families) && r >= 0; i++) {
                FlowReading reading = { .plane = plane };
                struct inet_diag_req_v2 request = {
                        .sdiag_family = families[i],
                        .sdiag_protocol = IPPROTO_TCP,
                        .idiag_states = 1U << TCP_ESTABLISHED,
                };
                struct nl_msg *message =
                        netlink_message_new(SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, &request, sizeof(request));
                r = netlink_query(netlink, message, flow_read, flows_restart, &reading, ret_error);
                n += (unsigned)reading.n_flows;
                free(reading.flows);
        }
        if (r < 0) {
                (void)error_prefix(ret_error, "cannot list the TCP connections");
                return r;
        }
        *ret_n = n;
        return 0;
}
