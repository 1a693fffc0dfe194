// From planes to the kernel objects they mean.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "engine/derive.h"

#include <linux/if_ether.h>

#include "base/inet.h"
#include "base/names.h"
#include "base/util.h"
#include "config/plane-config.h"
#include "engine/hardening.h"
#include "firewall/ruleset.h"
#include "kernel/link.h"
#include "model/object.h"
#include "model/reason.h"
#include "model/state.h"
#include "tc/shape.h"

// One plane on its way.
typedef struct Derivation {
        const PlaneConfig *plane;
        const DeriveFacts *facts;
        const Link *link, *parent; // NULL: not there
        Reasons *reasons;
        State *state;
        bool possible; // the device is there, or can be made
        bool stays;    // the device is left as it is made, although the file says otherwise
        bool has_mac;
        MacAddress mac;
        uint32_t mtu; // bytes; 0: whatever the device has
        char ifb[IFNAMSIZ];
} Derivation;

void derive_ifb_name(const char *interface, char ret[static IFNAMSIZ]) {
        if (strlen(IFB_NAME_PREFIX) + strlen(interface) < IFNAMSIZ) {
                (void)snprintf(ret, IFNAMSIZ, IFB_NAME_PREFIX "%s", interface);
                return;
        }
        uint64_t hash = hash_bytes(HASH_INIT, interface, strlen(interface));
        (void)snprintf(ret, IFNAMSIZ, IFB_NAME_PREFIX "%.5s%06x", interface, (unsigned)(hash & 0xffffff));
}

static bool made_by_us(const PlaneConfig *plane) {
        return plane->kind != PLANE_KIND_DEVICE && plane->managed_by == MANAGED_BY_MIGPLANE;
}

static LinkType plane_link_type(PlaneKind kind) {
        switch (kind) {
        case PLANE_KIND_DEVICE:
                return LINK_DEVICE;
        case PLANE_KIND_VLAN:
                return LINK_VLAN;
        case PLANE_KIND_MACVLAN:
                return LINK_MACVLAN;
        }
        return LINK_DEVICE;
}

static bool tag_fits(const Link *link, const PlaneConfig *plane) {
        return link->type == plane_link_type(plane->kind) &&
               (plane->kind != PLANE_KIND_VLAN ||
                (link->vlan_id == plane->vlan_id && link->vlan_protocol == plane->vlan_protocol));
}

bool derive_link_fits(const Link *link, const PlaneConfig *plane) {
        return tag_fits(link, plane) && streq(link->parent, plane->parent);
}

// The same address at every boot, on every kernel: peers may have it pinned.
static void mac_derive(Derivation *d) {
        const PlaneConfig *plane = d->plane;

        bool ours_to_choose = made_by_us(plane) && (!d->link || d->link->ours);

        if (plane->has_mac && ours_to_choose) {
                d->has_mac = true;
                d->mac = plane->mac;
        } else if (plane->kind == PLANE_KIND_MACVLAN && ours_to_choose && d->facts->machine_id[0]) {
                uint64_t hash = hash_bytes(HASH_INIT, d->facts->machine_id, strlen(d->facts->machine_id));
                hash = hash_bytes(hash, plane->interface, strlen(plane->interface));
                memcpy(d->mac.bytes, &hash, sizeof(d->mac.bytes));
                d->mac.bytes[0] = (uint8_t)((d->mac.bytes[0] & 0xfe) | 0x02); // locally administered, one station
                d->has_mac = true;
        } else if (d->link) {
                d->has_mac = d->link->has_mac;
                d->mac = d->link->mac;
        } else if (plane->kind == PLANE_KIND_VLAN && d->parent) {
                d->has_mac = d->parent->has_mac;
                d->mac = d->parent->mac;
        }
}

// The MTU to ask for; one that the parent cannot carry is not asked for.
static void mtu_derive(Derivation *d) {
        const PlaneConfig *plane = d->plane;
        ConfigLocation at = config_location(plane, "Interface", "MTUBytes", 0);

        d->mtu = plane->mtu;
        if (plane->managed_by != MANAGED_BY_MIGPLANE) {
                d->mtu = 0;
                if (plane->mtu && d->link && d->link->mtu != plane->mtu)
                        reasons_add(d->reasons, REASON_DRIFT,
                                    "%s has an MTU of %u bytes, and MTUBytes=%u (%s:%u); its manager (ManagedBy=%s) sets it",
                                    plane->interface, d->link->mtu, plane->mtu, at.path, at.line,
                                    managed_by_to_string(plane->managed_by));
                return;
        }
        if (d->stays) {
                d->mtu = 0;
        } else if (d->parent && plane->mtu > d->parent->mtu) {
                reasons_add(d->reasons, REASON_MTU_TOO_LARGE,
                            "MTUBytes=%u (%s:%u) is above the %u bytes of its parent %s; raise the parent's MTU first",
                            plane->mtu, at.path, at.line, d->parent->mtu, plane->parent);
                d->mtu = 0;
                if (!d->link)
                        d->possible = false;
        } else if (d->mtu == 0 && d->parent && made_by_us(plane)) {
                // A VLAN that followed its parent down does not follow it up again by itself.
                d->mtu = d->parent->mtu;
        }
}

static void enslaved_add(const Derivation *d) {
        const Link *master = inventory_find_index(d->facts->inventory, d->link->master_index);
        const char *kind = master ? master->kind : "";

        // All ports of all bridges of Open vSwitch have one master.
        reasons_add(d->reasons, REASON_ENSLAVED, "%s is enslaved to %s%s%s%s: it is no plane of its own%s", d->link->name,
                    master ? master->name : "another device", kind[0] ? " (" : "", kind, kind[0] ? ")" : "",
                    streq(kind, LINK_KIND_OPENVSWITCH)
                            ? "; take an internal port of the Open vSwitch bridge, with Kind=device and ManagedBy=other"
                            : "");
}

// "vlan 100 (802.1ad) on eno1", "macvlan on eno1", "bridge"
static const char *kind_format(const char *kind, uint16_t vlan_id, uint16_t vlan_protocol, const char *parent,
                               char ret[static 80]) {
        int n = snprintf(ret, 80, "%s", kind);

        if (streq(kind, "vlan"))
                n += snprintf(ret + n, 80 - (size_t)n, " %u (%s)", vlan_id, vlan_protocol_to_string(vlan_protocol));
        if (parent[0])
                (void)snprintf(ret + n, 80 - (size_t)n, " on %s", parent);
        return ret;
}

#define LINK_TEXT(link) \
        kind_format((link)->kind[0] ? (link)->kind : "device", (link)->vlan_id, (link)->vlan_protocol, (link)->parent, \
                    (char[80]){ 0 })
#define PLANE_TEXT(plane) \
        kind_format(plane_kind_to_string((plane)->kind), (plane)->vlan_id, (plane)->vlan_protocol, (plane)->parent, \
                    (char[80]){ 0 })

static void mismatch_add(const Derivation *d) {
        const PlaneConfig *plane = d->plane;

        reasons_add(d->reasons, REASON_DEVICE_MISMATCH,
                    "%s exists, is not ours, and is a %s, not a %s as %s says; remove it, or give the plane another Name=",
                    plane->interface, LINK_TEXT(d->link), PLANE_TEXT(plane), plane->path);
}

// The device is as it should be, but on a link of another name, and there is none of the name in the file.
static bool stands_elsewhere(const Derivation *d) {
        return d->plane->kind != PLANE_KIND_DEVICE && !d->parent && d->link && d->link->parent[0] &&
               tag_fits(d->link, d->plane);
}

// A device of ours is not made again under a running migration. And one whose parent is away, or has another name now, stays.
static void rebuild_check(Derivation *d) {
        const PlaneConfig *plane = d->plane;
        bool ours = made_by_us(plane) && d->link && d->link->ours;

        d->stays = ours && (!d->parent || d->link->n_migrations > 0);
        if (d->stays && d->parent)
                reasons_add(d->reasons, REASON_REBUILD_WAITS,
                            "%s is a %s and is to be a %s; that waits until the %u migration(s) on it have ended (at once: "
                            "migplanectl down %s, then up)",
                            plane->interface, LINK_TEXT(d->link), PLANE_TEXT(plane), d->link->n_migrations, plane->name);
}

// Whether the plane's device is there or can be made; says why not.
static void device_check(Derivation *d) {
        const PlaneConfig *plane = d->plane;
        ConfigLocation name_at = config_location(plane, "Interface", "Name", 0);
        ConfigLocation parent_at = config_location(plane, "Interface", "Parent", 0);
        bool ours = made_by_us(plane);

        d->possible = true;
        if (stands_elsewhere(d)) {
                reasons_add(d->reasons, REASON_PARENT_RENAMED,
                            "%s stands on %s, and there is no %s (%s:%u): if that was renamed, write Parent=%s, and nothing "
                            "else changes",
                            plane->interface, d->link->parent, plane->parent, parent_at.path, parent_at.line, d->link->parent);
        } else if (plane->kind != PLANE_KIND_DEVICE && !d->parent && (ours || !d->link)) {
                reasons_add(d->reasons, REASON_PARENT_MISSING, "the parent %s (%s:%u) does not exist; waiting for it",
                            plane->parent, parent_at.path, parent_at.line);
                d->possible = d->link != NULL;
        } else if (!ours && !d->link) {
                reasons_add(d->reasons, REASON_DEVICE_MISSING, "the device %s (%s:%u) does not exist; waiting for %s",
                            plane->interface, name_at.path, name_at.line,
                            plane_config_is_handed_over(plane) ? managed_by_to_string(plane->managed_by) : "it");
                d->possible = false;
        }

        if (ours && !d->link && d->facts->hold) {
                reasons_add(d->reasons, REASON_SETTING_UP, "waiting for networkd or NetworkManager to learn that %s is none of theirs",
                            plane->interface);
                d->possible = false;
        }

        if (d->link && d->link->master_index > 0) {
                enslaved_add(d);
                d->possible &= !d->link->is_taken;
        }
        if (d->link && !d->link->has_mac) {
                reasons_add(d->reasons, REASON_DEVICE_MISMATCH, "%s is no Ethernet device", plane->interface);
                d->possible = false;
        }
        if (d->link && d->link->is_taken && d->link->master_index == 0) {
                reasons_add(d->reasons, REASON_DEVICE_MISMATCH,
                            "%s (%s:%u) has addresses already and none of the plane's: it is in use; "
                            "name a device that is the plane's alone, or remove its addresses",
                            plane->interface, name_at.path, name_at.line);
                d->possible = false;
        }
        if (d->link && !d->link->ours && plane->kind != PLANE_KIND_DEVICE && !derive_link_fits(d->link, plane) &&
            !stands_elsewhere(d)) {
                mismatch_add(d);
                // One that has been the plane's keeps its isolation for as long as it is there.
                d->possible &= d->link->stood_on;
        }
        rebuild_check(d);
}

static int links_derive(const Derivation *d) {
        const PlaneConfig *plane = d->plane;
        Object link = {
                .kind = OBJECT_LINK,
                .as_link = { .type = LINK_DEVICE, .mtu = d->mtu },
        };
        strcpy_fixed(link.link, plane->interface);
        // One that somebody else made just so is adopted: it keeps its maker's tag, or none.
        if (d->stays) {
                (void)snprintf(link.as_link.alias, sizeof(link.as_link.alias), LINK_ALIAS_PREFIX "%s", plane->name);
        } else if (made_by_us(plane) && (!d->link || d->link->ours)) {
                link.as_link.type = plane_link_type(plane->kind);
                link.as_link.vlan_id = plane->vlan_id;
                link.as_link.vlan_protocol = plane->vlan_protocol;
                link.as_link.has_mac = plane->kind == PLANE_KIND_MACVLAN && d->has_mac;
                if (link.as_link.has_mac)
                        link.as_link.mac = d->mac;
                strcpy_fixed(link.as_link.parent, plane->parent);
                (void)snprintf(link.as_link.alias, sizeof(link.as_link.alias), LINK_ALIAS_PREFIX "%s", plane->name);
        }
        int r = state_add(d->state, &link);

        if (r >= 0 && plane->ingress) {
                Object ifb = { .kind = OBJECT_LINK, .as_link.type = LINK_IFB };
                strcpy_fixed(ifb.link, d->ifb);
                (void)snprintf(ifb.as_link.alias, sizeof(ifb.as_link.alias), LINK_ALIAS_PREFIX "%s", plane->name);
                r = state_add(d->state, &ifb);
                if (r >= 0)
                        r = hardening_derive_ifb(d->ifb, d->state);
        }
        return r;
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
        int r = 0;

        if (plane->managed_by == MANAGED_BY_MIGPLANE) {
                if (plane->kind != PLANE_KIND_DEVICE && d->parent)
                        r = link_up_add_one(d->state, plane->parent, LINK_ROLE_PARENT);
                if (r >= 0)
                        r = link_up_add_one(d->state, plane->interface, LINK_ROLE_PLANE);
        }
        if (r >= 0 && plane->ingress) {
                Object up = { .kind = OBJECT_IFB_UP };
                strcpy_fixed(up.link, d->ifb);
                r = state_add(d->state, &up);
        }
        return r;
}

static int addresses_derive(const Derivation *d) {
        const PlaneConfig *plane = d->plane;

        for (size_t i = 0; i < plane->n_addresses; i++) {
                Object address = {
                        .kind = OBJECT_ADDRESS,
                        .as_address = { .prefix = plane->addresses[i].prefix, .ours = true },
                };
                strcpy_fixed(address.link, plane->interface);
                if (state_add(d->state, &address) < 0)
                        return -ENOMEM;
        }
        for (size_t i = 0; i < plane->n_routes; i++) {
                const PlaneRoute *configured = &plane->routes[i];
                Object route = {
                        .kind = OBJECT_ROUTE,
                        .as_route = {
                                .destination = configured->destination,
                                .gateway = configured->gateway,
                                .metric = route_metric(configured->destination.address.family),
                        },
                };
                strcpy_fixed(route.link, plane->interface);
                for (size_t j = 0; j < plane->n_addresses && route.as_route.source.family == AF_UNSPEC; j++)
                        if (plane->addresses[j].prefix.address.family == configured->destination.address.family)
                                route.as_route.source = plane->addresses[j].prefix.address;
                if (state_add(d->state, &route) < 0)
                        return -ENOMEM;
        }
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

static int shape_add(const Derivation *d) {
        ShapeFacts facts = {
                .ifb = d->ifb,
                .mac = d->mac,
                .mtu = d->mtu ?: d->link ? d->link->mtu : ETH_DATA_LEN,
                .leaf = d->facts->leaf,
        };
        return shape_derive(d->plane, &facts, d->state);
}

static int plane_derive(const Derivation *d) {
        int r = links_derive(d);

        if (r >= 0)
                r = hardening_derive(d->plane->interface, plane_config_has_family(d->plane, AF_INET6), d->state);
        if (r >= 0 && d->plane->managed_by == MANAGED_BY_MIGPLANE)
                r = addresses_derive(d);
        if (r >= 0)
                r = shape_add(d);
        if (r >= 0)
                r = links_up_derive(d);
        if (r >= 0)
                r = neighbours_derive(d);
        return r;
}

// Where the VLAN really is, whatever that is called now.
static const char *guarded_parent(const Derivation *d) {
        if (d->plane->kind != PLANE_KIND_VLAN)
                return NULL;
        if (d->possible && d->link && d->link->parent[0])
                return d->link->parent;
        return d->parent ? d->plane->parent : NULL;
}

// A VLAN that the plane is, without being described as one, or stands on; NULL: none.
static const Link *outer_vlan(const Inventory *inventory, const PlaneConfig *plane) {
        const Link *link = inventory_find(inventory, plane->interface);
        const Link *below = link;

        if (plane->kind != PLANE_KIND_DEVICE)
                below = inventory_find(inventory, link && link->parent[0] ? link->parent : plane->parent);
        return below && below->type == LINK_VLAN && below->parent[0] ? below : NULL;
}

const char *derive_outer(const Inventory *inventory, const PlaneConfig *plane) {
        const Link *outer = outer_vlan(inventory, plane);

        return outer ? outer->parent : NULL;
}

static bool is_bridge(const Inventory *inventory, const char *name) {
        const Link *link = name ? inventory_find(inventory, name) : NULL;

        return link && streq(link->kind, LINK_KIND_BRIDGE);
}

// Of the plane's VLAN and the one below it, that which stands on a bridge.
static void bridge_derive(const Inventory *inventory, RulesetPlane *plane) {
        const Link *outer = outer_vlan(inventory, plane->plane);

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
                            "this kernel has no fq_codel: a pfifo of about 20 ms stands below the cap instead");
        if (d->link && streq(d->link->kind, LINK_KIND_OPENVSWITCH) && (plane->egress || plane->ingress))
                reasons_add(d->reasons, REASON_OPEN_VSWITCH,
                            "%s is a port of Open vSwitch, which deletes its caps at each start unless told not to: "
                            "ovs-vsctl set port %s qos=@q -- --id=@q create qos type=linux-noop",
                            plane->interface, plane->interface);
        if (plane->management_reserve)
                reasons_add(d->reasons, REASON_RESERVE_UNSUPPORTED,
                            "ManagementReserve= is not enforced by this version; remove it, or reserve on the uplink itself");
}

int derive(const PlaneConfig *const *planes, size_t n_planes, const DeriveFacts *facts, State *ret, Reasons *reasons) {
        _cleanup_state_ State state = {};
        _cleanup_free_ char *memory = calloc(n_planes + 1, sizeof(RulesetPlane));
        RulesetPlane *rules = (RulesetPlane *)memory;
        if (!rules)
                return -ENOMEM;

        int r = 0;
        for (size_t i = 0; i < n_planes && r >= 0; i++) {
                const PlaneConfig *plane = planes[i];
                Derivation d = {
                        .plane = plane,
                        .facts = facts,
                        .link = inventory_find(facts->inventory, plane->interface),
                        .parent = plane->parent[0] ? inventory_find(facts->inventory, plane->parent) : NULL,
                        .reasons = &reasons[i],
                        .state = &state,
                };
                derive_ifb_name(plane->interface, d.ifb);
                device_check(&d);
                mac_derive(&d);
                mtu_derive(&d);
                notes_add(&d);
                if (d.possible)
                        r = plane_derive(&d);
                rules[i] = (RulesetPlane){
                        .plane = plane,
                        .device_exists = d.possible,
                        .has_mac = d.has_mac,
                        .mac = d.mac,
                        .daemon_user = facts->daemon_user,
                        .reports = facts->reports,
                        .parent_guard = guarded_parent(&d),
                        .outer_guard = derive_outer(facts->inventory, plane),
                };
                bridge_derive(facts->inventory, &rules[i]);
        }
        if (r >= 0)
                r = ruleset_derive(rules, n_planes, &state);
        if (r < 0)
                return r;

        state_sort(&state);
        *ret = state;
        state = (State){};
        return 0;
}
