// Looks after the migrations that run: where one gets no answer, its peer is looked for again.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "planes/peer-recovery.h"

#include "base/error.h"
#include "base/inet.h"
#include "base/log.h"
#include "base/util.h"
#include "config/plane-config.h"
#include "engine/migrations.h"
#include "kernel/neighbour.h"
#include "kernel/tcp.h"
#include "model/object.h"
#include "netlink/request.h"
#include "planes/plane-set.h"
#include "planes/plane.h"

// The longest prefix decides, as in the kernel.
const Address *peer_recovery_next_hop(const PlaneConfig *plane, const Address *address) {
        const PlaneRoute *route = plane_config_find_route(plane, address);

        for (size_t i = 0; i < plane->n_addresses; i++) {
                const Prefix *own = &plane->addresses[i].prefix;
                if (prefix_contains(own, address) && (!route || own->length >= route->destination.length))
                        return address;
        }
        if (!route)
                return NULL;
        return route->gateway.family == AF_UNSPEC ? address : &route->gateway;
}

static void peers_pin(Netlink *netlink, const Plane *plane) {
        for (size_t i = 0; i < plane->config->n_known_peers; i++) {
                const PlanePeer *peer = &plane->config->known_peers[i];
                Object object = { .as_neighbour = { .address = peer->address, .mac = peer->mac } };

                // What fails here is drift, and repaired by the next reconcile.
                if (peer->has_mac)
                        (void)neighbour_add(netlink, plane->status.ifindex, &object, NULL);
        }
}

void peer_recovery_pin_peers(PeerRecovery *recovery) {
        for (size_t i = 0; i < recovery->planes->n_planes; i++) {
                const Plane *plane = recovery->planes->planes[i];
                if (plane->is_unanswered && !plane->taken_down && plane->status.ifindex > 0)
                        peers_pin(recovery->netlink, plane);
        }
}

static void peer_look_for(Netlink *netlink, const Plane *plane, const TcpSocket *connection) {
        const Address *neighbour = peer_recovery_next_hop(plane->config, &connection->remote);
        char address[ADDRESS_TEXT_MAX];
        Error error = {};

        if (!plane->is_unanswered)
                log_notice("%s: the migration with %s gets no answer; looking for the peer", plane->config->name,
                           address_format(&connection->remote, address));
        if (neighbour && neighbour_forget(netlink, plane->status.ifindex, neighbour,
                                          plane_config_find_peer(plane->config, neighbour) != NULL, &error) < 0)
                log_debug("%s: cannot look for %s: %s", plane->config->name, address_format(neighbour, address),
                          error.text);
}

static void plane_look(Netlink *netlink, Plane *plane, const TcpSockets *connections) {
        size_t n_unanswered = 0;

        for (size_t i = 0; i < connections->n_sockets && plane->status.ifindex > 0; i++) {
                const TcpSocket *connection = &connections->sockets[i];
                if (!connection->is_unanswered || connection->is_closing ||
                    !migrations_include(connection, plane->config))
                        continue;
                peer_look_for(netlink, plane, connection);
                plane->is_unanswered = true; // logged once
                n_unanswered++;
        }
        if (n_unanswered == 0 && plane->is_unanswered)
                log_notice("%s: no migration waits for an answer any more", plane->config->name);
        plane->is_unanswered = n_unanswered > 0;
}

void peer_recovery_look(PeerRecovery *recovery, const TcpSockets *connections) {
        peer_recovery_pin_peers(recovery);
        for (size_t i = 0; i < recovery->planes->n_planes; i++)
                plane_look(recovery->netlink, recovery->planes->planes[i], connections);
}
