// What must hold of a plane as a whole, and what follows from what its file says.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "config/check.h"

#include <linux/if_ether.h>

#include "base/inet.h"
#include "base/parse.h"
#include "base/util.h"
#include "config/draft.h"
#include "config/plane-config.h"

enum {
        IPV6_MTU_MIN = 1280, // bytes; RFC 8200, section 5
        // Of the uplink's rate, for plane and reserve together. Measured: at 95 % the benefit to management's p99
        // latency was gone in every run.
        UPLINK_SHARE_MAX_PERCENT = 93,
};

static const PortRange default_ports = { 49152, 49215 }; // libvirt's

#define PREFIX(prefix) prefix_format((prefix), (char[PREFIX_TEXT_MAX]){ 0 })
#define ADDRESS(address) address_format((address), (char[ADDRESS_TEXT_MAX]){ 0 })
#define RATE(rate) format_rate((rate), (char[RATE_TEXT_MAX]){ 0 })

// Why no host can have this address; NULL if one can.
static const char *address_fault(const Address *address) {
        const uint32_t in = ntohl(address->in.s_addr);
        const struct in6_addr *in6 = &address->in6;

        if (address->family == AF_INET)
                return in == INADDR_ANY             ? "the unspecified address"
                       : in == INADDR_BROADCAST     ? "the broadcast address"
                       : in >> 24 == IN_LOOPBACKNET ? "a loopback address"
                       : IN_MULTICAST(in)           ? "a multicast address"
                                                    : NULL;
        return IN6_IS_ADDR_UNSPECIFIED(in6) ? "the unspecified address"
               : IN6_IS_ADDR_LOOPBACK(in6)  ? "a loopback address"
               : IN6_IS_ADDR_MULTICAST(in6) ? "a multicast address"
               : IN6_IS_ADDR_LINKLOCAL(in6) ? "a link-local address"
               : IN6_IS_ADDR_V4MAPPED(in6)  ? "an IPv4 address in IPv6 form"
                                            : NULL;
}

// Why the address is none of a host within its network; NULL if it is. Networks of one or two addresses have no others.
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
                            "Parent=%s is the plane's own interface; name the interface that it is made on",
                            plane->parent);
}

static void check_kind(ConfigDraft *draft) {
        const PlaneConfig *plane = draft->plane;
        const char *kind = plane_kind_to_string(plane->kind);
        const struct {
                const char *key, *others; // the kinds that have the key
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
                                    "%s= is given, but Kind=%s has none; remove it, or set Kind=%s", keys[i].key, kind,
                                    keys[i].others);
        }
        if (plane->has_mac && plane->managed_by != MANAGED_BY_MIGPLANE)
                draft_error(draft, config_location(plane, "Interface", "MACAddress", 0),
                            "MACAddress= is given, but ManagedBy=%s makes the interface; set the address there",
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
        const char *fault = address_fault(&prefix->address) ?: host_fault(prefix);

        if (prefix->length == 0)
                draft_error(draft, at,
                            "Address=%s makes every host a neighbour; give the prefix length of the plane's network",
                            PREFIX(prefix));
        else if (fault)
                draft_error(draft, at, "Address=%s is %s; expected an address of this host alone", PREFIX(prefix),
                            fault);
        else if (prefix->address.family == AF_INET6 && !draft->has_ipv6)
                draft_error(draft, at,
                            "Address=%s: this kernel has IPv6 turned off; use IPv4, or boot without ipv6.disable=1",
                            PREFIX(prefix));

        for (size_t j = 0; j < i; j++)
                if (address_compare(&plane->addresses[j].prefix.address, &prefix->address) == 0) {
                        draft_error(draft, at, "Address=%s is given twice; remove one", PREFIX(prefix));
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
                            ADDRESS(gateway), PREFIX(&plane->routes[i].destination));
                return;
        }
        if (plane_config_has_address(plane, gateway)) {
                draft_error(draft, at,
                            "Gateway=%s is the plane's own address; name the router, or remove Gateway= for a "
                            "destination that is on the link",
                            ADDRESS(gateway));
                return;
        }
        for (size_t j = 0; j < plane->n_addresses; j++)
                if (prefix_contains(&plane->addresses[j].prefix, gateway))
                        return;
        draft_error(draft, at,
                    "Gateway=%s is in no network of the plane's addresses, so it cannot be reached; name the router's "
                    "address on the plane",
                    ADDRESS(gateway));
}

// Why the plane can have no route to the destination; NULL if it can.
static const char *destination_fault(const PlaneConfig *plane, const Prefix *destination) {
        if (destination->length == 0)
                return "a default route, and a plane is no way out; name the networks of the peers";
        const char *fault = address_fault(&destination->address);
        if (fault)
                return fault;
        if (!plane_config_has_family(plane, destination->address.family))
                return "of a family of which the plane has no address; add one in [Address]";
        for (size_t i = 0; i < plane->n_addresses; i++) {
                const Prefix network = prefix_network(&plane->addresses[i].prefix);
                if (prefix_compare(&network, destination) == 0)
                        return "the network of the plane's own address, to which the kernel makes the route; remove "
                               "this one";
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
                draft_error(draft, at, "Destination=%s is %s", PREFIX(&route->destination), fault);
        for (size_t j = 0; j < i; j++)
                if (prefix_compare(&plane->routes[j].destination, &route->destination) == 0) {
                        draft_error(draft, at, "Destination=%s is given twice; remove one [Route]",
                                    PREFIX(&route->destination));
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
                                    RATE(plane->per_migration), totals[i].key, RATE(totals[i].rate), totals[i].key);
}

static void check_reserve(ConfigDraft *draft) {
        const PlaneConfig *plane = draft->plane;
        const uint64_t reserve = plane->management_reserve, link = plane->link_rate;
        const ConfigLocation at = config_location(plane, "Bandwidth", "ManagementReserve", 0);

        if (reserve == 0)
                return;
        if (plane->kind == PLANE_KIND_DEVICE)
                draft_error(draft, at,
                            "ManagementReserve=%s is given, but Kind=device shares its uplink with nobody; remove it",
                            RATE(reserve));
        if (link > 0 && reserve >= link)
                draft_error(draft, at, "ManagementReserve=%s leaves nothing of LinkRate=%s to the plane; lower it",
                            RATE(reserve), RATE(link));
        else if (link > 0 && plane->egress + reserve > link / 100 * UPLINK_SHARE_MAX_PERCENT)
                draft_error(draft, at,
                            "ManagementReserve=%s and Egress=%s come to more than %s, which is %d %% of LinkRate=%s, "
                            "and the reserve cannot be held beyond that; lower one of them",
                            RATE(reserve), RATE(plane->egress), RATE(link / 100 * UPLINK_SHARE_MAX_PERCENT),
                            UPLINK_SHARE_MAX_PERCENT, RATE(link));
}

// --- [Isolation], [Peer] and [Health]

static void check_peers(ConfigDraft *draft) {
        const PlaneConfig *plane = draft->plane;

        for (size_t i = 0; i < plane->n_peers; i++) {
                const Prefix *peers = &plane->peers[i];
                const char *fault = peers->length > 0 ? address_fault(&peers->address) : NULL;
                if (fault)
                        draft_error(draft, config_location(plane, "Isolation", "Peers", i),
                                    "Peers=%s is %s; name networks of hosts", PREFIX(peers), fault);
                if (peers->length == 0)
                        draft_warning(draft, config_location(plane, "Isolation", "Peers", i),
                                      "Peers=%s takes every host for a peer; name the networks of the peers",
                                      PREFIX(peers));
        }
}

static void add_peers(ConfigDraft *draft, const Prefix *prefix) {
        PlaneConfig *plane = draft->plane;

        if (array_reserve(&plane->peers, &plane->n_peers_allocated, plane->n_peers + 1) < 0)
                draft->out_of_memory = true;
        else
                plane->peers[plane->n_peers++] = prefix_network(prefix);
}

static int compare_prefixes(const void *a, const void *b) {
        return prefix_compare(a, b);
}

// Fills in the default, and drops networks that others contain: nftables takes no overlapping intervals.
static void complete_peers(ConfigDraft *draft) {
        PlaneConfig *plane = draft->plane;
        size_t n = 0;

        if (plane->n_peers == 0) {
                for (size_t i = 0; i < plane->n_addresses; i++)
                        add_peers(draft, &plane->addresses[i].prefix);
                for (size_t i = 0; i < plane->n_routes; i++)
                        if (plane->routes[i].destination.address.family != AF_UNSPEC)
                                add_peers(draft, &plane->routes[i].destination);
        }
        if (plane->n_peers == 0)
                return;

        // A network sorts right before those that it contains.
        qsort(plane->peers, plane->n_peers, sizeof(plane->peers[0]), compare_prefixes);
        for (size_t i = 0; i < plane->n_peers; i++)
                if (n == 0 || !prefix_overlaps(&plane->peers[n - 1], &plane->peers[i]))
                        plane->peers[n++] = plane->peers[i];
        plane->n_peers = n;
}

static void check_has_peers(ConfigDraft *draft) {
        const PlaneConfig *plane = draft->plane;

        for (size_t i = 0; i < plane->n_peers; i++) {
                const Prefix *peers = &plane->peers[i];
                if (peers->length < address_bits(peers->address.family) ||
                    !plane_config_has_address(plane, &peers->address))
                        return;
        }
        if (plane->n_addresses > 0)
                draft_error(draft, config_location(plane, "Address", "Address", 0),
                            "Address=%s leaves no room for a peer; give the prefix length of the plane's network, or "
                            "Peers=",
                            PREFIX(&plane->addresses[0].prefix));
}

static void check_known_peer(ConfigDraft *draft, size_t i, bool repeated) {
        const PlaneConfig *plane = draft->plane;
        const Address *address = &plane->known_peers[i].address;
        const char *fault = plane_config_has_address(plane, address)
                                    ? "is the plane's own address; name another host"
                            : !plane_config_is_peer(plane, address)
                                    ? "is not within Peers=; correct it, or add it there"
                                    : NULL;

        if (address->family == AF_UNSPEC) {
                draft_error(draft, config_location(plane, "Peer", "", i),
                            "Address= is missing in [Peer]; add the peer's address, or remove the section");
                return;
        }
        if (fault)
                draft_error(draft, config_location(plane, "Peer", "Address", i), "Address=%s of a [Peer] %s",
                            ADDRESS(address), fault);
        if (repeated)
                draft_error(draft, config_location(plane, "Peer", "Address", i),
                            "Address=%s has two [Peer] sections; remove one", ADDRESS(address));
}

// By address, and in the order of the sections where that is the same.
static int compare_known_peers(const void *a, const void *b) {
        const PlanePeer *peer_a = *(const PlanePeer *const *)a, *peer_b = *(const PlanePeer *const *)b;
        int r = address_compare(&peer_a->address, &peer_b->address);

        return r != 0 ? r : (peer_a > peer_b) - (peer_a < peer_b);
}

// Which sections repeat the address of an earlier one, 1 or 0 for each; NULL: out of memory. There may be thousands, so they
// are sorted, not each compared with each.
static char *find_repeated_peers(const PlaneConfig *plane) {
        const size_t n = plane->n_known_peers;
        const PlanePeer **sorted = calloc(n + 1, sizeof(sorted[0]));
        char *repeated = sorted ? calloc(n + 1, 1) : NULL;

        if (repeated) {
                for (size_t i = 0; i < n; i++)
                        sorted[i] = &plane->known_peers[i];
                qsort(sorted, n, sizeof(sorted[0]), compare_known_peers);
                for (size_t i = 1; i < n; i++)
                        repeated[sorted[i] - plane->known_peers] =
                                address_compare(&sorted[i - 1]->address, &sorted[i]->address) == 0;
        }
        free(sorted);
        return repeated;
}

static void check_known_peers(ConfigDraft *draft) {
        _cleanup_free_ char *repeated = find_repeated_peers(draft->plane);

        if (!repeated) {
                draft->out_of_memory = true;
                return;
        }
        for (size_t i = 0; i < draft->plane->n_known_peers; i++)
                check_known_peer(draft, i, repeated[i]);
}

static void check_probes(ConfigDraft *draft) {
        const PlaneConfig *plane = draft->plane;

        for (size_t i = 0; i < plane->n_probes; i++) {
                const ConfigLocation at = config_location(plane, "Health", "Probe", i);
                if (plane_config_has_address(plane, &plane->probes[i]))
                        draft_error(draft, at, "Probe=%s is the plane's own address; name a peer",
                                    ADDRESS(&plane->probes[i]));
                else if (!plane_config_is_peer(plane, &plane->probes[i]))
                        draft_error(draft, at, "Probe=%s is not within Peers=; correct it, or add it there",
                                    ADDRESS(&plane->probes[i]));
        }
}

// --- What follows from the rest

static void complete_macs(ConfigDraft *draft) {
        static const MacAddress none;
        PlaneConfig *plane = draft->plane;

        plane->has_mac = memcmp(&plane->mac, &none, sizeof(none)) != 0;
        for (size_t i = 0; i < plane->n_known_peers; i++)
                plane->known_peers[i].has_mac = memcmp(&plane->known_peers[i].mac, &none, sizeof(none)) != 0;
}

static int compare_ports(const void *a, const void *b) {
        return (int)((const PortRange *)a)->first - (int)((const PortRange *)b)->first;
}

// Fills in the default; joins ranges that overlap or touch.
static void complete_ports(ConfigDraft *draft) {
        PlaneConfig *plane = draft->plane;
        size_t n = 0;

        if (plane->n_ports == 0) {
                if (array_reserve(&plane->ports, &plane->n_ports_allocated, 1) < 0) {
                        draft->out_of_memory = true;
                        return;
                }
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

void draft_check(ConfigDraft *draft) {
        // In the order of the file, except that a value is completed before others are held against it.
        static void (*const steps[])(ConfigDraft *) = {
                complete_macs,   check_interface,     check_kind,    complete_vlan,  check_mtu,
                check_addresses, check_routes,        check_per_migration, check_reserve, check_peers,
                complete_peers,  check_has_peers,     check_known_peers, check_probes, complete_ports,
                complete_users,
        };

        for (size_t i = 0; i < ELEMENTSOF(steps) && !draft->out_of_memory; i++)
                steps[i](draft);
}
