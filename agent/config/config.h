// NAME.plane files: systemd's syntax and layering; each plane is checked alone and then all together.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <net/if.h>
#include <sys/types.h>

#include "base/parse.h"
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

// A list is always a pointer and its two sizes in a row: config-keys.c fills them all the same way.
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
// Whether networkd or NetworkManager makes the device by what we give it.
// AF_INET or AF_INET6: whether it has an address of that family.
bool plane_config_has_family(const PlaneConfig *plane, int family);

static inline bool plane_config_is_handed_over(const PlaneConfig *plane) {
        return plane->managed_by == MANAGED_BY_NETWORKD || plane->managed_by == MANAGED_BY_NETWORKMANAGER;
}
// The range that migrations use: the widest of Ports=, as others are single ports beside it.
const PortRange *plane_config_migration_ports(const PlaneConfig *plane);
// Whether two mean the same; where it was written does not count.
bool plane_config_equal(const PlaneConfig *a, const PlaneConfig *b);

typedef enum ConfigSeverity {
        CONFIG_WARNING,
        CONFIG_ERROR,
} ConfigSeverity;

typedef struct ConfigMessage {
        ConfigSeverity severity;
        char *plane; // the plane it is about; of a file that has no plane's name, the file's name
        char *path;
        unsigned line; // 0: about the file or plane as a whole
        char *text;
} ConfigMessage;

typedef struct Config {
        PlaneConfig **planes; // the valid ones, sorted by name; may be taken out, leaving NULL behind
        size_t n_planes, n_planes_allocated;
        char **broken; // names of planes that have a file with an error: keep what they had
        size_t n_broken, n_broken_allocated;
        ConfigMessage *messages; // by plane: first what was read, line by line, then what was checked; printable UTF-8
        size_t n_messages, n_messages_allocated;
} Config;

// Reads every NAME.plane of the directories (NULL-terminated, highest precedence first) with its drop-ins and masks,
// and checks each alone and against the others. A bad file is no failure of the call: it is a message, and its plane is
// in broken. Of two planes that contradict each other (one interface, overlapping prefixes), the later in name order is
// broken. has_ipv6: see config_kernel_has_ipv6. Errors: -ENOMEM, or an unreadable directory.
int config_load(const char *const *directories, bool has_ipv6, Config **ret, Error *ret_error);
// The same for one plane and one text (size bytes, not changed) that was read from path. Error: -ENOMEM.
int config_load_text(const char *name, const char *path, const char *text, size_t size, bool has_ipv6, Config **ret);
Config *config_free(Config *config);
static inline void config_freep(Config **config) {
        *config = config_free(*config);
}
#define _cleanup_config_ _cleanup_(config_freep)

// Whether the kernel has IPv6 at all. net.ipv6.conf.all.disable_ipv6=1 does not matter: a device can have its own 0.
bool config_kernel_has_ipv6(void);

// After a reload: a plane that is broken keeps the configuration in force, and those of config's planes that contradict
// it become broken in their turn. in_force: what every plane has now. Error: -ENOMEM.
int config_check_kept(Config *config, const PlaneConfig *const *in_force, size_t n_in_force);

// Takes out the plane of that name, if there is one, for what is in force instead: it counts as broken. *ret: the plane, or as it
// was. Error: -ENOMEM.
int config_keep(Config *config, const char *name, PlaneConfig **ret);

const PlaneConfig *config_find(const Config *config, const char *name);
bool config_is_broken(const Config *config, const char *name);
// Where the key got its value, or this item of it; the plane's file as a whole for a key that was not given.
ConfigLocation config_location(const PlaneConfig *plane, const char *section, const char *key, size_t item);
// "PATH:LINE: error: TEXT" and a line feed.
void config_message_print(const ConfigMessage *message, FILE *file);

const char *plane_kind_to_string(PlaneKind kind);
const char *vlan_protocol_to_string(uint16_t protocol); // "802.1Q", "802.1ad"
const char *managed_by_to_string(ManagedBy managed_by);
const char *fallback_to_string(Fallback fallback);

// The drop-in that SetBandwidth writes, below directory ("/etc/migplane" or "/run/migplane"). A rate of 0 is left out.
// The runtime drop-in sorts after the persistent one and therefore wins.
int config_bandwidth_dropin_path(const char *directory, const char *plane, bool runtime, char **ret_path);
int config_bandwidth_dropin_text(uint64_t egress, uint64_t ingress, uint64_t per_migration, char **ret_text);
