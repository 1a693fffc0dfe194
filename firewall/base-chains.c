// The chains that serve all planes.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// Those of the families inet and arp see all of the host's traffic. They never end in a drop: they hand what
// is on a plane to that plane's chain, which ends in one, and drop what claims to be a plane's and is elsewhere. All of
// that goes through sets and maps, so that a host's packet costs the same with 2 planes and with 256.

#include "firewall/base-chains.h"

#include "base/inet.h"
#include "base/text-file.h"
#include "base/util.h"
#include "config/plane-config.h"
#include "firewall/allow.h"
#include "firewall/chain-name.h"
#include "firewall/chain.h"
#include "firewall/element-set.h"
#include "firewall/fallback.h"
#include "firewall/log-rule.h"
#include "firewall/ruleset.h"
#include "firewall/vlan-guard.h"
#include "model/object.h"
#include "model/state.h"

typedef char LinkSpelling[LINK_SPELLING_MAX];

typedef struct AllPlanes {
        const RulesetPlane *planes;
        const LinkSpelling *links;
        size_t n_planes;
} AllPlanes;

// iifname { "mig0", "mig1" } goto arriving; and there: iifname "mig0" goto mig0-in.
static const struct {
        const char *key, *chain, *end;
} dispatchers[] = {
        [WAY_IN] = { "iifname", "arriving", "in" },
        [WAY_OUT] = { "oifname", "leaving", "out" },
};

static bool is_dispatched(const RulesetPlane *plane, int family) {
        return family == AF_UNSPEC || plane_config_has_family(plane->plane, family);
}

// A packet that is under way while the rules are replaced finds no map any more, see report.h. So each plane is compared.
static void print_gotos(const AllPlanes *all, Way way, int family, FILE *file) {
        for (size_t i = 0; i < all->n_planes; i++)
                if (is_dispatched(&all->planes[i], family))
                        fprintf(file, "%s \"%s\" goto %s-%s\n", dispatchers[way].key, all->planes[i].plane->interface,
                                all->links[i], dispatchers[way].end);
}

// Of the planes with an address of the family, or of every plane. A lone one needs no other chain.
static void print_dispatch(const AllPlanes *all, Way way, int family, FILE *file) {
        const char *separator = "{ ";

        if (all->n_planes == 1) {
                print_gotos(all, way, family, file);
                return;
        }
        fprintf(file, "%s ", dispatchers[way].key);
        for (size_t i = 0; i < all->n_planes; i++) {
                if (!is_dispatched(&all->planes[i], family))
                        continue;
                fprintf(file, "%s\"%s\"", separator, all->planes[i].plane->interface);
                separator = ", ";
        }
        fprintf(file, " } goto %s\n", dispatchers[way].chain);
}

// What belongs to the planes. Not what is routed, which may hold the management network: of that only the peers that are
// named by their own addresses, where they matter, since there may be thousands.
typedef enum Extent {
        EXTENT_OWN,      // the planes' own addresses
        EXTENT_NETWORKS, // the networks of these
        EXTENT_PEERS,    // and the peers outside of them
} Extent;

static int plane_extent_add(const PlaneConfig *plane, const char *link, int family, Extent extent, ElementSet *ret) {
        for (size_t i = 0; i < plane->n_addresses; i++) {
                Prefix prefix = plane->addresses[i].prefix;
                if (prefix.address.family != family)
                        continue;
                if (extent == EXTENT_OWN)
                        prefix.length = (uint8_t)address_bits(family);
                if (element_set_add(ret, &prefix, link) < 0)
                        return -ENOMEM;
        }
        for (size_t i = 0; i < plane->n_peers && extent == EXTENT_PEERS; i++) {
                const Prefix *peer = &plane->peers[i];
                if (peer->address.family == family && peer->length == address_bits(family) &&
                    element_set_add(ret, peer, link) < 0)
                        return -ENOMEM;
        }
        return 0;
}

static int extent_init(const AllPlanes *all, MapUse use, int family, Extent extent, ElementSet *ret) {
        for (size_t i = 0; i < all->n_planes; i++)
                if (map_use_has(use, &all->planes[i]) &&
                    plane_extent_add(all->planes[i].plane, all->links[i], family, extent, ret) < 0)
                        return -ENOMEM;
        element_set_normalise(ret);
        return 0;
}

// Where something is looked for: match stands before the key, for what has no name: for it to be where it is expected.
typedef struct Field {
        const char *match, *key;
        bool raw; // it has no type
        int family;
        Extent extent;
} Field;

static int print_run(const Field *field, const SetElement *elements, size_t n, MapUse use, const char *reason,
                     FILE *file) {
        _cleanup_free_ char *memory = calloc(n, sizeof(MapElement)), *key = NULL;
        MapElement *mapped = (MapElement *)memory;
        size_t size;
        FILE *text = memory ? text_file_open(&key, &size) : NULL;

        if (!text)
                return -ENOMEM;
        fputs(field->key, text);
        element_mask_print(&elements[0], field->raw, text);
        if (fclose(text) != 0)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                mapped[i].link = elements[i].link;
                (void)element_format(&elements[i], field->raw, mapped[i].text);
        }
        map_rule_print(use, field->match, key, mapped, n, reason, file);
        return 0;
}

static int print_elsewhere_at(const AllPlanes *all, const Field *field, const char *reason, FILE *file) {
        int r = 0;

        for (MapUse use = MAP_REPORT; use < MAP_USE_MAX && r >= 0; use++) {
                _cleanup_element_set_ ElementSet set = {};

                r = extent_init(all, use, field->family, field->extent, &set);
                for (size_t i = 0, n; i < set.n_elements && r >= 0; i += n) {
                        n = element_set_run(&set, i);
                        r = print_run(field, &set.elements[i], n, use, reason, file);
                }
        }
        return r;
}

static int print_elsewhere(const AllPlanes *all, const char *key, int family, Extent extent, const char *reason,
                           FILE *file) {
        return print_elsewhere_at(all, &(Field){ "", key, false, family, extent }, reason, file);
}

static int print_prerouting(const AllPlanes *all, FILE *file) {
        static const Field solicited = { "icmpv6 type nd-neighbor-solicit ", "@th,64,128", true, AF_INET6, EXTENT_NETWORKS };

        print_dispatch(all, WAY_IN, AF_UNSPEC, file);
        fputs("iifname \"lo\" accept\n", file); // the host may talk to itself
        // The whole networks, not the plane's address alone: else the host would tell whoever sends to a peer by way of
        // it that a packet is too long for the plane, or its time up.
        int r = print_elsewhere(all, "ip daddr", AF_INET, EXTENT_NETWORKS, ELSEWHERE_IN, file);
        if (r >= 0)
                r = print_elsewhere(all, "ip saddr", AF_INET, EXTENT_NETWORKS, ELSEWHERE_IN, file);
        if (r >= 0)
                r = print_elsewhere(all, "ip6 daddr", AF_INET6, EXTENT_NETWORKS, ELSEWHERE_IN, file);
        if (r >= 0)
                r = print_elsewhere(all, "ip6 saddr", AF_INET6, EXTENT_NETWORKS, ELSEWHERE_IN, file);
        // A solicitation goes to a group, so only its target tells whom it is for. The host might be a proxy.
        if (r >= 0)
                r = print_elsewhere_at(all, &solicited, ELSEWHERE_IN, file);
        return r;
}

#define ICMP_ERRORS "icmp type { destination-unreachable, redirect, time-exceeded, parameter-problem } "
#define ICMPV6_ERRORS "icmpv6 type { destination-unreachable, packet-too-big, time-exceeded, parameter-problem } "

// Without connection tracking IPv6 is put together only behind this hook, and no fragment holds all that an error quotes. An
// error is never longer than what every link takes in one piece.
static void print_errors_in_fragments(const AllPlanes *all, FILE *file) {
        for (size_t i = 0; i < all->n_planes; i++) {
                if (!plane_config_has_family(all->planes[i].plane, AF_INET6))
                        continue;
                fprintf(file, "frag more-fragments 1 " ICMPV6_ERRORS "counter name \"%s-" ELSEWHERE_IN "\" drop\n", all->links[i]);
                return;
        }
}

// What prerouting cannot see: where a source route or a translation of addresses leads to, and, in fragments, what an
// ICMP error quotes. One that quotes the plane's traffic would change what the host believes of its ways on the plane.
static int print_input_elsewhere(const AllPlanes *all, FILE *file) {
        static const Field quoted[] = {
                { ICMP_ERRORS, "@th,160,32", true, AF_INET, EXTENT_OWN },
                { ICMP_ERRORS, "@th,192,32", true, AF_INET, EXTENT_PEERS },
                { ICMPV6_ERRORS, "@th,128,128", true, AF_INET6, EXTENT_OWN },
                { ICMPV6_ERRORS, "@th,256,128", true, AF_INET6, EXTENT_PEERS },
        };

        int r = print_elsewhere(all, "ip daddr", AF_INET, EXTENT_OWN, ELSEWHERE_IN, file);
        if (r >= 0)
                r = print_elsewhere(all, "ip6 daddr", AF_INET6, EXTENT_OWN, ELSEWHERE_IN, file);
        for (size_t i = 0; i < ELEMENTSOF(quoted) && r >= 0; i++)
                r = print_elsewhere_at(all, &quoted[i], ELSEWHERE_IN, file);
        if (r >= 0)
                print_errors_in_fragments(all, file);
        return r;
}

static int print_input(const AllPlanes *all, FILE *file) {
        fputs("iifname { \"lo\"", file);
        for (size_t i = 0; i < all->n_planes; i++)
                fprintf(file, ", \"%s\"", all->planes[i].plane->interface);
        fputs(" } accept\n", file);
        int r = fallback_print(all->planes, all->n_planes, file);
        return r < 0 ? r : print_input_elsewhere(all, file);
}

// Nothing is forwarded to or from a plane.
static int print_forward(const AllPlanes *all, FILE *file) {
        _cleanup_free_ char *memory = calloc(all->n_planes, sizeof(MapElement));
        MapElement *elements = (MapElement *)memory;

        if (!memory)
                return -ENOMEM;
        for (unsigned i = 0; i < 2 * MAP_USE_MAX; i++) {
                bool in = i < MAP_USE_MAX;
                MapUse use = i % MAP_USE_MAX;
                size_t n = 0;

                for (size_t j = 0; j < all->n_planes; j++) {
                        if (!map_use_has(use, &all->planes[j]))
                                continue;
                        elements[n].link = all->links[j];
                        (void)snprintf(elements[n++].text, sizeof(elements[0].text), "\"%s\"",
                                       all->planes[j].plane->interface);
                }
                map_rule_print(use, "", in ? "iifname" : "oifname", elements, n, in ? FORWARD_IN : FORWARD_OUT, file);
        }
        return 0;
}

static int print_output(const AllPlanes *all, FILE *file) {
        print_dispatch(all, WAY_OUT, AF_UNSPEC, file);
        fputs("oifname \"lo\" accept\n", file);
        // What is for the plane's networks or peers takes the plane or stays: while the plane is down, the way to them would
        // be the default route, over the management network.
        int r = print_elsewhere(all, "ip saddr", AF_INET, EXTENT_OWN, ELSEWHERE_OUT, file);
        if (r >= 0)
                r = print_elsewhere(all, "ip daddr", AF_INET, EXTENT_PEERS, ELSEWHERE_OUT, file);
        if (r >= 0)
                r = print_elsewhere(all, "ip6 saddr", AF_INET6, EXTENT_OWN, ELSEWHERE_OUT, file);
        return r < 0 ? r : print_elsewhere(all, "ip6 daddr", AF_INET6, EXTENT_PEERS, ELSEWHERE_OUT, file);
}

static int print_arp_input(const AllPlanes *all, FILE *file) {
        print_dispatch(all, WAY_IN, AF_INET, file);
        int r = print_elsewhere(all, "arp daddr ip", AF_INET, EXTENT_NETWORKS, ELSEWHERE_IN, file); // the host might be a proxy
        return r < 0 ? r : print_elsewhere(all, "arp saddr ip", AF_INET, EXTENT_NETWORKS, ELSEWHERE_IN, file);
}

static int print_arp_output(const AllPlanes *all, FILE *file) {
        print_dispatch(all, WAY_OUT, AF_INET, file);
        int r = print_elsewhere(all, "arp saddr ip", AF_INET, EXTENT_NETWORKS, ELSEWHERE_OUT, file);
        return r < 0 ? r : print_elsewhere(all, "arp daddr ip", AF_INET, EXTENT_NETWORKS, ELSEWHERE_OUT, file);
}

static int print_bridge_input(const AllPlanes *all, FILE *file) {
        tags_print_bridge(all->planes, all->n_planes, file);
        return 0;
}

static const struct {
        RulesetFamily family;
        const char *chain;
        int (*print)(const AllPlanes *all, FILE *file);
} base_chains[] = {
        { RULESET_INET, "prerouting", print_prerouting }, { RULESET_INET, "input", print_input },
        { RULESET_INET, "forward", print_forward },       { RULESET_INET, "output", print_output },
        { RULESET_ARP, "input", print_arp_input },        { RULESET_ARP, "output", print_arp_output },
        { RULESET_BRIDGE, "input", print_bridge_input },
};

static bool any_has_family(const AllPlanes *all, int family) {
        for (size_t i = 0; i < all->n_planes; i++)
                if (plane_config_has_family(all->planes[i].plane, family))
                        return true;
        return false;
}

static bool is_needed(const AllPlanes *all, RulesetFamily family) {
        switch (family) {
        case RULESET_ARP:
                return any_has_family(all, AF_INET);
        case RULESET_BRIDGE:
                return tags_any_on_bridge(all->planes, all->n_planes);
        case RULESET_INET:
        case RULESET_NETDEV:
        case RULESET_FAMILY_MAX:
                break;
        }
        return true;
}

static int base_chain_add(const AllPlanes *all, size_t i, State *state) {
        _cleanup_chain_text_ ChainText chain = { .object.as_ruleset.family = base_chains[i].family };

        strcpy_fixed(chain.object.as_ruleset.chain, base_chains[i].chain);
        int r = chain_text_open(&chain, NULL);
        if (r >= 0)
                r = base_chains[i].print(all, chain.file);
        return r < 0 ? r : chain_text_add(&chain, state);
}

static int dispatcher_add(const AllPlanes *all, RulesetFamily family, Way way, State *state) {
        _cleanup_chain_text_ ChainText chain = { .object.as_ruleset.family = family };

        strcpy_fixed(chain.object.as_ruleset.chain, dispatchers[way].chain);
        int r = chain_text_open(&chain, NULL);
        if (r < 0)
                return r;
        print_gotos(all, way, family == RULESET_ARP ? AF_INET : AF_UNSPEC, chain.file);
        fputs("drop\n", chain.file);
        return chain_text_add(&chain, state);
}

static int dispatchers_add(const AllPlanes *all, State *state) {
        static const RulesetFamily families[] = { RULESET_INET, RULESET_ARP };
        int r = 0;

        for (size_t i = 0; i < ELEMENTSOF(families); i++)
                for (Way way = WAY_IN; way <= WAY_OUT && r >= 0; way++)
                        if (all->n_planes > 1 && is_needed(all, families[i]))
                                r = dispatcher_add(all, families[i], way, state);
        return r;
}

int base_chains_add(const RulesetPlane *planes, size_t n_planes, State *state) {
        _cleanup_free_ char *links = calloc(n_planes, sizeof(LinkSpelling));
        int r = links ? 0 : -ENOMEM;
        AllPlanes all = { .planes = planes, .links = (const LinkSpelling *)links, .n_planes = n_planes };

        for (size_t i = 0; i < n_planes && r >= 0; i++)
                (void)link_name_spell(planes[i].plane->interface, links + i * sizeof(LinkSpelling));
        for (size_t i = 0; i < ELEMENTSOF(base_chains) && r >= 0; i++)
                if (is_needed(&all, base_chains[i].family))
                        r = base_chain_add(&all, i, state);
        return r < 0 ? r : dispatchers_add(&all, state);
}
