// The chains that serve all planes.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// The chains of the families inet and arp see all traffic of the host, and never end in a drop. They hand what is on a
// plane to that plane's chain, which ends in one, and drop what belongs to a plane and is elsewhere. Everything goes
// through sets and maps, so that a packet of the host costs the same with 2 planes and with 256.

#include "firewall/base-chains.h"

#include "base/inet.h"
#include "firewall/chain-name.h"
#include "firewall/chain.h"
#include "firewall/elsewhere.h"
#include "firewall/fallback.h"
#include "firewall/map-rule.h"
#include "firewall/vlan-guard.h"

#define BRIDGED "bridged"

// --- to the planes' own chains ---

// iifname { "mig0", "mig1" } goto arriving; and there: iifname "mig0" goto mig0-in.
static const struct {
        const char *key, *chain, *end;
} dispatchers[] = {
        [WAY_IN] = { "iifname", "arriving", "in" },
        [WAY_OUT] = { "oifname", "leaving", "out" },
};

static bool is_dispatched(const RulesetPlane *plane, int family) {
        return !plane->is_refused && !plane->plane->is_unread &&
               (family == AF_UNSPEC || plane_config_has_family(plane->plane, family));
}

static size_t count_dispatched(const RulesetPlane *planes, size_t n_planes, int family) {
        size_t n = 0;

        for (size_t i = 0; i < n_planes; i++)
                n += is_dispatched(&planes[i], family);
        return n;
}

// Each plane is compared, because a map would be empty for packets that are under way during a reload (map-rule.h).
static void print_gotos(const RulesetPlane *planes, size_t n_planes, Way way, int family, FILE *file) {
        for (size_t i = 0; i < n_planes; i++) {
                const char *link = planes[i].plane->interface;
                char spelling[LINK_SPELLING_MAX];

                if (is_dispatched(&planes[i], family))
                        fprintf(file, "%s \"%s\" goto %s-%s\n", dispatchers[way].key, link,
                                chain_name_spell_link(link, spelling), dispatchers[way].end);
        }
}

// For the planes with an address of the family, or with AF_UNSPEC for every plane. A single plane needs no dispatcher.
static void print_dispatch(const RulesetPlane *planes, size_t n_planes, Way way, int family, FILE *file) {
        const char *separator = "{ ";

        if (count_dispatched(planes, n_planes, family) <= 1) {
                print_gotos(planes, n_planes, way, family, file);
                return;
        }
        fprintf(file, "%s ", dispatchers[way].key);
        for (size_t i = 0; i < n_planes; i++) {
                if (!is_dispatched(&planes[i], family))
                        continue;
                fprintf(file, "%s\"%s\"", separator, planes[i].plane->interface);
                separator = ", ";
        }
        fprintf(file, " } goto %s\n", dispatchers[way].chain);
}

// --- inet ---

static bool bridges_call(const RulesetPlane *planes, size_t n_planes) {
        for (size_t i = 0; i < n_planes; i++)
                if (planes[i].bridges_call)
                        return true;
        return false;
}

static int print_arrivals(const RulesetPlane *planes, size_t n_planes, FILE *file) {
        // The whole networks, not only the plane's address. Else the host would answer a packet for a peer that it is
        // asked to forward, with the news that the packet is too long for the plane or that its time is up.
        static const Field fields[] = {
                { AF_INET, EXTENT_NETWORKS, "ip daddr", NULL },
                { AF_INET, EXTENT_NETWORKS, "ip saddr", NULL },
                { AF_INET6, EXTENT_NETWORKS, "ip6 daddr", NULL },
                { AF_INET6, EXTENT_NETWORKS, "ip6 saddr", NULL },
                // A solicitation goes to a group, and only its target tells which address is asked for. The host may be
                // a proxy for that address.
                { AF_INET6, EXTENT_PEERS, "@th,64,128", "icmpv6 type nd-neighbor-solicit " },
        };

        return elsewhere_print(planes, n_planes, fields, ELEMENTSOF(fields), ELSEWHERE_IN, file);
}

static int print_prerouting(const RulesetPlane *planes, size_t n_planes, FILE *file) {
        print_dispatch(planes, n_planes, WAY_IN, AF_UNSPEC, file);
        fputs("iifname \"lo\" accept\n", file); // the host may talk to itself
        if (bridges_call(planes, n_planes))
                fputs("meta iifkind \"bridge\" jump " BRIDGED "\n", file);
        return print_arrivals(planes, n_planes, file);
}

#define ICMP_ERRORS "icmp type { destination-unreachable, redirect, time-exceeded, parameter-problem } "
#define ICMPV6_ERRORS "icmpv6 type { destination-unreachable, packet-too-big, time-exceeded, parameter-problem } "

// Without connection tracking IPv6 is reassembled only behind this hook, and no fragment has everything that an error
// quotes. A legitimate error is never fragmented: it is never longer than what every link takes in one piece.
static void print_errors_in_fragments(const RulesetPlane *planes, size_t n_planes, FILE *file) {
        char link[LINK_SPELLING_MAX];
        size_t i = 0;

        while (i < n_planes && !plane_config_has_family(planes[i].plane, AF_INET6))
                i++;
        for (MapUse use = MAP_REPORT; use < MAP_USE_MAX && i < n_planes; use++) {
                if (!map_rule_is_needed(use, &planes[i]))
                        continue;
                (void)chain_name_spell_link(planes[i].plane->interface, link);
                fprintf(file, "frag more-fragments 1 " ICMPV6_ERRORS);
                fprintf(file, use == MAP_REPORT ? "jump %s-%s\n" : "counter name \"%s-%s\" drop\n", link, ELSEWHERE_IN);
        }
}

static int print_input(const RulesetPlane *planes, size_t n_planes, FILE *file) {
        // What prerouting cannot see: the address that a source route or a translation of addresses leads to and, in
        // fragments, what an ICMP error quotes. An error that quotes the plane's traffic would change what the host
        // knows of its routes on the plane.
        static const Field fields[] = {
                { AF_INET, EXTENT_OWN, "ip daddr", NULL },
                { AF_INET6, EXTENT_OWN, "ip6 daddr", NULL },
                { AF_INET, EXTENT_OWN, "@th,160,32", ICMP_ERRORS },
                { AF_INET, EXTENT_PEERS, "@th,192,32", ICMP_ERRORS },
                { AF_INET6, EXTENT_OWN, "@th,128,128", ICMPV6_ERRORS },
                { AF_INET6, EXTENT_PEERS, "@th,256,128", ICMPV6_ERRORS },
        };

        fputs("iifname { \"lo\"", file);
        for (size_t i = 0; i < n_planes; i++)
                if (is_dispatched(&planes[i], AF_UNSPEC))
                        fprintf(file, ", \"%s\"", planes[i].plane->interface);
        fputs(" } accept\n", file);
        int r = elsewhere_print(planes, n_planes, fields, ELEMENTSOF(fields), ELSEWHERE_IN, file);
        if (r < 0)
                return r;
        print_errors_in_fragments(planes, n_planes, file);
        // Behind the rules for the planes' addresses, which are never answered elsewhere.
        return fallback_print(planes, n_planes, file);
}

static void print_forward_way(const RulesetPlane *planes, size_t n_planes, Way way, MapElement *elements, FILE *file) {
        const char *reason = way == WAY_IN ? FORWARD_IN : FORWARD_OUT;

        for (MapUse use = MAP_REPORT; use < MAP_USE_MAX; use++) {
                size_t n = 0;

                for (size_t i = 0; i < n_planes; i++) {
                        if (!is_dispatched(&planes[i], AF_UNSPEC) || !map_rule_is_needed(use, &planes[i]))
                                continue;
                        elements[n].link = planes[i].plane->interface;
                        (void)snprintf(elements[n].text, sizeof(elements[n].text), "\"%s\"", elements[n].link);
                        n++;
                }
                map_rule_print(use, "", dispatchers[way].key, elements, n, reason, file);
        }
}

// Nothing is forwarded to or from a plane.
static int print_forward(const RulesetPlane *planes, size_t n_planes, FILE *file) {
        _cleanup_free_ MapElement *elements = calloc(n_planes, sizeof(MapElement));

        if (!elements)
                return -ENOMEM;
        print_forward_way(planes, n_planes, WAY_IN, elements, file);
        print_forward_way(planes, n_planes, WAY_OUT, elements, file);
        return 0;
}

// Before the rules that keep a plane's addresses on its device. The bonding driver sends by the ports of a bond: the
// probes of its ARP monitor and, in mode balance-alb, answers that tell peers another port. The rules of the device do
// not see these frames, and the driver puts the plane's tag on them.
static void print_ports(const RulesetPlane *planes, size_t n_planes, int family, const char *match, FILE *file) {
        for (size_t i = 0; i < n_planes; i++) {
                const RulesetPlane *plane = &planes[i];
                const char *separator = "oifname { ";

                if (!is_dispatched(plane, family) || plane->n_ports == 0)
                        continue;
                for (size_t j = 0; j < plane->n_ports; j++, separator = ", ")
                        fprintf(file, "%s\"%s\"", separator, plane->ports[j].name);
                fprintf(file, " } %s { ", match);
                separator = "";
                for (size_t j = 0; j < plane->plane->n_addresses; j++) {
                        const Address *address = &plane->plane->addresses[j].prefix.address;
                        if (address->family != family)
                                continue;
                        fprintf(file, "%s%s", separator, ADDRESS_TEXT(address));
                        separator = ", ";
                }
                fputs(" } accept\n", file);
        }
}

static int print_output(const RulesetPlane *planes, size_t n_planes, FILE *file) {
        // Traffic for the plane's networks and peers leaves through the plane only. While the plane is down, its route
        // would be the default route, over the management network.
        static const Field fields[] = {
                { AF_INET, EXTENT_OWN, "ip saddr", NULL },
                { AF_INET, EXTENT_PEERS, "ip daddr", NULL },
                { AF_INET6, EXTENT_OWN, "ip6 saddr", NULL },
                { AF_INET6, EXTENT_PEERS, "ip6 daddr", NULL },
        };

        print_dispatch(planes, n_planes, WAY_OUT, AF_UNSPEC, file);
        fputs("oifname \"lo\" accept\n", file);
        print_ports(planes, n_planes, AF_INET6, "icmpv6 type nd-neighbor-solicit ip6 saddr", file);
        return elsewhere_print(planes, n_planes, fields, ELEMENTSOF(fields), ELSEWHERE_OUT, file);
}

// --- arp and bridge ---

static int print_arp_input(const RulesetPlane *planes, size_t n_planes, FILE *file) {
        static const Field fields[] = {
                { AF_INET, EXTENT_PEERS, "arp daddr ip", NULL }, // the host may be a proxy for the address
                { AF_INET, EXTENT_PEERS, "arp saddr ip", NULL },
        };

        print_dispatch(planes, n_planes, WAY_IN, AF_INET, file);
        return elsewhere_print(planes, n_planes, fields, ELEMENTSOF(fields), ELSEWHERE_IN, file);
}

static int print_arp_output(const RulesetPlane *planes, size_t n_planes, FILE *file) {
        static const Field fields[] = {
                { AF_INET, EXTENT_NETWORKS, "arp saddr ip", NULL },
                { AF_INET, EXTENT_NETWORKS, "arp daddr ip", NULL },
        };

        print_dispatch(planes, n_planes, WAY_OUT, AF_INET, file);
        print_ports(planes, n_planes, AF_INET, "arp operation 1-2 arp saddr ip", file);
        return elsewhere_print(planes, n_planes, fields, ELEMENTSOF(fields), ELSEWHERE_OUT, file);
}

static int print_bridge_input(const RulesetPlane *planes, size_t n_planes, FILE *file) {
        vlan_guard_print_bridge(planes, n_planes, file);
        if (!bridges_call(planes, n_planes))
                return 0;
        return print_arrivals(planes, n_planes, file);
}

// --- the chains ---

static const struct {
        RulesetFamily family;
        const char *chain;
        bool closes_ports; // of planes that are unread as well: it is printed with all planes
        int (*print)(const RulesetPlane *planes, size_t n_planes, FILE *file);
} base_chains[] = {
        { RULESET_INET, "prerouting", false, print_prerouting }, { RULESET_INET, "input", true, print_input },
        { RULESET_INET, "forward", false, print_forward },       { RULESET_INET, "output", false, print_output },
        { RULESET_ARP, "input", false, print_arp_input },        { RULESET_ARP, "output", false, print_arp_output },
        { RULESET_BRIDGE, "input", false, print_bridge_input },
};

static bool any_has_ipv4(const RulesetPlane *planes, size_t n_planes) {
        for (size_t i = 0; i < n_planes; i++)
                if (plane_config_has_family(planes[i].plane, AF_INET))
                        return true;
        return false;
}

static bool is_needed(const RulesetPlane *planes, size_t n_planes, RulesetFamily family) {
        switch (family) {
        case RULESET_ARP:
                return any_has_ipv4(planes, n_planes);
        case RULESET_BRIDGE:
                return vlan_guard_is_on_bridge(planes, n_planes) || bridges_call(planes, n_planes);
        case RULESET_INET:
        case RULESET_NETDEV:
        case RULESET_FAMILY_MAX:
                break;
        }
        return true;
}

static int base_chain_add(const RulesetPlane *planes, size_t n_planes, size_t i, State *state) {
        _cleanup_chain_text_ ChainText chain = { .object.as_ruleset.family = base_chains[i].family };

        strcpy_fixed(chain.object.as_ruleset.chain, base_chains[i].chain);
        int r = chain_text_open(&chain, NULL);
        if (r < 0)
                return r;
        r = base_chains[i].print(planes, n_planes, chain.file);
        if (r < 0)
                return r;
        return chain_text_add(&chain, state);
}

static int dispatcher_add(const RulesetPlane *planes, size_t n_planes, RulesetFamily family, Way way, State *state) {
        _cleanup_chain_text_ ChainText chain = { .object.as_ruleset.family = family };

        strcpy_fixed(chain.object.as_ruleset.chain, dispatchers[way].chain);
        int r = chain_text_open(&chain, NULL);
        if (r < 0)
                return r;
        print_gotos(planes, n_planes, way, family == RULESET_ARP ? AF_INET : AF_UNSPEC, chain.file);
        fputs("drop\n", chain.file);
        return chain_text_add(&chain, state);
}

static int dispatchers_add(const RulesetPlane *planes, size_t n_planes, RulesetFamily family, State *state) {
        if (count_dispatched(planes, n_planes, family == RULESET_ARP ? AF_INET : AF_UNSPEC) <= 1)
                return 0;
        int r = dispatcher_add(planes, n_planes, family, WAY_IN, state);
        if (r < 0)
                return r;
        return dispatcher_add(planes, n_planes, family, WAY_OUT, state);
}

// With br_netfilter, the frames between the guests of a bridge pass inet prerouting as well. They are not the host's.
// What a bridge hands to the host itself is dropped in the bridge family's input hook instead, which sees nothing else.
static int bridged_add(const RulesetPlane *planes, size_t n_planes, State *state) {
        _cleanup_chain_text_ ChainText chain = { .object.as_ruleset.family = RULESET_INET };

        if (!bridges_call(planes, n_planes))
                return 0;
        strcpy_fixed(chain.object.as_ruleset.chain, BRIDGED);
        int r = chain_text_open(&chain, NULL);
        if (r < 0)
                return r;
        fputs("accept\n", chain.file);
        return chain_text_add(&chain, state);
}

int base_chains_add(const RulesetPlane *planes, size_t n_planes, size_t n_unread, State *state) {
        for (size_t i = 0; i < ELEMENTSOF(base_chains); i++) {
                const size_t n = n_planes + (base_chains[i].closes_ports ? n_unread : 0);

                if (n == 0 || !is_needed(planes, n, base_chains[i].family))
                        continue;
                int r = base_chain_add(planes, n, i, state);
                if (r < 0)
                        return r;
        }
        if (n_planes == 0)
                return 0;
        int r = bridged_add(planes, n_planes, state);
        if (r < 0)
                return r;
        r = dispatchers_add(planes, n_planes, RULESET_INET, state);
        if (r < 0)
                return r;
        return dispatchers_add(planes, n_planes, RULESET_ARP, state);
}
