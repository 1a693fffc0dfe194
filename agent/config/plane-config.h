// The configuration of one plane, as its files give it.
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

// The place of a value in the files. The PlaneConfig owns path.
typedef struct ConfigLocation {
        const char *path;
        unsigned line; // 0: the file as a whole
} ConfigLocation;

// One entry for each value that was read, in the order of reading.
typedef struct ConfigOrigin {
        const char *section;
        const char *key; // "": the section's header
        size_t item;     // of a list, or of the sections of this name, from 0
        ConfigLocation at;
} ConfigOrigin;

// At most count events in so many seconds; count 0: no events.
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

// A [Peer] section.
typedef struct PlanePeer {
        Address address;
        bool has_mac;
        MacAddress mac;
} PlanePeer;

// The most of a plane: within these a reload answers in time, and the daemon stays within its unit's memory.
enum {
        PLANE_ADDRESSES_MAX = 64,
        PLANE_PEERS_MAX = 20000, // of Peers=, and of [Peer] sections
        PLANE_PORTS_MAX = 128,   // single ports and ranges, joined
};

// A list is always a pointer followed by its two sizes, the layout that config/keys.h describes.
typedef struct PlaneConfig {
        char *name;
        char *path;     // of NAME.plane
        bool is_unread; // its files have an error: nothing is known of it but the name, the path, Required= and Ports=
        char *source;   // the text of all files in the order of reading; read again, it gives the same plane

        // [Plane]
        char *description;
        bool wants_default; // Default=yes
        bool is_default;    // Default=yes, or the only plane
        bool required;
        Fallback fallback;

        // [Interface]
        char interface[IFNAMSIZ];
        PlaneKind kind;
        char parent[IFNAMSIZ];
        uint16_t vlan_id;
        uint16_t vlan_protocol; // ETH_P_8021Q or ETH_P_8021AD; 0: not a VLAN
        uint32_t mtu;           // bytes; 0: that of the parent or the device
        bool has_mac;
        MacAddress mac; // MACAddress=, macvlan only
        ManagedBy managed_by;

        PlaneAddress *addresses; // at least one; the first is given to initiators
        size_t n_addresses, n_addresses_allocated;
        PlaneRoute *routes;
        size_t n_routes, n_routes_allocated;

        // [Bandwidth], bits per second; 0: not set (not capped, not reserved)
        uint64_t egress, ingress, per_migration, link_rate, management_reserve;

        // [Isolation]
        Prefix *peers; // networks, sorted and disjoint; default: those of the addresses and of the routes
        size_t n_peers, n_peers_allocated;
        PortRange *ports; // sorted and disjoint; default 49152-49215
        size_t n_ports, n_ports_allocated;
        uid_t *users; // sorted; none: every local user may send
        size_t n_users, n_users_allocated;
        EventRate log_drops;    // of each rule
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

// The configuration of a plane whose file sets nothing.
extern const PlaneConfig plane_config_defaults;
PlaneConfig *plane_config_free(PlaneConfig *plane);
// What is known of a plane whose files have an error. Its name and path are as given; Required= and Ports= are those of
// read, which may be NULL. NULL: out of memory.
PlaneConfig *plane_config_new_unread(const char *name, const char *path, const PlaneConfig *read);
// Fills in the default of Ports=, sorts the ranges, and joins those that overlap or touch. Error: -ENOMEM.
int plane_config_complete_ports(PlaneConfig *plane);
// Whether the plane has an address of the family, AF_INET or AF_INET6.
bool plane_config_has_family(const PlaneConfig *plane, int family);
// Whether the address is one of the plane's own.
bool plane_config_has_address(const PlaneConfig *plane, const Address *address);
// Whether the port is within Ports=.
bool plane_config_has_port(const PlaneConfig *plane, uint16_t port);
// Whether the address is a gateway of a [Route]. A gateway gets ARP, ND and ICMP errors, and is not a peer.
bool plane_config_is_gateway(const PlaneConfig *plane, const Address *address);
// Whether the address is within Peers=, which are sorted and disjoint after the checks, and not a gateway.
bool plane_config_is_peer(const PlaneConfig *plane, const Address *address);
// Whether Peers= names the address by itself.
bool plane_config_has_peer(const PlaneConfig *plane, const Address *address);
// The plane's address in whose network a peer is; NULL: the address is none of another peer there.
const Prefix *plane_config_find_neighbour(const PlaneConfig *plane, const Address *address);
// Whether the network is in a network (Address=) or a [Route] of the plane, in whole or in part.
bool plane_config_is_near(const PlaneConfig *plane, const Prefix *network);
// Whether Peers= holds anybody else who is near.
bool plane_config_reaches_peers(const PlaneConfig *plane);
// A network of Peers= that has room for several hosts, if no peer has a fixed MAC address; NULL: there is none.
const Prefix *plane_config_find_trusted(const PlaneConfig *plane);
// The [Peer] section that gives the address a MAC address; NULL if there is none.
const PlanePeer *plane_config_find_peer(const PlaneConfig *plane, const Address *address);
// The [Route] that packets for the address take: the longest; NULL if there is none.
const PlaneRoute *plane_config_find_route(const PlaneConfig *plane, const Address *address);

// Whether networkd or NetworkManager makes the device, from files that the daemon writes.
static inline bool plane_config_is_handed_over(const PlaneConfig *plane) {
        return plane->managed_by == MANAGED_BY_NETWORKD || plane->managed_by == MANAGED_BY_NETWORKMANAGER;
}
// The port range of migrations: the widest of Ports=, because the others are single ports beside it.
const PortRange *plane_config_migration_ports(const PlaneConfig *plane);

// The place of a key's value, or of this item of a list; the plane's file as a whole for a key that is not set.
ConfigLocation config_location(const PlaneConfig *plane, const char *section, const char *key, size_t item);
// Changes it: the value was taken from another configuration. Error: -ENOMEM.
int config_set_location(PlaneConfig *plane, const char *section, const char *key, ConfigLocation at);

// The words of the file. from_string returns the value, or -EINVAL.
const char *plane_kind_to_string(PlaneKind kind);
int plane_kind_from_string(const char *text);
const char *managed_by_to_string(ManagedBy managed_by);
int managed_by_from_string(const char *text);
const char *fallback_to_string(Fallback fallback);
int fallback_from_string(const char *text);
const char *vlan_protocol_to_string(uint16_t protocol); // "802.1Q", "802.1ad"
