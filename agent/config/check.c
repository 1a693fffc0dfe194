// Checks of a plane as a whole, and the values that follow from others.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "config/check.h"

#include <linux/if_ether.h>

#include "base/inet.h"
#include "base/parse.h"
#include "base/util.h"
#include "config/check-peers.h"
#include "config/draft.h"
#include "config/plane-config.h"

enum {
        IPV6_MTU_MIN = 1280, // bytes; RFC 8200, section 5
        // Of the uplink's rate, for plane and reserve together. Measured: at 95 % management's p99 latency was no
        // better than without a reserve, in every run.
        UPLINK_SHARE_MAX_PERCENT = 93,
};

// Why the address is not a host's within its network; NULL if it is. Every address of a network of one or two is a
// host's.
static const char *host_fault(const Prefix *prefix) {
        const Prefix network = prefix_network(prefix);
        const unsigned host_bits = address_bits(prefix->address.family) - prefix->length;

        if (host_bits < 2)
                return NULL;
        if (prefix_compare(prefix, &network) == 0)
                return "the address of the network itself";
        if (prefix->address.family == AF_INET && ~ntohl(prefix->address.in.s_addr) << (32 - host_bits) == 0)
                return "the broadcast address of its network";
        return NULL;
}

// --- [Interface]

static void check_interface(ConfigDraft *draft) {
        const PlaneConfig *plane = draft->plane;

        if (plane->interface[0] == '\0')
                draft_error(draft, config_location(plane, "Interface", "", 0),
                            "Name= is missing in [Interface]; add the name of the plane's network interface, such as "
                            "Name=mig0");
        else if (streq(plane->interface, plane->parent))
                draft_error(draft, config_location(plane, "Interface", "Parent", 0),
                            "Parent=%s is the plane's own interface; name the interface below it", plane->parent);
}

static void check_kind(ConfigDraft *draft) {
        const PlaneConfig *plane = draft->plane;
        const char *kind = plane_kind_to_string(plane->kind);
        const struct {
                const char *key, *others; // the kinds that use the key
                bool given, allowed, needed;
        } keys[] = {
                { "Parent", "vlan or Kind=macvlan", plane->parent[0] != '\0', plane->kind != PLANE_KIND_DEVICE,
                  plane->kind != PLANE_KIND_DEVICE },
                { "VLANId", "vlan", plane->vlan_id != 0, plane->kind == PLANE_KIND_VLAN,
                  plane->kind == PLANE_KIND_VLAN },
                { "VLANProtocol", "vlan", plane->vlan_protocol != 0, plane->kind == PLANE_KIND_VLAN, false },
                { "MACAddress", "macvlan", plane->has_mac, plane->kind == PLANE_KIND_MACVLAN, false },
        };

        for (size_t i = 0; i < ELEMENTSOF(keys); i++) {
                if (keys[i].needed && !keys[i].given)
                        draft_error(draft, config_location(plane, "Interface", "Kind", 0),
                                    "Kind=%s needs %s=; add it to [Interface]", kind, keys[i].key);
                if (keys[i].given && !keys[i].allowed)
                        draft_error(draft, config_location(plane, "Interface", keys[i].key, 0),
                                    "%s= is set, but Kind=%s does not use it; remove it, or set Kind=%s", keys[i].key,
                                    kind, keys[i].others);
        }
        if (plane->has_mac && plane->managed_by != MANAGED_BY_MIGPLANE)
                draft_error(draft, config_location(plane, "Interface", "MACAddress", 0),
                            "MACAddress= is set, but another program makes the interface (ManagedBy=%s); set the MAC "
                            "address there",
                            managed_by_to_string(plane->managed_by));
}

static void complete_vlan(ConfigDraft *draft) {
        if (draft->plane->kind == PLANE_KIND_VLAN && draft->plane->vlan_protocol == 0)
                draft->plane->vlan_protocol = ETH_P_8021Q;
}

static void check_mtu(ConfigDraft *draft) {
        const PlaneConfig *plane = draft->plane;

        if (plane->mtu > 0 && plane->mtu < IPV6_MTU_MIN && plane_config_has_family(plane, AF_INET6))
                draft_error(draft, config_location(plane, "Interface", "MTUBytes", 0),
                            "MTUBytes=%u is too small for the plane's IPv6 address; expected at least %d", plane->mtu,
                            IPV6_MTU_MIN);
}

// --- [Address]

static void check_address(ConfigDraft *draft, size_t i) {
        const PlaneConfig *plane = draft->plane;
        const Prefix *prefix = &plane->addresses[i].prefix;
        const ConfigLocation at = config_location(plane, "Address", "Address", i);
        const char *fault = address_host_fault(&prefix->address) ?: host_fault(prefix);

        if (prefix->length == 0)
                draft_error(draft, at,
                            "Address=%s puts every host on the link; give the prefix length of the plane's network",
                            PREFIX_TEXT(prefix));
        else if (fault)
                draft_error(draft, at, "Address=%s is %s; give an address that this host alone has",
                            PREFIX_TEXT(prefix), fault);
        else if (prefix->address.family == AF_INET6 && !draft->has_ipv6)
                draft_error(draft, at,
                            "Address=%s: this kernel has IPv6 turned off; use IPv4, or boot without ipv6.disable=1",
                            PREFIX_TEXT(prefix));

        for (size_t j = 0; j < i; j++)
                if (address_compare(&plane->addresses[j].prefix.address, &prefix->address) == 0) {
                        draft_error(draft, at, "Address=%s is given twice; remove one", PREFIX_TEXT(prefix));
                        return;
                }
}

static void check_addresses(ConfigDraft *draft) {
        if (draft->plane->n_addresses == 0)
                draft_error(draft, config_location(draft->plane, "Address", "", 0),
                            "the plane has no address; add [Address] with Address=, such as Address=172.150.1.5/24");
        for (size_t i = 0; i < draft->plane->n_addresses; i++)
                check_address(draft, i);
}

// --- [Route]

static void check_gateway(ConfigDraft *draft, size_t i) {
        const PlaneConfig *plane = draft->plane;
        const Address *gateway = &plane->routes[i].gateway;
        const ConfigLocation at = config_location(plane, "Route", "Gateway", i);

        if (gateway->family != plane->routes[i].destination.address.family) {
                draft_error(draft, at,
                            "Gateway=%s and Destination=%s are of different families; both must be IPv4 or both IPv6",
                            ADDRESS_TEXT(gateway), PREFIX_TEXT(&plane->routes[i].destination));
                return;
        }
        if (plane_config_has_address(plane, gateway)) {
                draft_error(draft, at,
                            "Gateway=%s is the plane's own address; name the router, or remove Gateway= for a "
                            "destination that is on the link",
                            ADDRESS_TEXT(gateway));
                return;
        }
        for (size_t j = 0; j < plane->n_addresses; j++)
                if (prefix_contains(&plane->addresses[j].prefix, gateway))
                        return;
        draft_error(draft, at,
                    "Gateway=%s is not in a network of the plane's addresses and cannot be reached; name the router's "
                    "address on the plane",
                    ADDRESS_TEXT(gateway));
}

// Why the plane cannot have a route to the destination; NULL if it can.
static const char *destination_fault(const PlaneConfig *plane, const Prefix *destination) {
        if (destination->length == 0)
                return "a default route, and a plane leads to its peers only; name the networks of the peers";
        const char *fault = address_host_fault(&destination->address);
        if (fault)
                return fault;
        if (!plane_config_has_family(plane, destination->address.family))
                return "of an address family in which the plane has no address; add one in [Address]";
        for (size_t i = 0; i < plane->n_addresses; i++) {
                const Prefix network = prefix_network(&plane->addresses[i].prefix);
                if (prefix_compare(&network, destination) == 0)
                        return "the network of the plane's own address, and the kernel adds that route itself; remove "
                               "this section";
        }
        return NULL;
}

static void check_route(ConfigDraft *draft, size_t i) {
        const PlaneConfig *plane = draft->plane;
        const PlaneRoute *route = &plane->routes[i];
        const ConfigLocation at = config_location(plane, "Route", "Destination", i);

        if (route->destination.address.family == AF_UNSPEC) {
                draft_error(draft, config_location(plane, "Route", "", i),
                            "Destination= is missing in [Route]; add the network of the peers, or remove the section");
                return;
        }

        const char *fault = destination_fault(plane, &route->destination);
        if (fault)
                draft_error(draft, at, "Destination=%s is %s", PREFIX_TEXT(&route->destination), fault);
        for (size_t j = 0; j < i; j++)
                if (prefix_compare(&plane->routes[j].destination, &route->destination) == 0) {
                        draft_error(draft, at, "Destination=%s is given twice; remove one [Route]",
                                    PREFIX_TEXT(&route->destination));
                        break;
                }
        if (route->gateway.family != AF_UNSPEC)
                check_gateway(draft, i);
}

static void check_routes(ConfigDraft *draft) {
        for (size_t i = 0; i < draft->plane->n_routes; i++)
                check_route(draft, i);
}

// --- [Bandwidth]

static void check_per_migration(ConfigDraft *draft) {
        const PlaneConfig *plane = draft->plane;
        const struct {
                const char *key;
                uint64_t rate;
        } totals[] = { { "Egress", plane->egress }, { "Ingress", plane->ingress } };

        for (size_t i = 0; i < ELEMENTSOF(totals); i++)
                if (totals[i].rate > 0 && plane->per_migration > totals[i].rate)
                        draft_error(draft, config_location(plane, "Bandwidth", "PerMigration", 0),
                                    "PerMigration=%s is above %s=%s, the rate of all migrations together; lower it, or "
                                    "raise %s=",
                                    RATE_TEXT(plane->per_migration), totals[i].key, RATE_TEXT(totals[i].rate),
                                    totals[i].key);
}

static void check_reserve(ConfigDraft *draft) {
        const PlaneConfig *plane = draft->plane;
        const uint64_t reserve = plane->management_reserve, link = plane->link_rate;
        const ConfigLocation at = config_location(plane, "Bandwidth", "ManagementReserve", 0);

        if (reserve == 0)
                return;
        if (plane->kind == PLANE_KIND_DEVICE)
                draft_error(draft, at,
                            "ManagementReserve=%s is set, but a plane of Kind=device does not share its uplink; "
                            "remove it",
                            RATE_TEXT(reserve));
        if (link > 0 && reserve >= link)
                draft_error(draft, at, "ManagementReserve=%s leaves nothing of LinkRate=%s to the plane; lower it",
                            RATE_TEXT(reserve), RATE_TEXT(link));
        else if (link > 0 && plane->egress + reserve > link / 100 * UPLINK_SHARE_MAX_PERCENT)
                draft_error(draft, at,
                            "ManagementReserve=%s and Egress=%s add up to more than %s, which is %d %% of LinkRate=%s; "
                            "the reserve cannot be guaranteed above that; lower one of them",
                            RATE_TEXT(reserve), RATE_TEXT(plane->egress),
                            RATE_TEXT(link / 100 * UPLINK_SHARE_MAX_PERCENT), UPLINK_SHARE_MAX_PERCENT,
                            RATE_TEXT(link));
}

// --- What follows from the rest

static void complete_macs(ConfigDraft *draft) {
        static const MacAddress none;
        PlaneConfig *plane = draft->plane;

        plane->has_mac = memcmp(&plane->mac, &none, sizeof(none)) != 0;
        for (size_t i = 0; i < plane->n_known_peers; i++)
                plane->known_peers[i].has_mac = memcmp(&plane->known_peers[i].mac, &none, sizeof(none)) != 0;
}

static void complete_ports(ConfigDraft *draft) {
        PlaneConfig *plane = draft->plane;

        if (plane_config_complete_ports(plane) < 0)
                draft->out_of_memory = true;
        if (plane->n_ports <= PLANE_PORTS_MAX)
                return;
        draft_error(draft, config_location(plane, "Isolation", "Ports", PLANE_PORTS_MAX),
                    "Ports= has %zu single ports and ranges, and a plane has %d at most; use ranges", plane->n_ports,
                    PLANE_PORTS_MAX);
        // The ports of a broken plane are closed elsewhere, but not as many as that.
        plane->n_ports = 0;
        if (plane_config_complete_ports(plane) < 0)
                draft->out_of_memory = true;
}

static int compare_users(const void *a, const void *b) {
        const uid_t x = *(const uid_t *)a, y = *(const uid_t *)b;

        return (x > y) - (x < y);
}

static void complete_users(ConfigDraft *draft) {
        PlaneConfig *plane = draft->plane;
        size_t n = 0;

        if (plane->n_users == 0)
                return;
        qsort(plane->users, plane->n_users, sizeof(plane->users[0]), compare_users);
        for (size_t i = 0; i < plane->n_users; i++)
                if (n == 0 || plane->users[i] != plane->users[n - 1])
                        plane->users[n++] = plane->users[i];
        plane->n_users = n;
}

static void check_limits(ConfigDraft *draft) {
        const PlaneConfig *plane = draft->plane;

        if (plane->n_addresses > PLANE_ADDRESSES_MAX)
                draft_error(draft, config_location(plane, "Address", "Address", PLANE_ADDRESSES_MAX),
                            "there are %zu [Address] sections, and a plane has %d at most; remove some",
                            plane->n_addresses, PLANE_ADDRESSES_MAX);
        if (plane->n_peers > PLANE_PEERS_MAX)
                draft_error(draft, config_location(plane, "Isolation", "Peers", PLANE_PEERS_MAX),
                            "Peers= has %zu networks and addresses, and a plane has %d at most; use networks",
                            plane->n_peers, PLANE_PEERS_MAX);
        if (plane->n_known_peers > PLANE_PEERS_MAX)
                draft_error(draft, config_location(plane, "Peer", "Address", PLANE_PEERS_MAX),
                            "there are %zu [Peer] sections, and a plane has %d at most; remove some",
                            plane->n_known_peers, PLANE_PEERS_MAX);
}

void draft_check(ConfigDraft *draft) {
        // In the order of the manual, except that a value is completed before others are checked against it.
        static void (*const steps[])(ConfigDraft *) = {
                check_limits,      complete_macs,   check_interface, check_kind,          complete_vlan,
                check_mtu,         check_addresses, check_routes,    check_per_migration, check_reserve,
                draft_check_peers, complete_ports,  complete_users,
        };

        for (size_t i = 0; i < ELEMENTSOF(steps) && !draft->out_of_memory; i++)
                steps[i](draft);
}
