// One plane's configuration, by itself.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "config/plane-config.h"

#include "base/inet.h"
#include "base/util.h"

PlaneConfig *plane_config_free(PlaneConfig *plane) {
        if (!plane)
                return NULL;

        for (size_t i = 0; i < plane->n_texts; i++)
                free(plane->texts[i]);
        free(plane->name);
        free(plane->source);
        free(plane->addresses);
        free(plane->routes);
        free(plane->peers);
        free(plane->ports);
        free(plane->users);
        free(plane->known_peers);
        free(plane->probes);
        free(plane->origins);
        free(plane->texts);
        free(plane);
        return NULL;
}

#define EQUAL(member) (a->member == b->member)

static bool plane_scalars_equal(const PlaneConfig *a, const PlaneConfig *b) {
        return streq(a->name, b->name) && streq(a->description ?: "", b->description ?: "") && EQUAL(is_default) &&
               EQUAL(required) && EQUAL(fallback) && streq(a->interface, b->interface) && EQUAL(kind) &&
               streq(a->parent, b->parent) && EQUAL(vlan_id) && EQUAL(vlan_protocol) && EQUAL(mtu) && EQUAL(has_mac) &&
               memcmp(&a->mac, &b->mac, sizeof(a->mac)) == 0 && EQUAL(managed_by) && EQUAL(egress) && EQUAL(ingress) &&
               EQUAL(per_migration) && EQUAL(link_rate) && EQUAL(management_reserve) && EQUAL(log_drops.count) &&
               EQUAL(log_drops.seconds);
}

#undef EQUAL

static bool plane_networks_equal(const PlaneConfig *a, const PlaneConfig *b) {
        bool equal = a->n_addresses == b->n_addresses && a->n_routes == b->n_routes && a->n_peers == b->n_peers;

        for (size_t i = 0; equal && i < a->n_addresses; i++)
                equal = prefix_compare(&a->addresses[i].prefix, &b->addresses[i].prefix) == 0;
        for (size_t i = 0; equal && i < a->n_routes; i++)
                equal = prefix_compare(&a->routes[i].destination, &b->routes[i].destination) == 0 &&
                        address_compare(&a->routes[i].gateway, &b->routes[i].gateway) == 0;
        for (size_t i = 0; equal && i < a->n_peers; i++)
                equal = prefix_compare(&a->peers[i], &b->peers[i]) == 0;
        return equal;
}

static bool plane_guests_equal(const PlaneConfig *a, const PlaneConfig *b) {
        bool equal = a->n_ports == b->n_ports && a->n_users == b->n_users && a->n_known_peers == b->n_known_peers &&
                     a->n_probes == b->n_probes;

        for (size_t i = 0; equal && i < a->n_ports; i++)
                equal = a->ports[i].first == b->ports[i].first && a->ports[i].last == b->ports[i].last;
        for (size_t i = 0; equal && i < a->n_users; i++)
                equal = a->users[i] == b->users[i];
        for (size_t i = 0; equal && i < a->n_known_peers; i++)
                equal = address_compare(&a->known_peers[i].address, &b->known_peers[i].address) == 0 &&
                        a->known_peers[i].has_mac == b->known_peers[i].has_mac &&
                        memcmp(&a->known_peers[i].mac, &b->known_peers[i].mac, sizeof(MacAddress)) == 0;
        for (size_t i = 0; equal && i < a->n_probes; i++)
                equal = address_compare(&a->probes[i], &b->probes[i]) == 0;
        return equal;
}

bool plane_config_equal(const PlaneConfig *a, const PlaneConfig *b) {
        return plane_scalars_equal(a, b) && plane_networks_equal(a, b) && plane_guests_equal(a, b);
}

bool plane_config_has_family(const PlaneConfig *plane, int family) {
        for (size_t i = 0; i < plane->n_addresses; i++)
                if (plane->addresses[i].prefix.address.family == family)
                        return true;
        return false;
}

bool plane_config_has_address(const PlaneConfig *plane, const Address *address) {
        for (size_t i = 0; i < plane->n_addresses; i++)
                if (address_compare(&plane->addresses[i].prefix.address, address) == 0)
                        return true;
        return false;
}

bool plane_config_has_port(const PlaneConfig *plane, uint16_t port) {
        for (size_t i = 0; i < plane->n_ports; i++)
                if (port_range_contains(&plane->ports[i], port))
                        return true;
        return false;
}

// For bsearch(): an address against one of many disjoint networks.
static int compare_with_network(const void *address, const void *network) {
        const Prefix *prefix = network;

        return prefix_contains(prefix, address) ? 0 : address_compare(address, &prefix->address);
}

bool plane_config_is_peer(const PlaneConfig *plane, const Address *address) {
        return plane->n_peers > 0 &&
               bsearch(address, plane->peers, plane->n_peers, sizeof(plane->peers[0]), compare_with_network);
}

const PlanePeer *plane_config_find_peer(const PlaneConfig *plane, const Address *address) {
        for (size_t i = 0; i < plane->n_known_peers; i++)
                if (plane->known_peers[i].has_mac && address_compare(&plane->known_peers[i].address, address) == 0)
                        return &plane->known_peers[i];
        return NULL;
}

const PortRange *plane_config_migration_ports(const PlaneConfig *plane) {
        const PortRange *widest = &plane->ports[0];

        for (size_t i = 1; i < plane->n_ports; i++)
                if (plane->ports[i].last - plane->ports[i].first > widest->last - widest->first)
                        widest = &plane->ports[i];
        return widest;
}

ConfigLocation config_location(const PlaneConfig *plane, const char *section, const char *key, size_t item) {
        for (size_t i = plane->n_origins; i-- > 0;) {
                const ConfigOrigin *origin = &plane->origins[i];
                if (origin->item == item && streq(origin->section, section) && streq(origin->key, key))
                        return origin->at;
        }
        return (ConfigLocation){ .path = plane->path };
}
