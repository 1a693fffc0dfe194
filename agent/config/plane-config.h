// One plane's configuration, as its files say it.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <net/if.h>
#include <sys/types.h>

#include "base/inet.h"
#include "base/util.h"

typedef enum PlaneKind {
        PLANE_KIND_DEVICE,
        PLANE_KIND_VLAN,
        PLANE_KIND_MACVLAN,
} PlaneKind;

typedef enum ManagedBy {
        MANAGED_BY_MIGPLANE,
        MANAGED_BY_NETWORKD,
        MANAGED_BY_NETWORKMANAGER,
        MANAGED_BY_OTHER,
} ManagedBy;

typedef enum Fallback {
        FALLBACK_DENY,
        FALLBACK_ALLOW,
} Fallback;

// Where a value was written; path is owned by the PlaneConfig.
typedef struct ConfigLocation {
        const char *path;
        unsigned line; // 0: the file as a whole
} ConfigLocation;

// What was written there: one entry per value that was read, in the order of reading.
typedef struct ConfigOrigin {
        const char *section;
        const char *key; // "": the section's header
        size_t item;     // of a list, or of the sections of this name, from 0
        ConfigLocation at;
} ConfigOrigin;

// At most so many in so many seconds; count is 0 for none at all.
typedef struct EventRate {
        uint32_t count, seconds;
} EventRate;

typedef struct PlaneAddress {
        Prefix prefix;
} PlaneAddress;

typedef struct PlaneRoute {
        Prefix destination;
        Address gateway; // AF_UNSPEC: on link
} PlaneRoute;

// A known neighbour: [Peer] Address= MACAddress=
typedef struct PlanePeer {
        Address address;
        bool has_mac;
        MacAddress mac;
} PlanePeer;

// A list is always a pointer and its two sizes in a row: config/keys.c describes them all the same way.
typedef struct PlaneConfig {
        char *name;
        char *path;   // of NAME.plane
        char *source; // the text of all its files, in the order of reading: gives the same plane again

        // [Plane]
        char *description;
        bool wants_default; // Default=yes
        bool is_default;    // that, or this is the only plane there is
        bool required;
        Fallback fallback;

        // [Interface]
        char interface[IFNAMSIZ];
        PlaneKind kind;
        char parent[IFNAMSIZ];
        uint16_t vlan_id;
        uint16_t vlan_protocol; // of its tag: ETH_P_8021Q or ETH_P_8021AD; 0: no vlan
        uint32_t mtu; // bytes; 0: as the parent or the device has it
        bool has_mac;
        MacAddress mac; // MACAddress=, macvlan only
        ManagedBy managed_by;

        PlaneAddress *addresses; // at least one; the first is the one exported
        size_t n_addresses, n_addresses_allocated;
        PlaneRoute *routes;
        size_t n_routes, n_routes_allocated;

        // [Bandwidth], bits per second; 0: not set, that is: not capped, or not reserved
        uint64_t egress, ingress, per_migration, link_rate, management_reserve;

        // [Isolation]
        Prefix *peers; // networks, sorted and disjoint; default: those of the addresses and of the routes
        size_t n_peers, n_peers_allocated;
        PortRange *ports; // sorted and disjoint; default 49152-49215
        size_t n_ports, n_ports_allocated;
        uid_t *users; // sorted; none: every local user may send
        size_t n_users, n_users_allocated;
        EventRate log_drops; // of each rule
        PlanePeer *known_peers; // [Peer] sections
        size_t n_known_peers, n_known_peers_allocated;

        // [Health]
        Address *probes;
        size_t n_probes, n_probes_allocated;

        ConfigOrigin *origins;
        size_t n_origins, n_origins_allocated;
        char **texts; // storage of description, path and ConfigLocation.path
        size_t n_texts, n_texts_allocated;
} PlaneConfig;

PlaneConfig *plane_config_free(PlaneConfig *plane);
// AF_INET or AF_INET6: whether the plane has an address of that family.
bool plane_config_has_family(const PlaneConfig *plane, int family);
// Whether the address is one of the plane's own.
bool plane_config_has_address(const PlaneConfig *plane, const Address *address);
// Whether the port is within Ports=.
bool plane_config_has_port(const PlaneConfig *plane, uint16_t port);
// Whether the address is within Peers=, which are sorted and disjoint once the plane is checked.
bool plane_config_is_peer(const PlaneConfig *plane, const Address *address);
// The [Peer] section that gives the address a MAC address; NULL: there is none.
const PlanePeer *plane_config_find_peer(const PlaneConfig *plane, const Address *address);

// Whether networkd or NetworkManager makes the device by what we give it.
static inline bool plane_config_is_handed_over(const PlaneConfig *plane) {
        return plane->managed_by == MANAGED_BY_NETWORKD || plane->managed_by == MANAGED_BY_NETWORKMANAGER;
}
// The range that migrations use: the widest of Ports=, as others are single ports beside it.
const PortRange *plane_config_migration_ports(const PlaneConfig *plane);

// Where the key got its value, or this item of it; the plane's file as a whole for a key that was not given.
ConfigLocation config_location(const PlaneConfig *plane, const char *section, const char *key, size_t item);

// As in the file. The way back returns the value, or -EINVAL.
const char *plane_kind_to_string(PlaneKind kind);
int plane_kind_from_string(const char *text);
const char *managed_by_to_string(ManagedBy managed_by);
int managed_by_from_string(const char *text);
const char *fallback_to_string(Fallback fallback);
int fallback_from_string(const char *text);
const char *vlan_protocol_to_string(uint16_t protocol); // "802.1Q", "802.1ad"
