// Looks after the migrations that run: the peer of one that gets no answer is looked for again.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "planes/peer-recovery.h"

#include "base/error.h"
#include "base/inet.h"
#include "base/log.h"
#include "base/util.h"
#include "config/plane-config.h"
#include "daemon/manager.h"
#include "engine/migrations.h"
#include "kernel/neighbour.h"
#include "model/object.h"
#include "planes/plane.h"

#define INTERVAL_USEC UINT64_C(1000000)
#define ACCURACY_USEC UINT64_C(50000)

static const PlanePeer *pinned_find(const PlaneConfig *plane, const Address *address) {
        for (size_t i = 0; i < plane->n_known_peers; i++)
                if (plane->known_peers[i].has_mac && address_compare(&plane->known_peers[i].address, address) == 0)
                        return &plane->known_peers[i];
        return NULL;
}

// Whose MAC the frames for an address bear: its own, or a gateway's. NULL: no way leads there.
static const Address *next_hop(const PlaneConfig *plane, const Address *address) {
        for (size_t i = 0; i < plane->n_addresses; i++)
                if (prefix_contains(&plane->addresses[i].prefix, address))
                        return address;
        for (size_t i = 0; i < plane->n_routes; i++)
                if (prefix_contains(&plane->routes[i].destination, address))
                        return plane->routes[i].gateway.family == AF_UNSPEC ? address : &plane->routes[i].gateway;
        return NULL;
}

void probe_pin_peers(Manager *manager) {
        for (size_t i = 0; i < manager->n_planes; i++) {
                const Plane *plane = manager->planes[i];
                if (!plane->is_unanswered || plane->taken_down || plane->ifindex == 0)
                        continue;
                for (size_t j = 0; j < plane->config->n_known_peers; j++) {
                        const PlanePeer *peer = &plane->config->known_peers[j];
                        Object object = { .as_neighbour = { .address = peer->address, .mac = peer->mac } };
                        // What fails here is drift, and a matter of the next reconcile.
                        if (peer->has_mac)
                                (void)neighbour_add(manager->kernel.netlink, plane->ifindex, &object, NULL);
                }
        }
}

static void peer_look_for(Manager *manager, Plane *plane, const TcpSocket *flow) {
        const Address *neighbour = next_hop(plane->config, &flow->remote);
        char address[ADDRESS_TEXT_MAX];
        Error error = {};

        if (!plane->is_unanswered)
                log_notice("%s: the migration with %s gets no answer; looking for the peer", plane->config->name,
                           address_format(&flow->remote, address));
        plane->is_unanswered = true;
        if (neighbour && neighbour_forget(manager->kernel.netlink, plane->ifindex, neighbour,
                                          pinned_find(plane->config, neighbour) != NULL, &error) < 0)
                log_debug("%s: cannot look for %s: %s", plane->config->name, address_format(neighbour, address),
                          error.text);
}

// Returns the number of connections that belong to migrations.
static size_t plane_look(Manager *manager, Plane *plane, const TcpSockets *flows) {
        size_t n_running = 0, n_unanswered = 0;

        for (size_t i = 0; i < flows->n_sockets && plane->ifindex > 0; i++) {
                const TcpSocket *flow = &flows->sockets[i];
                if (!migrations_include(flow, plane->config))
                        continue;
                n_running++;
                if (!flow->is_unanswered)
                        continue;
                n_unanswered++;
                peer_look_for(manager, plane, flow);
        }
        if (n_unanswered == 0 && plane->is_unanswered)
                log_notice("%s: no migration waits for an answer any more", plane->config->name);
        plane->is_unanswered = n_unanswered > 0;
        return n_running;
}

static int on_timer(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata) {
        probe_look(userdata);
        return 0;
}

static void timer_arm(Manager *manager) {
        uint64_t now;

        if (sd_event_now(manager->event, CLOCK_MONOTONIC, &now) < 0)
                return;
        if (!manager->probe_timer) {
                (void)sd_event_add_time(manager->event, &manager->probe_timer, CLOCK_MONOTONIC, now + INTERVAL_USEC,
                                        ACCURACY_USEC, on_timer, manager);
                return;
        }
        (void)sd_event_source_set_time(manager->probe_timer, now + INTERVAL_USEC);
        (void)sd_event_source_set_enabled(manager->probe_timer, SD_EVENT_ONESHOT);
}

void probe_look(Manager *manager) {
        _cleanup_tcp_sockets_ TcpSockets flows = {};
        size_t n_running = 0;
        Error error = {};

        probe_pin_peers(manager);
        if (tcp_read_established(&flows, &error) < 0) {
                log_debug("%s", error.text);
                return;
        }
        for (size_t i = 0; i < manager->n_planes; i++)
                n_running += plane_look(manager, manager->planes[i], &flows);
        if (n_running > 0)
                timer_arm(manager);
}
