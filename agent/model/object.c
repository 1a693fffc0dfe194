// Kernel objects: order, equality and text.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "model/object.h"

#include <linux/if_ether.h>
#include <linux/pkt_sched.h>

#include "base/inet.h"
#include "base/parse.h"
#include "base/util.h"

typedef struct ObjectType {
        const char *name;
        int (*compare)(const Object *a, const Object *b); // by key, beyond kind and link
        bool (*satisfies)(const Object *observed, const Object *desired);
        bool (*is_fixed)(const Object *observed, const Object *desired);
        void (*print)(const Object *object, FILE *file);
} ObjectType;

#define COMPARE(a, b) (((a) > (b)) - ((a) < (b)))

static bool mac_equal(const MacAddress *a, const MacAddress *b) {
        return memcmp(a, b, sizeof(*a)) == 0;
}

static int always_equal(const Object *a _unused_, const Object *b _unused_) {
        return 0;
}

static bool never_fixed(const Object *observed _unused_, const Object *desired _unused_) {
        return false;
}

static bool always_fixed(const Object *observed _unused_, const Object *desired _unused_) {
        return true;
}

static bool always_satisfies(const Object *observed _unused_, const Object *desired _unused_) {
        return true;
}

static bool link_is_fixed(const Object *observed, const Object *desired) {
        const LinkObject *o = &observed->as_link, *d = &desired->as_link;

        return d->type != LINK_DEVICE && (o->type != d->type || !streq(o->parent, d->parent) ||
                                          o->vlan_id != d->vlan_id || o->vlan_protocol != d->vlan_protocol);
}

static bool link_satisfies(const Object *observed, const Object *desired) {
        const LinkObject *o = &observed->as_link, *d = &desired->as_link;

        return !link_is_fixed(observed, desired) && (d->mtu == 0 || o->mtu == d->mtu) &&
               (!d->has_mac || mac_equal(&o->mac, &d->mac)) && (!d->is_loose || o->is_loose) &&
               !(d->wants_arp && o->no_arp) && !(d->type == LINK_MACVLAN && o->mode[0]) &&
               (!d->alias[0] || (streq(o->alias, d->alias) && !o->enslaved));
}

static void link_print(const Object *object, FILE *file) {
        static const char *const names[] = {
                [LINK_DEVICE] = "device",
                [LINK_VLAN] = "vlan",
                [LINK_MACVLAN] = "macvlan",
                [LINK_IFB] = "ifb",
        };
        const LinkObject *link = &object->as_link;
        char mac[MAC_TEXT_MAX];

        fprintf(file, "%s kind %s", object->link, names[link->type]);
        if (link->parent[0])
                fprintf(file, " parent %s", link->parent);
        if (link->type == LINK_VLAN)
                fprintf(file, "%s id %u", link->vlan_protocol == ETH_P_8021AD ? " protocol 802.1ad" : "",
                        link->vlan_id);
        if (link->is_loose)
                fputs(" loose", file);
        if (link->mode[0])
                fprintf(file, " mode %s", link->mode);
        if (link->no_arp)
                fputs(" noarp", file);
        if (link->mtu)
                fprintf(file, " mtu %u", link->mtu);
        if (link->has_mac)
                fprintf(file, " address %s", mac_format(&link->mac, mac));
        if (link->alias[0])
                fprintf(file, " alias %s", link->alias);
        if (link->enslaved)
                fputs(" enslaved", file);
}

static int sysctl_compare(const Object *a, const Object *b) {
        return strcmp(a->as_sysctl.item, b->as_sysctl.item);
}

static bool sysctl_satisfies(const Object *observed, const Object *desired) {
        return observed->as_sysctl.value == desired->as_sysctl.value;
}

static void sysctl_print(const Object *object, FILE *file) {
        fprintf(file, "%s=%lld", object->as_sysctl.item, (long long)object->as_sysctl.value);
}

static int ruleset_compare(const Object *a, const Object *b) {
        int r = COMPARE(a->as_ruleset.family, b->as_ruleset.family);
        return r ? r : strcmp(a->as_ruleset.chain, b->as_ruleset.chain);
}

static bool ruleset_satisfies(const Object *observed, const Object *desired) {
        return observed->as_ruleset.hash == desired->as_ruleset.hash &&
               observed->as_ruleset.n_rules == desired->as_ruleset.n_rules;
}

static void ruleset_print(const Object *object, FILE *file) {
        const RulesetObject *ruleset = &object->as_ruleset;

        fprintf(file, "%s %s chain %s rules %u hash %016llx", ruleset_family_to_string(ruleset->family), "migplane",
                ruleset->chain, ruleset->n_rules, (unsigned long long)ruleset->hash);
}

const char *address_object_format(const AddressObject *object, char ret[static ADDRESS_OBJECT_TEXT_MAX]) {
        char local[ADDRESS_TEXT_MAX], prefix[PREFIX_TEXT_MAX];
        Prefix with_peer = { object->peer, object->prefix.length };

        if (object->peer.family == AF_UNSPEC)
                (void)snprintf(ret, ADDRESS_OBJECT_TEXT_MAX, "%s", prefix_format(&object->prefix, prefix));
        else
                (void)snprintf(ret, ADDRESS_OBJECT_TEXT_MAX, "%s peer %s",
                               address_format(&object->prefix.address, local), prefix_format(&with_peer, prefix));
        return ret;
}

static int address_object_compare(const Object *a, const Object *b) {
        int r = prefix_compare(&a->as_address.prefix, &b->as_address.prefix);
        return r ? r : address_compare(&a->as_address.peer, &b->as_address.peer);
}

static void address_print(const Object *object, FILE *file) {
        char text[ADDRESS_OBJECT_TEXT_MAX];
        fprintf(file, "%s %s", object->link, address_object_format(&object->as_address, text));
}

static void handle_print(uint32_t handle, FILE *file) {
        if (handle == TC_H_ROOT)
                fputs("root", file);
        else if (handle == TC_H_CLSACT)
                fputs("clsact", file);
        else if (TC_H_MIN(handle))
                fprintf(file, "%x:%x", TC_H_MAJ(handle) >> 16, TC_H_MIN(handle));
        else
                fprintf(file, "%x:", TC_H_MAJ(handle) >> 16);
}

static int qdisc_compare(const Object *a, const Object *b) {
        // The root first: it is created before the qdiscs below it.
        uint32_t x = a->as_qdisc.parent, y = b->as_qdisc.parent;
        return x == y ? 0 : x == TC_H_ROOT ? -1 : y == TC_H_ROOT ? 1 : COMPARE(x, y);
}

static bool qdisc_satisfies(const Object *observed, const Object *desired) {
        const QdiscObject *o = &observed->as_qdisc, *d = &desired->as_qdisc;

        return o->type == d->type && o->handle == d->handle && o->default_class == d->default_class &&
               o->limit == d->limit;
}

// The limit of a leaf can change in place; a qdisc's kind and handle, and the default class of an htb, cannot.
static bool qdisc_is_fixed(const Object *observed, const Object *desired) {
        const QdiscObject *o = &observed->as_qdisc, *d = &desired->as_qdisc;

        return o->type != d->type || o->handle != d->handle || o->default_class != d->default_class;
}

static void qdisc_print(const Object *object, FILE *file) {
        static const char *const names[] = {
                [QDISC_HTB] = "htb",
                [QDISC_CLSACT] = "clsact",
                [QDISC_FQ_CODEL] = "fq_codel",
                [QDISC_PFIFO] = "pfifo",
        };
        const QdiscObject *qdisc = &object->as_qdisc;

        fprintf(file, "%s %s parent ", object->link,
                qdisc->type == QDISC_FOREIGN ? qdisc->foreign : names[qdisc->type]);
        handle_print(qdisc->parent, file);
        fputs(" handle ", file);
        handle_print(qdisc->handle, file);
        if (qdisc->type == QDISC_HTB)
                fprintf(file, " default %x", qdisc->default_class);
        if (qdisc->limit)
                fprintf(file, " limit %u", qdisc->limit);
}

static int class_compare(const Object *a, const Object *b) {
        return COMPARE(a->as_class.classid, b->as_class.classid);
}

static bool class_satisfies(const Object *observed, const Object *desired) {
        const ClassObject *o = &observed->as_class, *d = &desired->as_class;

        return o->parent == d->parent && o->rate == d->rate && o->ceil == d->ceil && o->burst == d->burst &&
               o->cburst == d->cburst && o->quantum == d->quantum && o->priority == d->priority;
}

static void class_print(const Object *object, FILE *file) {
        const ClassObject *class = &object->as_class;
        char rate[RATE_TEXT_MAX], ceil[RATE_TEXT_MAX];

        fprintf(file, "%s ", object->link);
        handle_print(class->classid, file);
        fputs(" parent ", file);
        handle_print(class->parent, file);
        fprintf(file, " rate %s ceil %s burst %llu cburst %llu quantum %u", format_rate(class->rate * 8, rate),
                format_rate(class->ceil * 8, ceil), (unsigned long long)bytes_from_ticks(class->burst, class->rate),
                (unsigned long long)bytes_from_ticks(class->cburst, class->ceil), class->quantum);
}

static int filter_compare(const Object *a, const Object *b) {
        int r = COMPARE(a->as_filter.at_egress, b->as_filter.at_egress);
        if (r == 0)
                r = COMPARE(a->as_filter.protocol, b->as_filter.protocol);
        return r ? r : COMPARE(a->as_filter.part, b->as_filter.part);
}

static bool filter_satisfies(const Object *observed, const Object *desired) {
        const FilterObject *o = &observed->as_filter, *d = &desired->as_filter;

        return o->hash == d->hash && streq(o->target, d->target);
}

static const char *protocol_name(uint16_t protocol) {
        switch (protocol) {
        case ETH_P_IPV6:
                return "ipv6";
        case ETH_P_ARP:
                return "arp";
        case ETH_P_ALL:
                return "all";
        default:
                return "ip";
        }
}

static void filter_print(const Object *object, FILE *file) {
        const FilterObject *filter = &object->as_filter;

        fprintf(file, "%s %s %s part %u program %016llx", object->link, filter->at_egress ? "egress" : "ingress",
                protocol_name(filter->protocol), filter->part, (unsigned long long)filter->hash);
        if (!filter->at_egress)
                fprintf(file, " redirect %s", filter->target[0] ? filter->target : "nowhere");
}

static int link_up_compare(const Object *a, const Object *b) {
        int r = COMPARE(a->as_link_up.role, b->as_link_up.role);
        return r ? r : strcmp(a->link, b->link);
}

static void name_print(const Object *object, FILE *file) {
        fputs(object->link, file);
}

static int neighbour_compare(const Object *a, const Object *b) {
        return address_compare(&a->as_neighbour.address, &b->as_neighbour.address);
}

static bool neighbour_satisfies(const Object *observed, const Object *desired) {
        return mac_equal(&observed->as_neighbour.mac, &desired->as_neighbour.mac);
}

static void neighbour_print(const Object *object, FILE *file) {
        char address[ADDRESS_TEXT_MAX], mac[MAC_TEXT_MAX];

        fprintf(file, "%s %s lladdr %s permanent", object->link, address_format(&object->as_neighbour.address, address),
                mac_format(&object->as_neighbour.mac, mac));
}

uint32_t route_metric(int family) {
        return family == AF_INET6 ? 1024 : 0; // IP6_RT_PRIO_USER
}

uint32_t route_metric_peer(int family) {
        return family == AF_INET6 ? 1 : 0; // in IPv6 0 stands for the default
}

static int route_compare(const Object *a, const Object *b) {
        return prefix_compare(&a->as_route.destination, &b->as_route.destination);
}

static bool route_satisfies(const Object *observed, const Object *desired) {
        return !observed->as_route.is_odd && observed->as_route.metric == desired->as_route.metric &&
               address_compare(&observed->as_route.gateway, &desired->as_route.gateway) == 0 &&
               address_compare(&observed->as_route.source, &desired->as_route.source) == 0;
}

static void route_print(const Object *object, FILE *file) {
        const RouteObject *route = &object->as_route;
        char destination[PREFIX_TEXT_MAX], address[ADDRESS_TEXT_MAX];

        fprintf(file, "%s", prefix_format(&route->destination, destination));
        if (route->gateway.family != AF_UNSPEC)
                fprintf(file, " via %s", address_format(&route->gateway, address));
        fprintf(file, " dev %s", object->link);
        if (route->source.family != AF_UNSPEC)
                fprintf(file, " src %s", address_format(&route->source, address));
        if (route->metric != route_metric(route->destination.address.family))
                fprintf(file, " metric %u", route->metric);
        if (route->is_odd)
                fputs(" with options", file);
}

static const ObjectType types[OBJECT_KIND_MAX] = {
        [OBJECT_LINK] = { "link", always_equal, link_satisfies, link_is_fixed, link_print },
        [OBJECT_SYSCTL] = { "sysctl", sysctl_compare, sysctl_satisfies, never_fixed, sysctl_print },
        [OBJECT_RULESET] = { "ruleset", ruleset_compare, ruleset_satisfies, never_fixed, ruleset_print },
        [OBJECT_ADDRESS] = { "address", address_object_compare, always_satisfies, always_fixed, address_print },
        [OBJECT_QDISC] = { "qdisc", qdisc_compare, qdisc_satisfies, qdisc_is_fixed, qdisc_print },
        [OBJECT_CLASS] = { "class", class_compare, class_satisfies, never_fixed, class_print },
        [OBJECT_LEAF] = { "leaf", qdisc_compare, qdisc_satisfies, qdisc_is_fixed, qdisc_print },
        [OBJECT_IFB_UP] = { "link-up", always_equal, always_satisfies, never_fixed, name_print },
        [OBJECT_FILTER] = { "filter", filter_compare, filter_satisfies, never_fixed, filter_print },
        [OBJECT_LINK_UP] = { "link-up", link_up_compare, always_satisfies, never_fixed, name_print },
        [OBJECT_NEIGHBOUR] = { "neighbour", neighbour_compare, neighbour_satisfies, never_fixed, neighbour_print },
        [OBJECT_ROUTE] = { "route", route_compare, route_satisfies, never_fixed, route_print },
};

int object_compare(const Object *a, const Object *b) {
        int r = COMPARE(a->kind, b->kind);
        // Links go up by role, then name; every other kind is sorted by link.
        if (r == 0 && a->kind != OBJECT_LINK_UP)
                r = strcmp(a->link, b->link);
        return r ? r : types[a->kind].compare(a, b);
}

bool object_satisfies(const Object *observed, const Object *desired) {
        return types[desired->kind].satisfies(observed, desired);
}

bool object_is_fixed(const Object *observed, const Object *desired) {
        return types[desired->kind].is_fixed(observed, desired);
}

bool object_is_egress_guard(const Object *object) {
        return object->kind == OBJECT_FILTER && object->as_filter.at_egress;
}

bool object_is_rule(const Object *object) {
        return object->kind == OBJECT_RULESET || object_is_egress_guard(object);
}

bool object_is_cap(const Object *object) {
        switch (object->kind) {
        case OBJECT_QDISC:
        case OBJECT_CLASS:
        case OBJECT_LEAF:
        case OBJECT_IFB_UP:
                return true;
        case OBJECT_FILTER:
                return !object->as_filter.at_egress;
        case OBJECT_LINK:
                return object->as_link.type == LINK_IFB;
        case OBJECT_SYSCTL:
        case OBJECT_RULESET:
        case OBJECT_ADDRESS:
        case OBJECT_LINK_UP:
        case OBJECT_NEIGHBOUR:
        case OBJECT_ROUTE:
        case OBJECT_KIND_MAX:
                return false;
        }
        return false;
}

void object_print(const Object *object, FILE *file) {
        fprintf(file, "%s ", types[object->kind].name);
        types[object->kind].print(object, file);
}

const char *object_kind_to_string(ObjectKind kind) {
        return types[kind].name;
}

const char *ruleset_family_to_string(RulesetFamily family) {
        static const char *const names[RULESET_FAMILY_MAX] = {
                [RULESET_NETDEV] = "netdev",
                [RULESET_INET] = "inet",
                [RULESET_ARP] = "arp",
                [RULESET_BRIDGE] = "bridge",
        };
        return names[family];
}

void object_deinit(Object *object) {
        if (object->kind == OBJECT_RULESET)
                free(object->as_ruleset.text);
        if (object->kind == OBJECT_FILTER)
                free(object->as_filter.program);
}

// Ticks of 64 ns in a second.
#define TICKS_PER_SECOND 15625000U

// a * b / c, rounded up, for a < c: bit by bit of b, because the product needs more than 64 bits, and a machine of 32
// bits has no type for it. The remainder stays below c.
static uint64_t multiply_divide(uint64_t a, uint32_t b, uint64_t c) {
        uint64_t quotient = 0, remainder = 0;

        for (uint32_t bit = UINT32_C(1) << 31; bit; bit >>= 1) {
                const uint64_t terms[] = { remainder, b & bit ? a : 0 };

                quotient *= 2;
                for (size_t i = 0; i < ELEMENTSOF(terms); i++) {
                        bool is_over = terms[i] > 0 && remainder >= c - terms[i];
                        remainder = is_over ? remainder - (c - terms[i]) : remainder + terms[i];
                        quotient += is_over;
                }
        }
        return quotient + (remainder > 0);
}

uint32_t ticks_from_bytes(uint64_t bytes, uint64_t bytes_per_second) {
        uint64_t seconds = bytes / bytes_per_second;

        if (seconds > UINT32_MAX / TICKS_PER_SECOND)
                return UINT32_MAX;
        uint64_t ticks = seconds * TICKS_PER_SECOND +
                         multiply_divide(bytes % bytes_per_second, TICKS_PER_SECOND, bytes_per_second);
        return ticks > UINT32_MAX ? UINT32_MAX : (uint32_t)ticks;
}

uint64_t bytes_from_ticks(uint32_t ticks, uint64_t bytes_per_second) {
        return ticks * (bytes_per_second / TICKS_PER_SECOND) +
               ticks * (bytes_per_second % TICKS_PER_SECOND) / TICKS_PER_SECOND;
}
