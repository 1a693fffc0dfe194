// The configuration of one plane.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "config/plane-config.h"

#include <linux/if_ether.h>

#include "base/inet.h"
#include "base/util.h"

static const PortRange default_ports = { 49152, 49215 }; // libvirt's

const PlaneConfig plane_config_defaults = { .required = true };

static const char *const plane_kind_names[] = {
        [PLANE_KIND_DEVICE] = "device",
        [PLANE_KIND_VLAN] = "vlan",
        [PLANE_KIND_MACVLAN] = "macvlan",
};

static const char *const managed_by_names[] = {
        [MANAGED_BY_MIGPLANE] = "migplane",
        [MANAGED_BY_NETWORKD] = "networkd",
        [MANAGED_BY_NETWORKMANAGER] = "NetworkManager",
        [MANAGED_BY_OTHER] = "other",
};

static const char *const fallback_names[] = {
        [FALLBACK_DENY] = "deny",
        [FALLBACK_ALLOW] = "allow",
};

static int name_lookup(const char *const *names, size_t n, const char *text) {
        for (size_t i = 0; i < n; i++)
                if (streq(names[i], text))
                        return (int)i;
        return -EINVAL;
}

const char *plane_kind_to_string(PlaneKind kind) {
        return plane_kind_names[kind];
}

int plane_kind_from_string(const char *text) {
        return name_lookup(plane_kind_names, ELEMENTSOF(plane_kind_names), text);
}

const char *managed_by_to_string(ManagedBy managed_by) {
        return managed_by_names[managed_by];
}

int managed_by_from_string(const char *text) {
        return name_lookup(managed_by_names, ELEMENTSOF(managed_by_names), text);
}

const char *fallback_to_string(Fallback fallback) {
        return fallback_names[fallback];
}

int fallback_from_string(const char *text) {
        return name_lookup(fallback_names, ELEMENTSOF(fallback_names), text);
}

const char *vlan_protocol_to_string(uint16_t protocol) {
        return protocol == ETH_P_8021AD ? "802.1ad" : "802.1Q";
}

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

static int compare_ports(const void *a, const void *b) {
        return (int)((const PortRange *)a)->first - (int)((const PortRange *)b)->first;
}

int plane_config_complete_ports(PlaneConfig *plane) {
        size_t n = 0;

        if (plane->n_ports == 0) {
                if (array_reserve(&plane->ports, &plane->n_ports_allocated, 1) < 0)
                        return -ENOMEM;
                plane->ports[plane->n_ports++] = default_ports;
        }

        qsort(plane->ports, plane->n_ports, sizeof(plane->ports[0]), compare_ports);
        for (size_t i = 0; i < plane->n_ports; i++) {
                const PortRange range = plane->ports[i];
                if (n == 0 || range.first > plane->ports[n - 1].last + 1)
                        plane->ports[n++] = range;
                else if (range.last > plane->ports[n - 1].last)
                        plane->ports[n - 1].last = range.last;
        }
        plane->n_ports = n;
        return 0;
}

static int unread_fill(PlaneConfig *plane, const char *name, const char *path, const PlaneConfig *read) {
        plane->is_unread = true;
        plane->name = strdup(name);
        if (!plane->name || array_reserve(&plane->texts, &plane->n_texts_allocated, 1) < 0)
                return -ENOMEM;
        plane->path = plane->texts[0] = strdup(path);
        if (!plane->path)
                return -ENOMEM;
        plane->n_texts = 1;

        const size_t n_ports = read ? read->n_ports : 0;
        if (array_reserve(&plane->ports, &plane->n_ports_allocated, n_ports) < 0)
                return -ENOMEM;
        if (n_ports > 0)
                memcpy(plane->ports, read->ports, n_ports * sizeof(plane->ports[0]));
        plane->n_ports = n_ports;
        if (read)
                plane->required = read->required;
        return plane_config_complete_ports(plane);
}

PlaneConfig *plane_config_new_unread(const char *name, const char *path, const PlaneConfig *read) {
        PlaneConfig *plane = malloc(sizeof(*plane));

        if (!plane)
                return NULL;
        *plane = plane_config_defaults;
        return unread_fill(plane, name, path, read) < 0 ? plane_config_free(plane) : plane;
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

// For bsearch() of an address in disjoint networks.
static int compare_with_network(const void *address, const void *network) {
        const Prefix *prefix = network;

        return prefix_contains(prefix, address) ? 0 : address_compare(address, &prefix->address);
}

bool plane_config_is_gateway(const PlaneConfig *plane, const Address *address) {
        for (size_t i = 0; i < plane->n_routes; i++)
                if (address_compare(&plane->routes[i].gateway, address) == 0)
                        return true;
        return false;
}

static const Prefix *find_network_of_peers(const PlaneConfig *plane, const Address *address) {
        return plane->n_peers > 0 && !plane_config_is_gateway(plane, address)
                       ? bsearch(address, plane->peers, plane->n_peers, sizeof(plane->peers[0]), compare_with_network)
                       : NULL;
}

bool plane_config_is_peer(const PlaneConfig *plane, const Address *address) {
        return find_network_of_peers(plane, address);
}

bool plane_config_has_peer(const PlaneConfig *plane, const Address *address) {
        const Prefix *peers = find_network_of_peers(plane, address);

        return peers && peers->length == address_bits(address->family);
}

const Prefix *plane_config_find_neighbour(const PlaneConfig *plane, const Address *address) {
        if (!plane_config_is_peer(plane, address) || plane_config_has_address(plane, address))
                return NULL;
        for (size_t i = 0; i < plane->n_addresses; i++)
                if (prefix_contains(&plane->addresses[i].prefix, address))
                        return &plane->addresses[i].prefix;
        return NULL;
}

bool plane_config_is_near(const PlaneConfig *plane, const Prefix *network) {
        for (size_t i = 0; i < plane->n_addresses; i++)
                if (prefix_overlaps(&plane->addresses[i].prefix, network))
                        return true;
        for (size_t i = 0; i < plane->n_routes; i++)
                if (prefix_overlaps(&plane->routes[i].destination, network))
                        return true;
        return false;
}

bool plane_config_reaches_peers(const PlaneConfig *plane) {
        for (size_t i = 0; i < plane->n_peers; i++)
                if (plane_config_is_near(plane, &plane->peers[i]) &&
                    !(plane->peers[i].length == address_bits(plane->peers[i].address.family) &&
                      plane_config_has_address(plane, &plane->peers[i].address)))
                        return true;
        return false;
}

const Prefix *plane_config_find_trusted(const PlaneConfig *plane) {
        for (size_t i = 0; i < plane->n_known_peers; i++)
                if (plane->known_peers[i].has_mac && !plane_config_is_gateway(plane, &plane->known_peers[i].address))
                        return NULL;
        for (size_t i = 0; i < plane->n_peers; i++)
                if (plane->peers[i].length < address_bits(plane->peers[i].address.family))
                        return &plane->peers[i];
        return NULL;
}

const PlanePeer *plane_config_find_peer(const PlaneConfig *plane, const Address *address) {
        for (size_t i = 0; i < plane->n_known_peers; i++)
                if (plane->known_peers[i].has_mac && address_compare(&plane->known_peers[i].address, address) == 0)
                        return &plane->known_peers[i];
        return NULL;
}

const PlaneRoute *plane_config_find_route(const PlaneConfig *plane, const Address *address) {
        const PlaneRoute *found = NULL;

        for (size_t i = 0; i < plane->n_routes; i++)
                if (prefix_contains(&plane->routes[i].destination, address) &&
                    (!found || plane->routes[i].destination.length > found->destination.length))
                        found = &plane->routes[i];
        return found;
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

int config_set_location(PlaneConfig *plane, const char *section, const char *key, ConfigLocation at) {
        if (array_reserve(&plane->texts, &plane->n_texts_allocated, plane->n_texts + 1) < 0 ||
            array_reserve(&plane->origins, &plane->n_origins_allocated, plane->n_origins + 1) < 0)
                return -ENOMEM;
        char *path = strdup(at.path);
        if (!path)
                return -ENOMEM;
        plane->texts[plane->n_texts++] = path;
        plane->origins[plane->n_origins++] =
                (ConfigOrigin){ .section = section, .key = key, .at = { .path = path, .line = at.line } };
        return 0;
}
