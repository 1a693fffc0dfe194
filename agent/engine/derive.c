// From planes to the kernel objects that they desire.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "engine/derive.h"

#include <linux/if_ether.h>

#include "base/inet.h"
#include "base/names.h"
#include "base/parse.h"
#include "base/util.h"
#include "config/plane-config.h"
#include "engine/device.h"
#include "engine/hardening.h"
#include "engine/link-match.h"
#include "engine/overlap.h"
#include "engine/plane-facts.h"
#include "firewall/ruleset.h"
#include "kernel/link.h"
#include "kernel/network.h"
#include "model/object.h"
#include "model/reason.h"
#include "model/state.h"
#include "tc/egress-guard.h"
#include "tc/shape.h"

// One plane while it is derived.
typedef struct Derivation {
        const PlaneConfig *plane;
        const PlaneFacts *found;
        const DeriveFacts *facts;
        const Link *link, *parent; // NULL: there is none
        Reasons *reasons;
        State *state;
        DeviceCheck device;
        bool cannot_guard; // a link below the plane
        bool has_mac;
        MacAddress mac;
        uint32_t mtu; // bytes; 0: whatever the device has
} Derivation;

static MacAddress mac_hash(const DeriveFacts *facts, const PlaneConfig *plane, bool by_address) {
        const Address *address = &plane->addresses[0].prefix.address;
        uint64_t hash = hash_bytes(HASH_INIT, facts->machine_id, strlen(facts->machine_id));
        MacAddress mac;

        hash = hash_bytes(hash, plane->interface, strlen(plane->interface));
        if (by_address)
                hash = hash_bytes(hash, address->bytes, address_bits(address->family) / 8);
        memcpy(mac.bytes, &hash, sizeof(mac.bytes));
        mac.bytes[0] = (uint8_t)((mac.bytes[0] & 0xfe) | 0x02); // locally administered, one station
        return mac;
}

// The same address at every boot, on every kernel: peers may have it pinned. The plane's address is in it, because
// hosts that were cloned have one machine id. A device that an older version made without keeps its address: migrations
// may run on it.
static MacAddress macvlan_mac(const Derivation *d) {
        MacAddress before = mac_hash(d->facts, d->plane, false);

        if (d->link && d->link->has_mac && memcmp(&d->link->mac, &before, sizeof(before)) == 0)
                return before;
        return mac_hash(d->facts, d->plane, true);
}

static void mac_derive(Derivation *d) {
        const PlaneConfig *plane = d->plane;
        bool ours_to_choose = device_is_made_by_us(plane) && (!d->link || d->found->is_ours);

        if (plane->has_mac && ours_to_choose) {
                d->has_mac = true;
                d->mac = plane->mac;
        } else if (plane->kind == PLANE_KIND_MACVLAN && ours_to_choose && d->facts->machine_id[0]) {
                d->has_mac = true;
                d->mac = macvlan_mac(d);
        } else if (d->link) {
                d->has_mac = d->link->has_mac;
                d->mac = d->link->mac;
        } else if (plane->kind == PLANE_KIND_VLAN && d->parent) {
                d->has_mac = d->parent->has_mac;
                d->mac = d->parent->mac;
        }
}

// An MTU that the parent cannot carry is not asked for.
static void mtu_derive(Derivation *d) {
        const PlaneConfig *plane = d->plane;
        ConfigLocation at = config_location(plane, "Interface", "MTUBytes", 0);

        d->mtu = plane->mtu;
        if (plane->managed_by != MANAGED_BY_MIGPLANE) {
                d->mtu = 0;
                if (plane->mtu && d->link && d->link->mtu != plane->mtu)
                        reasons_add(
                                d->reasons, REASON_DRIFT,
                                "%s has an MTU of %u bytes, and MTUBytes=%u (%s:%u); its manager (ManagedBy=%s) sets "
                                "it",
                                plane->interface, d->link->mtu, plane->mtu, at.path, at.line,
                                managed_by_to_string(plane->managed_by));
                return;
        }
        if (d->device.stays) {
                d->mtu = 0;
        } else if (d->parent && plane->mtu > d->parent->mtu) {
                reasons_add(d->reasons, REASON_MTU_TOO_LARGE,
                            "MTUBytes=%u (%s:%u) is above the %u bytes of its parent %s; raise the parent's MTU first",
                            plane->mtu, at.path, at.line, d->parent->mtu, plane->parent);
                d->mtu = 0;
                if (!d->link)
                        d->device.possible = false;
        } else if (d->mtu == 0 && d->parent && device_is_made_by_us(plane)) {
                // A VLAN that followed its parent down does not follow it up again by itself.
                d->mtu = d->parent->mtu;
        }
}

static int link_derive(const Derivation *d) {
        const PlaneConfig *plane = d->plane;
        bool is_made = !d->device.stays && device_is_made_by_us(plane) && (!d->link || d->found->is_ours);
        Object link = {
                .kind = OBJECT_LINK,
                .as_link = { .type = LINK_DEVICE,
                             .mtu = d->mtu,
                             .wants_arp = plane->managed_by == MANAGED_BY_MIGPLANE },
        };

        strcpy_fixed(link.link, plane->interface);
        // A fitting device that somebody else made is adopted: it keeps its maker's tag, or none.
        if (is_made || d->device.stays)
                (void)snprintf(link.as_link.alias, sizeof(link.as_link.alias), LINK_ALIAS_PREFIX "%s", plane->name);
        if (is_made) {
                link.as_link.type = link_match_type(plane->kind);
                link.as_link.vlan_id = plane->vlan_id;
                link.as_link.vlan_protocol = plane->vlan_protocol;
                // Else the kernel sets it up with its parent, whoever does that, before its rules are there.
                link.as_link.is_loose = plane->kind == PLANE_KIND_VLAN;
                link.as_link.has_mac = plane->kind == PLANE_KIND_MACVLAN && d->has_mac;
                if (link.as_link.has_mac)
                        link.as_link.mac = d->mac;
                strcpy_fixed(link.as_link.parent, plane->parent);
        }
        return state_add(d->state, &link);
}

static int ifb_derive(const Derivation *d) {
        const char *name = d->found->ifb_name;
        Object ifb = { .kind = OBJECT_LINK, .as_link.type = LINK_IFB };
        Object up = { .kind = OBJECT_IFB_UP };

        if (!d->plane->ingress)
                return 0;
        strcpy_fixed(ifb.link, name);
        strcpy_fixed(up.link, name);
        (void)snprintf(ifb.as_link.alias, sizeof(ifb.as_link.alias), LINK_ALIAS_PREFIX "%s", d->plane->name);
        if (state_add(d->state, &ifb) < 0 || state_add(d->state, &up) < 0)
                return -ENOMEM;
        return hardening_derive_ifb(name, d->state);
}

static int link_up_add_one(State *state, const char *name, LinkRole role) {
        Object up = { .kind = OBJECT_LINK_UP, .as_link_up.role = role };

        strcpy_fixed(up.link, name);
        // Several planes can have one parent; the state is not sorted yet.
        for (size_t i = 0; i < state->n_objects; i++)
                if (object_compare(&state->objects[i], &up) == 0)
                        return 0;
        return state_add(state, &up);
}

static int links_up_derive(const Derivation *d) {
        const PlaneConfig *plane = d->plane;

        if (plane->managed_by != MANAGED_BY_MIGPLANE)
                return 0;
        if (plane->kind != PLANE_KIND_DEVICE && d->parent &&
            link_up_add_one(d->state, plane->parent, LINK_ROLE_PARENT) < 0)
                return -ENOMEM;
        return link_up_add_one(d->state, plane->interface, LINK_ROLE_PLANE);
}

static int addresses_derive(const Derivation *d) {
        const PlaneConfig *plane = d->plane;

        if (plane->managed_by != MANAGED_BY_MIGPLANE)
                return 0;
        for (size_t i = 0; i < plane->n_addresses; i++) {
                Object address = {
                        .kind = OBJECT_ADDRESS,
                        .as_address.prefix = plane->addresses[i].prefix,
                };
                strcpy_fixed(address.link, plane->interface);
                if (overlap_refuses(d->found, &plane->addresses[i].prefix))
                        continue;
                if (state_add(d->state, &address) < 0)
                        return -ENOMEM;
        }
        return 0;
}

// The first address of a family; AF_UNSPEC: the plane has none.
static Address source_of(const PlaneConfig *plane, int family) {
        for (size_t i = 0; i < plane->n_addresses; i++)
                if (plane->addresses[i].prefix.address.family == family)
                        return plane->addresses[i].prefix.address;
        return (Address){};
}

// The kernel adds it with the address, and not again when somebody deletes the route alone.
static bool lacks_connected(const Derivation *d, const Prefix *address, const Prefix *network) {
        const NetworkList *networks = d->facts->networks;

        return networks && d->link && d->link->up && network->length < address_bits(network->address.family) &&
               !overlap_refuses(d->found, address) &&
               network_list_has(networks, d->link->index, address, NETWORK_ADDRESS) &&
               !network_list_has(networks, d->link->index, network, NETWORK_CONNECTED);
}

static int connected_derive(const Derivation *d) {
        const PlaneConfig *plane = d->plane;

        for (size_t i = 0; i < plane->n_addresses; i++) {
                const Prefix *address = &plane->addresses[i].prefix;
                Object route = {
                        .kind = OBJECT_ROUTE,
                        .as_route = {
                                .destination = prefix_network(address),
                                .metric = route_metric(address->address.family),
                                .is_connected = true,
                        },
                };
                strcpy_fixed(route.link, plane->interface);
                if (address->address.family == AF_INET)
                        route.as_route.source = address->address;
                if (lacks_connected(d, address, &route.as_route.destination) && state_add(d->state, &route) < 0)
                        return -ENOMEM;
        }
        return 0;
}

static int routes_derive(const Derivation *d) {
        const PlaneConfig *plane = d->plane;

        if (plane->managed_by != MANAGED_BY_MIGPLANE)
                return 0;
        int r = connected_derive(d);
        if (r < 0)
                return r;
        for (size_t i = 0; i < plane->n_routes; i++) {
                const PlaneRoute *configured = &plane->routes[i];
                Object route = {
                        .kind = OBJECT_ROUTE,
                        .as_route = {
                                .destination = configured->destination,
                                .gateway = configured->gateway,
                                .source = source_of(plane, configured->destination.address.family),
                                .metric = route_metric(configured->destination.address.family),
                        },
                };
                strcpy_fixed(route.link, plane->interface);
                if (overlap_refuses(d->found, &configured->destination))
                        continue;
                if (state_add(d->state, &route) < 0)
                        return -ENOMEM;
        }
        return 0;
}

// Another link has an address in a part of the plane's network: that part belongs to the other link.
static bool is_another_links(const PlaneFacts *found, const Address *peer) {
        for (size_t i = 0; i < found->n_overlaps; i++) {
                const Overlap *overlap = &found->overlaps[i];
                if (overlap->has_address && overlap->theirs.length > overlap->ours->length &&
                    prefix_contains(&overlap->theirs, peer))
                        return true;
        }
        return false;
}

static bool has_route(const PlaneConfig *plane, const Prefix *destination) {
        for (size_t i = 0; i < plane->n_routes; i++)
                if (prefix_compare(&plane->routes[i].destination, destination) == 0)
                        return true;
        return false;
}

static int peer_route_derive(const Derivation *d, const Address *peer) {
        const Prefix destination = { *peer, (uint8_t)address_bits(peer->family) };
        const Prefix *own = plane_config_find_neighbour(d->plane, peer);
        Object route = { .kind = OBJECT_ROUTE };

        if (!own || has_route(d->plane, &destination) || overlap_refuses(d->found, own) ||
            is_another_links(d->found, peer))
                return 0;
        route.as_route = (RouteObject){
                .destination = destination,
                .source = own->address,
                .metric = route_metric_peer(peer->family),
        };
        strcpy_fixed(route.link, d->plane->interface);
        return state_add(d->state, &route);
}

// A router advertisement, DHCP or another program can add a route within the plane's network, and then the peers there
// would be sought elsewhere. No route is more specific than a peer's own.
static int peer_routes_derive(const Derivation *d) {
        const PlaneConfig *plane = d->plane;

        if (plane->managed_by != MANAGED_BY_MIGPLANE)
                return 0;
        for (size_t i = 0; i < plane->n_peers; i++)
                if (plane->peers[i].length == address_bits(plane->peers[i].address.family) &&
                    peer_route_derive(d, &plane->peers[i].address) < 0)
                        return -ENOMEM;
        for (size_t i = 0; i < plane->n_known_peers; i++)
                if (!plane_config_has_peer(plane, &plane->known_peers[i].address) &&
                    peer_route_derive(d, &plane->known_peers[i].address) < 0)
                        return -ENOMEM;
        return 0;
}

static int neighbours_derive(const Derivation *d) {
        for (size_t i = 0; i < d->plane->n_known_peers; i++) {
                const PlanePeer *peer = &d->plane->known_peers[i];
                Object neighbour = {
                        .kind = OBJECT_NEIGHBOUR,
                        .as_neighbour = { .address = peer->address, .mac = peer->mac },
                };
                strcpy_fixed(neighbour.link, d->plane->interface);
                if (peer->has_mac && state_add(d->state, &neighbour) < 0)
                        return -ENOMEM;
        }
        return 0;
}

static int sysctls_derive(const Derivation *d) {
        return hardening_derive(d->plane->interface, plane_config_has_family(d->plane, AF_INET6),
                                d->found->awaits_address, d->state);
}

static int caps_derive(const Derivation *d) {
        _cleanup_free_ MacAddress *macs = NULL;
        size_t n_macs = 0;

        if (bond_macs(&d->found->bond, &d->mac, &macs, &n_macs) < 0)
                return -ENOMEM;
        ShapeFacts facts = {
                .ifb = d->found->ifb_name,
                .mac = d->mac,
                .bond_macs = macs,
                .n_bond_macs = n_macs,
                .mtu = d->mtu
                               ?: d->link ? d->link->mtu
                                          : ETH_DATA_LEN,
                .leaf = d->facts->leaf,
        };
        return shape_derive(d->plane, &facts, d->state);
}

// Instead of the chain at the egress hook.
static int egress_derive(const Derivation *d) {
        _cleanup_free_ MacAddress *macs = NULL;
        size_t n_macs = 0;

        if (!d->facts->lacks_egress)
                return 0;
        if (bond_macs(&d->found->bond, &d->mac, &macs, &n_macs) < 0)
                return -ENOMEM;
        if (!d->has_mac)
                return egress_guard_derive(d->plane, NULL, 0, false, d->state);
        return egress_guard_derive(d->plane, n_macs ? macs : &d->mac, n_macs ?: 1, d->found->bond.link, d->state);
}

static int objects_derive(const Derivation *d) {
        static int (*const parts[])(const Derivation *) = {
                link_derive,      ifb_derive,      sysctls_derive,    caps_derive,   egress_derive,
                addresses_derive, links_up_derive, neighbours_derive, routes_derive, peer_routes_derive,
        };

        for (size_t i = 0; i < ELEMENTSOF(parts); i++) {
                int r = parts[i](d);
                if (r < 0)
                        return r;
        }
        return 0;
}

// The link that the VLAN really stands on, whatever the file calls it.
static const char *guarded_parent(const Derivation *d) {
        if (d->plane->kind != PLANE_KIND_VLAN)
                return NULL;
        if (d->device.possible && d->link && d->link->parent[0])
                return d->link->parent;
        return d->parent ? d->plane->parent : NULL;
}

static bool is_bridge(const Inventory *inventory, const char *name) {
        const Link *link = name ? inventory_find(inventory, name) : NULL;

        return link && streq(link->kind, LINK_KIND_BRIDGE);
}

// The plane's VLAN or the one below it, whichever stands on a bridge.
static void bridge_derive(const Inventory *inventory, const Link *outer, RulesetPlane *plane) {
        if (is_bridge(inventory, plane->parent_guard)) {
                plane->bridge = plane->parent_guard;
                plane->bridge_vlan_id = plane->plane->vlan_id;
                plane->bridge_vlan_protocol = plane->plane->vlan_protocol;
        } else if (outer && is_bridge(inventory, outer->parent)) {
                plane->bridge = outer->parent;
                plane->bridge_vlan_id = outer->vlan_id;
                plane->bridge_vlan_protocol = outer->vlan_protocol;
        }
}

static void notes_add(const Derivation *d) {
        const PlaneConfig *plane = d->plane;

        if (d->facts->leaf == QDISC_PFIFO && (plane->egress || plane->ingress))
                reasons_add(d->reasons, REASON_LEAF_PFIFO,
                            "this kernel has no fq_codel: the cap has a pfifo of about 20 ms instead");
        if (d->link && streq(d->link->kind, LINK_KIND_OPENVSWITCH) && (plane->egress || plane->ingress))
                reasons_add(d->reasons, REASON_OPEN_VSWITCH,
                            "%s is a port of Open vSwitch, which deletes its caps at each start unless told not to: "
                            "ovs-vsctl set port %s qos=@q -- --id=@q create qos type=linux-noop",
                            plane->interface, plane->interface);
        if (d->facts->lacks_egress)
                reasons_add(d->reasons, REASON_EGRESS_UNGUARDED,
                            "this kernel has no egress hook for nftables (it came with Linux 5.16): filters of tc hold "
                            "%s to the allow list instead. A program with a packet socket that passes the qdiscs by "
                            "(PACKET_QDISC_BYPASS) can send anything on the plane, and what the filters drop is not "
                            "counted or logged",
                            plane->interface);
        if (plane->management_reserve)
                reasons_add(d->reasons, REASON_RESERVE_UNSUPPORTED,
                            "ManagementReserve= is not enforced by this version; remove it, or reserve on the uplink "
                            "itself");
}

// Whether the plane's frames reach the own ingress of a bridge.
static bool passes_bridge(const Inventory *inventory, const PlaneFacts *plane) {
        return is_bridge(inventory, plane->config->interface) ||
               (plane->lower && is_bridge(inventory, plane->lower->name)) ||
               is_bridge(inventory, plane_facts_outer(plane));
}

// A link's name can have characters that no rule can hold. The plane is not set up without its guard; one that is up
// stays up for its migrations, and is failed.
static void guards_check(Derivation *d) {
        const char *const guarded[] = { guarded_parent(d), plane_facts_outer(d->found) };

        for (size_t i = 0; i < ELEMENTSOF(guarded); i++) {
                if (!guarded[i] || interface_name_is_valid(guarded[i]))
                        continue;
                reasons_add(
                        d->reasons, REASON_NO_ISOLATION,
                        "tags within tags cannot be dropped at %s, because no rule can hold that name; rename it: ip "
                        "link set dev %s name NEW",
                        guarded[i], guarded[i]);
                d->cannot_guard = true;
                d->device.possible &= d->found->stood_on;
        }
}

static RulesetPlane rules_derive(const Derivation *d) {
        RulesetPlane rules = {
                .plane = d->plane,
                .device_exists = d->device.possible,
                .is_refused = d->link && !d->device.possible,
                .has_mac = d->has_mac,
                .mac = d->mac,
                .is_bonded = d->found->bond.link,
                .ports = d->found->bond.ports,
                .n_ports = d->found->bond.n_ports,
                .daemon_user = d->facts->daemon_user,
                .reports = d->facts->reports,
                .reports_opens = d->facts->reports_opens,
                .lacks_egress = d->facts->lacks_egress,
                .is_plain = d->facts->is_plain,
                .awaits_address = d->found->awaits_address,
                .overlaps = d->found->overlaps,
                .n_overlaps = d->found->n_overlaps,
                .parent_guard = guarded_parent(d),
                .outer_guard = plane_facts_outer(d->found),
        };

        if (rules.is_refused || d->cannot_guard)
                rules.parent_guard = rules.outer_guard = NULL;
        else
                bridge_derive(d->facts->inventory, d->found->outer_vlan, &rules);
        return rules;
}

static int plane_derive(PlaneFacts *plane, DeviceCheck device, const DeriveFacts *facts, State *state,
                        RulesetPlane *ret_rules) {
        if (bond_find(facts->inventory, plane->config, plane->link, plane->parent, &plane->bond) < 0)
                return -ENOMEM;
        Derivation d = {
                .plane = plane->config,
                .found = plane,
                .facts = facts,
                .link = plane->link,
                .parent = plane->parent,
                .reasons = &plane->reasons,
                .state = state,
                .device = device,
        };

        mac_derive(&d);
        mtu_derive(&d);
        notes_add(&d);
        guards_check(&d);
        *ret_rules = rules_derive(&d);
        return d.device.possible ? objects_derive(&d) : 0;
}

// Which links are the planes' has to be known of all planes before the others' networks are looked at.
static int devices_check(PlaneFacts *planes, size_t n_planes, const DeriveFacts *facts, DeviceCheck *ret_devices) {
        const OverlapHost host = {
                .inventory = facts->inventory,
                .networks = facts->networks,
                .planes = planes,
                .n_planes = n_planes,
        };

        for (size_t i = 0; i < n_planes; i++) {
                _cleanup_reasons_ Reasons unsaid = {};
                if (planes[i].config->is_unread)
                        continue;
                ret_devices[i] = device_check(&planes[i], facts->inventory, facts->hold,
                                              planes[i].taken_down ? &unsaid : &planes[i].reasons);
                planes[i].is_refused = planes[i].link && !ret_devices[i].possible;
                planes[i].has_link = planes[i].link && ret_devices[i].possible && !planes[i].taken_down;
        }
        for (size_t i = 0; i < n_planes && facts->networks; i++) {
                if (planes[i].taken_down || planes[i].config->is_unread)
                        continue;
                int r = overlap_find(&planes[i], &host);
                if (r < 0)
                        return r;
                ret_devices[i].possible &= !overlap_refuses_plane(&planes[i]);
        }
        return 0;
}

// Where a plane's frames pass a bridge, those of guests are dropped with br_netfilter, as ever: the rules cannot tell
// the two apart.
static void bridges_choose(const PlaneFacts *planes, size_t n_planes, const DeriveFacts *facts, RulesetPlane *rules,
                           size_t n_rules) {
        bool let_pass = facts->bridges_call;

        for (size_t i = 0; i < n_planes; i++)
                let_pass &= planes[i].taken_down || planes[i].config->is_unread || planes[i].is_refused ||
                            !passes_bridge(facts->inventory, &planes[i]);
        for (size_t i = 0; i < n_rules; i++)
                rules[i].bridges_call = let_pass;
}

// Without its files a plane has no device, but its ports are closed.
static int planes_derive(PlaneFacts *planes, size_t n_planes, const DeriveFacts *facts, State *state,
                         RulesetPlane *rules, size_t *ret_n) {
        _cleanup_free_ DeviceCheck *devices = calloc(n_planes + 1, sizeof(*devices));
        size_t n = 0;

        if (!devices)
                return -ENOMEM;
        int r = devices_check(planes, n_planes, facts, devices);
        if (r < 0)
                return r;
        for (size_t i = 0; i < n_planes; i++) {
                if (planes[i].taken_down || planes[i].config->is_unread)
                        continue;
                r = plane_derive(&planes[i], devices[i], facts, state, &rules[n++]);
                if (r < 0)
                        return r;
        }
        bridges_choose(planes, n_planes, facts, rules, n);
        for (size_t i = 0; i < n_planes; i++)
                if (!planes[i].taken_down && planes[i].config->is_unread)
                        rules[n++] = (RulesetPlane){ .plane = planes[i].config };
        *ret_n = n;
        return 0;
}

int derive(PlaneFacts *planes, size_t n_planes, const DeriveFacts *facts, State *ret) {
        _cleanup_state_ State state = {};
        _cleanup_free_ RulesetPlane *rules = calloc(n_planes + 1, sizeof(*rules));
        size_t n_rules;

        if (!rules)
                return -ENOMEM;
        int r = planes_derive(planes, n_planes, facts, &state, rules, &n_rules);
        if (r < 0)
                return r;
        r = ruleset_derive(rules, n_rules, &state);
        if (r < 0)
                return r;

        state_sort(&state);
        *ret = state;
        state = (State){};
        return 0;
}
