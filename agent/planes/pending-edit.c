// Edits that would cut a running migration wait until it has ended.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "planes/pending-edit.h"

#include "base/error.h"
#include "base/inet.h"
#include "base/log.h"
#include "base/util.h"
#include "config/check-together.h"
#include "config/config.h"
#include "config/equal.h"
#include "config/plane-config.h"
#include "daemon/manager.h"
#include "engine/migrations.h"
#include "planes/plane.h"

static bool same_device(const PlaneConfig *a, const PlaneConfig *b, const char **ret_key) {
        const struct {
                bool same;
                const char *key;
        } keys[] = {
                { streq(a->interface, b->interface), "Name=" },
                { a->kind == b->kind, "Kind=" },
                { a->managed_by == b->managed_by, "ManagedBy=" },
                { a->has_mac == b->has_mac && memcmp(&a->mac, &b->mac, sizeof(a->mac)) == 0, "MACAddress=" },
        };

        for (size_t i = 0; i < ELEMENTSOF(keys); i++)
                if (!keys[i].same) {
                        *ret_key = keys[i].key;
                        return false;
                }
        return true;
}

// With the same length of prefix: another one is another address to the kernel.
static bool keeps_address(const PlaneConfig *in_force, const PlaneConfig *wanted, const Address *local) {
        for (size_t i = 0; i < in_force->n_addresses; i++)
                for (size_t j = 0; j < wanted->n_addresses; j++)
                        if (address_compare(&in_force->addresses[i].prefix.address, local) == 0 &&
                            prefix_compare(&in_force->addresses[i].prefix, &wanted->addresses[j].prefix) == 0)
                                return true;
        return false;
}

static bool has_port(const PlaneConfig *plane, uint16_t port) {
        for (size_t i = 0; i < plane->n_ports; i++)
                if (port >= plane->ports[i].first && port <= plane->ports[i].last)
                        return true;
        return false;
}

static bool has_peer(const PlaneConfig *plane, const Address *remote) {
        for (size_t i = 0; i < plane->n_peers; i++)
                if (prefix_contains(&plane->peers[i], remote))
                        return true;
        return false;
}

// Who owns the connection is not known: nobody who may send now is to be left out.
static bool keeps_users(const PlaneConfig *in_force, const PlaneConfig *wanted) {
        for (size_t i = 0; i < in_force->n_users && wanted->n_users > 0; i++) {
                bool found = false;
                for (size_t j = 0; j < wanted->n_users; j++)
                        found |= in_force->users[i] == wanted->users[j];
                if (!found)
                        return false;
        }
        return in_force->n_users > 0 || wanted->n_users == 0;
}

static const PlaneRoute *route_to(const PlaneConfig *plane, const Address *remote) {
        const PlaneRoute *found = NULL;

        for (size_t i = 0; i < plane->n_routes; i++)
                if (prefix_contains(&plane->routes[i].destination, remote) &&
                    (!found || plane->routes[i].destination.length > found->destination.length))
                        found = &plane->routes[i];
        return found;
}

static bool same_route(const PlaneRoute *a, const PlaneRoute *b) {
        return a == b || (a && b && prefix_compare(&a->destination, &b->destination) == 0 &&
                          address_compare(&a->gateway, &b->gateway) == 0);
}

static const PlanePeer *peer_of(const PlaneConfig *plane, const Address *remote) {
        for (size_t i = 0; i < plane->n_known_peers; i++)
                if (plane->known_peers[i].has_mac && address_compare(&plane->known_peers[i].address, remote) == 0)
                        return &plane->known_peers[i];
        return NULL;
}

// A MAC address that is no longer told is learnt.
static bool keeps_mac(const PlanePeer *in_force, const PlanePeer *wanted) {
        return !wanted || (in_force && memcmp(&in_force->mac, &wanted->mac, sizeof(in_force->mac)) == 0);
}

const char *waiting_key(const TcpSocket *flow, const PlaneConfig *in_force, const PlaneConfig *wanted) {
        const char *key;

        if (!migrations_include(flow, in_force))
                return NULL;
        if (!same_device(in_force, wanted, &key))
                return key;
        if (!keeps_address(in_force, wanted, &flow->local))
                return "Address=";
        if (!has_port(wanted, flow->local_port) && !has_port(wanted, flow->remote_port))
                return "Ports=";
        if (has_peer(in_force, &flow->remote) && !has_peer(wanted, &flow->remote))
                return "Peers=";
        if (!same_route(route_to(in_force, &flow->remote), route_to(wanted, &flow->remote)))
                return "[Route]";
        if (!keeps_mac(peer_of(in_force, &flow->remote), peer_of(wanted, &flow->remote)))
                return "[Peer] MACAddress=";
        return keeps_users(in_force, wanted) ? NULL : "Users=";
}

// wanted NULL: its file is gone.
static const char *plane_cut_by(const TcpSockets *flows, const PlaneConfig *in_force, const PlaneConfig *wanted) {
        const char *key = NULL;

        for (size_t i = 0; i < flows->n_sockets && !key; i++)
                key = wanted ? waiting_key(&flows->sockets[i], in_force, wanted) :
                      migrations_include(&flows->sockets[i], in_force) ? "" : NULL;
        return key;
}

static void wait_end(Plane *plane) {
        plane->wanted = plane_config_free(plane->wanted);
        plane->waits[0] = '\0';
}

static void wait_begin(Plane *plane, const char *key, unsigned n_migrations) {
        const PlaneConfig *in_force = plane->config;

        if (plane->wanted)
                (void)snprintf(plane->waits, sizeof(plane->waits),
                               "%s is another in its file, which would cut %u migration(s): all of the file waits until these "
                               "have ended (at once: migplanectl down %.64s, then up)",
                               key, n_migrations, in_force->name);
        else
                (void)snprintf(plane->waits, sizeof(plane->waits),
                               "its file is gone, and %u migration(s) are running: the plane stays until they have ended (at "
                               "once: migplanectl down %.64s)",
                               n_migrations, in_force->name);
        log_notice("%s: %s", in_force->name, plane->waits);
}

int waiting_keep(Manager *manager, Config *config) {
        _cleanup_tcp_sockets_ TcpSockets flows = {};
        bool read = false;

        for (size_t i = 0; i < manager->n_planes; i++) {
                Plane *plane = manager->planes[i];
                const PlaneConfig *wanted = config_find(config, plane->config->name);
                Error error = {};

                wait_end(plane);
                if (plane->taken_down || config_is_broken(config, plane->config->name) ||
                    (wanted && plane_config_equal(plane->config, wanted)))
                        continue;
                // What cannot be told is no reason to refuse the reload.
                if (!read && tcp_read_established(&flows, &error) < 0)
                        log_warning("running migrations may be cut: %s", error.text);
                read = true;
                const char *key = plane_cut_by(&flows, plane->config, wanted);
                if (!key)
                        continue;
                if (config_keep(config, plane->config->name, &plane->wanted) < 0)
                        return -ENOMEM;
                if (plane->wanted)
                        plane->config->is_default = plane->wanted->is_default;
                wait_begin(plane, key, migrations_count(&flows, plane->config));
        }
        return 0;
}

bool waiting_is_over(const Manager *manager) {
        _cleanup_tcp_sockets_ TcpSockets flows = {};
        bool read = false;

        for (size_t i = 0; i < manager->n_planes; i++) {
                const Plane *plane = manager->planes[i];
                if (!plane->waits[0])
                        continue;
                if (!read && tcp_read_established(&flows, NULL) < 0)
                        return false;
                read = true;
                if (!plane_cut_by(&flows, plane->config, plane->wanted))
                        return true;
        }
        return false;
}
