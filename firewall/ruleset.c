// The chains of all planes.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// The base chains of the families inet and arp see all of the host's traffic. They never end in a drop: they hand what
// is on a plane to that plane's chain, which ends in one, and drop what claims to be a plane's and is elsewhere. All of
// that goes through maps, so that a host's packet costs the same with 1 plane and with 256.
//
// Priorities: -450 is before the defragmentation of IPv4 (-400) and connection tracking (-200); at the device, -500 is
// before and 500 after what others have there.

#include "ruleset.h"

#include <inttypes.h>
#include <linux/if_ether.h>
#include <linux/netfilter.h>
#include <linux/netfilter_arp.h>
#include <linux/netfilter_bridge.h>

#include "allow.h"
#include "fallback.h"
#include "report.h"
#include "set.h"

#define HOOK_LINE_PREFIX "type filter hook "

// Way and reason, as counters say it.
#define ELSEWHERE_IN "in-elsewhere"
#define ELSEWHERE_OUT "out-elsewhere"
#define FORWARD_IN "in-forward"
#define FORWARD_OUT "out-forward"
#define TAGS_IN "in-tags"

static const RulesetHook hooks[] = {
        { RULESET_NETDEV, "in", true, "ingress", NF_NETDEV_INGRESS, -500 },
        { RULESET_NETDEV, "out", true, "egress", NF_NETDEV_EGRESS, 500 },
        { RULESET_NETDEV, CHAIN_GUARD, true, "ingress", NF_NETDEV_INGRESS, -500 },
        { RULESET_INET, "prerouting", false, "prerouting", NF_INET_PRE_ROUTING, -450 },
        { RULESET_INET, "input", false, "input", NF_INET_LOCAL_IN, -450 },
        { RULESET_INET, "forward", false, "forward", NF_INET_FORWARD, -450 },
        { RULESET_INET, "output", false, "output", NF_INET_LOCAL_OUT, -450 },
        { RULESET_ARP, "input", false, "input", NF_ARP_IN, -450 },
        { RULESET_ARP, "output", false, "output", NF_ARP_OUT, -450 },
        { RULESET_BRIDGE, "input", false, "input", NF_BR_LOCAL_IN, -450 },
};

const RulesetHook *ruleset_hook_find(RulesetFamily family, const char *chain) {
        const char *dash = strrchr(chain, '-');

        for (size_t i = 0; i < ELEMENTSOF(hooks); i++)
                if (hooks[i].family == family && hooks[i].is_per_link == (dash != NULL) &&
                    streq(hooks[i].chain, dash ? dash + 1 : chain))
                        return &hooks[i];
        return NULL;
}

bool ruleset_text_has_hook(const char *text) {
        return strncmp(text, HOOK_LINE_PREFIX, strlen(HOOK_LINE_PREFIX)) == 0;
}

// --- a chain's text ---

typedef struct ChainText {
        Object object;
        FILE *file;
        char *text;
        size_t size;
} ChainText;

static void chain_text_deinit(ChainText *chain) {
        fclose_file(&chain->file);
        free(chain->text);
}
#define _cleanup_chain_text_ _cleanup_(chain_text_deinit)

// Starts a text, with the hook's line for a base chain; device is the device of a netdev chain.
static int chain_text_open(ChainText *chain, const char *device) {
        const RulesetObject *ruleset = &chain->object.as_ruleset;
        const RulesetHook *hook = ruleset_hook_find(ruleset->family, ruleset->chain);

        chain->object.kind = OBJECT_RULESET;
        chain->file = text_file_open(&chain->text, &chain->size);
        if (!chain->file)
                return -ENOMEM;
        if (hook && hook->is_per_link)
                fprintf(chain->file, HOOK_LINE_PREFIX "%s device \"%s\" priority %d; policy accept;\n", hook->hook,
                        device, hook->priority);
        else if (hook)
                fprintf(chain->file, HOOK_LINE_PREFIX "%s priority %d; policy accept;\n", hook->hook, hook->priority);
        return 0;
}

// Ends the text, puts its hash into a comment of every rule, and adds the chain.
static int chain_text_add(ChainText *chain, State *state) {
        RulesetObject *ruleset = &chain->object.as_ruleset;
        size_t size;

        if (fclose(TAKE(chain->file)) != 0)
                return -ENOMEM;
        ruleset->hash = hash_bytes(HASH_INIT, chain->text, chain->size);

        FILE *file = text_file_open(&ruleset->text, &size);
        if (!file)
                return -ENOMEM;
        for (const char *line = chain->text; *line; line = strchr(line, '\n') + 1) {
                int length = (int)strcspn(line, "\n");
                if (line == chain->text && ruleset_text_has_hook(line)) {
                        fprintf(file, "%.*s\n", length, line);
                        continue;
                }
                fprintf(file, "%.*s comment \"" RULESET_COMMENT_PREFIX "%016" PRIx64 "\"\n", length, line,
                        ruleset->hash);
                ruleset->n_rules++;
        }
        if (fclose(file) != 0) {
                free(ruleset->text);
                return -ENOMEM;
        }
        return state_add(state, &chain->object);
}

// --- the chains of one plane ---

typedef void (*AllowPrinter)(const AllowList *list, Way way, FILE *file);

static int plane_chain_add(const AllowList *list, const char *link, RulesetFamily family, Way way, State *state) {
        static const AllowPrinter printers[RULESET_FAMILY_MAX] = {
                [RULESET_NETDEV] = allow_list_print_netdev,
                [RULESET_INET] = allow_list_print_inet,
                [RULESET_ARP] = allow_list_print_arp,
        };
        _cleanup_chain_text_ ChainText chain = { .object.as_ruleset.family = family };

        strcpy_fixed(chain.object.link, link);
        int r = chain_name_format(link, way == WAY_IN ? "in" : "out", chain.object.as_ruleset.chain);
        if (r >= 0)
                r = chain_text_open(&chain, link);
        if (r < 0)
                return r;
        printers[family](list, way, chain.file);
        return chain_text_add(&chain, state);
}

static bool has_family(const PlaneConfig *plane, int family) {
        for (size_t i = 0; i < plane->n_addresses; i++)
                if (plane->addresses[i].prefix.address.family == family)
                        return true;
        return false;
}

// What the rules for all planes lead to, where the plane reports. A plane whose link takes too much spelling goes without:
// better than a plane without rules.
static int report_chain_add(const RulesetPlane *plane, RulesetFamily family, const char *reason, State *state) {
        _cleanup_chain_text_ ChainText chain = { .object.as_ruleset.family = family };
        char link[LINK_SPELLING_MAX];

        int r = chain_name_format(plane->plane->interface, reason, chain.object.as_ruleset.chain);
        if (r >= 0)
                r = chain_text_open(&chain, NULL);
        if (r < 0)
                return r;
        report_print(report_rate(plane), link_name_spell(plane->plane->interface, link), reason, chain.file);
        return chain_text_add(&chain, state);
}

static int report_chains_add(const RulesetPlane *plane, State *state) {
        static const struct {
                RulesetFamily family;
                const char *reason;
        } chains[] = {
                { RULESET_INET, ELSEWHERE_IN }, { RULESET_INET, ELSEWHERE_OUT }, { RULESET_INET, FORWARD_IN },
                { RULESET_INET, FORWARD_OUT },  { RULESET_INET, FALLBACK_IN },   { RULESET_ARP, ELSEWHERE_IN },
                { RULESET_ARP, ELSEWHERE_OUT },
        };
        int r = 0;

        for (size_t i = 0; i < ELEMENTSOF(chains) && r >= 0 && report_rate(plane).count > 0; i++)
                if (chains[i].family != RULESET_ARP || has_family(plane->plane, AF_INET))
                        r = report_chain_add(plane, chains[i].family, chains[i].reason, state);
        return r;
}

static int plane_chains_add(const RulesetPlane *plane, State *state) {
        const char *link = plane->plane->interface;
        _cleanup_allow_list_ AllowList list = {};

        if (!interface_name_is_valid(link))
                return -EINVAL;
        int r = allow_list_init(&list, plane);
        if (r >= 0)
                r = report_chains_add(plane, state);
        for (Way way = WAY_IN; way <= WAY_OUT; way++) {
                if (r >= 0 && plane->device_exists)
                        r = plane_chain_add(&list, link, RULESET_NETDEV, way, state);
                if (r >= 0)
                        r = plane_chain_add(&list, link, RULESET_INET, way, state);
                if (r >= 0 && has_family(plane->plane, AF_INET))
                        r = plane_chain_add(&list, link, RULESET_ARP, way, state);
        }
        return r;
}

// --- the chains that serve all planes ---

typedef char LinkSpelling[LINK_SPELLING_MAX];

typedef struct AllPlanes {
        const RulesetPlane *planes;
        const LinkSpelling *links;
        size_t n_planes;
} AllPlanes;

// iifname vmap { "mig0" : goto mig0-in }, of the planes with an address of the family, or of every plane
static void print_dispatch(const AllPlanes *all, Way way, int family, FILE *file) {
        const char *separator = "{ ";

        fprintf(file, "%s vmap ", way == WAY_IN ? "iifname" : "oifname");
        for (size_t i = 0; i < all->n_planes; i++) {
                const PlaneConfig *plane = all->planes[i].plane;
                if (family != AF_UNSPEC && !has_family(plane, family))
                        continue;
                fprintf(file, "%s\"%s\" : goto %s-%s", separator, plane->interface, all->links[i],
                        way == WAY_IN ? "in" : "out");
                separator = ", ";
        }
        fputs(" }\n", file);
}

// The planes' networks, or just their own addresses. Not what is routed: that may hold the management network.
static int networks_init(const AllPlanes *all, const MapRule *rule, int family, bool whole, ElementSet *ret) {
        for (size_t i = 0; i < all->n_planes; i++) {
                const PlaneConfig *plane = all->planes[i].plane;

                for (size_t j = 0; j < plane->n_addresses && map_rule_has(rule, &all->planes[i]); j++) {
                        Prefix prefix = plane->addresses[j].prefix;
                        if (prefix.address.family != family)
                                continue;
                        if (!whole)
                                prefix.length = (uint8_t)address_bits(family);
                        if (element_set_add(ret, &prefix, all->links[i]) < 0)
                                return -ENOMEM;
                }
        }
        element_set_normalise(ret);
        return 0;
}

// match stands before the key, for what has no name: for it to be where it is expected.
static int print_elsewhere_at(const AllPlanes *all, const char *match, const char *key,
                              void (*print)(const SetElement *element, FILE *file), int family, bool whole,
                              const char *reason, FILE *file) {
        for (MapUse use = MAP_REPORT; use < MAP_USE_MAX; use++) {
                _cleanup_element_set_ ElementSet networks = {};
                MapRule rule = { use, match, key, file, 0 };

                if (networks_init(all, &rule, family, whole, &networks) < 0)
                        return -ENOMEM;
                for (size_t i = 0; i < networks.n_elements; i++) {
                        print(&networks.elements[i], map_rule_element(&rule));
                        map_rule_lead(&rule, networks.elements[i].link, reason);
                }
                map_rule_end(&rule);
        }
        return 0;
}

static int print_elsewhere(const AllPlanes *all, const char *key, int family, bool whole, const char *reason,
                           FILE *file) {
        return print_elsewhere_at(all, "", key, element_print, family, whole, reason, file);
}

static int print_prerouting(const AllPlanes *all, FILE *file) {
        print_dispatch(all, WAY_IN, AF_UNSPEC, file);
        fputs("iifname \"lo\" accept\n", file); // the host may talk to itself
        // The whole networks, not the plane's address alone: else the host would tell whoever sends to a peer by way of
        // it that a packet is too long for the plane, or its time up.
        int r = print_elsewhere(all, "ip daddr", AF_INET, true, ELSEWHERE_IN, file);
        if (r >= 0)
                r = print_elsewhere(all, "ip saddr", AF_INET, true, ELSEWHERE_IN, file);
        if (r >= 0)
                r = print_elsewhere(all, "ip6 daddr", AF_INET6, true, ELSEWHERE_IN, file);
        if (r >= 0)
                r = print_elsewhere(all, "ip6 saddr", AF_INET6, true, ELSEWHERE_IN, file);
        // A solicitation goes to a group, so only its target tells whom it is for. The host might be a proxy.
        if (r >= 0)
                r = print_elsewhere_at(all, "icmpv6 type nd-neighbor-solicit ", "@th,64,128", element_print_raw, AF_INET6,
                                       true, ELSEWHERE_IN, file);
        return r;
}

#define ICMP_ERRORS "icmp type { destination-unreachable, redirect, time-exceeded, parameter-problem } "
#define ICMPV6_ERRORS "icmpv6 type { destination-unreachable, packet-too-big, time-exceeded, parameter-problem } "

// What prerouting cannot see: where a source route or a translation of addresses leads to, and, in fragments, what an
// ICMP error quotes. One that quotes the plane's traffic would change what the host believes of its ways on the plane.
static int print_input_elsewhere(const AllPlanes *all, FILE *file) {
        static const struct {
                const char *match, *key;
                int family;
                bool whole;
        } quoted[] = {
                { ICMP_ERRORS, "@th,160,32", AF_INET, false },
                { ICMP_ERRORS, "@th,192,32", AF_INET, true },
                { ICMPV6_ERRORS, "@th,128,128", AF_INET6, false },
                { ICMPV6_ERRORS, "@th,256,128", AF_INET6, true },
        };

        int r = print_elsewhere(all, "ip daddr", AF_INET, false, ELSEWHERE_IN, file);
        if (r >= 0)
                r = print_elsewhere(all, "ip6 daddr", AF_INET6, false, ELSEWHERE_IN, file);
        for (size_t i = 0; i < ELEMENTSOF(quoted) && r >= 0; i++)
                r = print_elsewhere_at(all, quoted[i].match, quoted[i].key, element_print_raw, quoted[i].family,
                                       quoted[i].whole, ELSEWHERE_IN, file);
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
        for (unsigned i = 0; i < 2 * MAP_USE_MAX; i++) {
                bool in = i < MAP_USE_MAX;
                MapRule rule = { i % MAP_USE_MAX, "", in ? "iifname" : "oifname", file, 0 };

                for (size_t j = 0; j < all->n_planes; j++) {
                        if (!map_rule_has(&rule, &all->planes[j]))
                                continue;
                        fprintf(map_rule_element(&rule), "\"%s\"", all->planes[j].plane->interface);
                        map_rule_lead(&rule, all->links[j], in ? FORWARD_IN : FORWARD_OUT);
                }
                map_rule_end(&rule);
        }
        return 0;
}

static int print_output(const AllPlanes *all, FILE *file) {
        print_dispatch(all, WAY_OUT, AF_UNSPEC, file);
        fputs("oifname \"lo\" accept\n", file);
        // What is for the plane's networks takes the plane or stays: while the plane is down, the way to them would be
        // the default route, over the management network.
        int r = print_elsewhere(all, "ip saddr", AF_INET, false, ELSEWHERE_OUT, file);
        if (r >= 0)
                r = print_elsewhere(all, "ip daddr", AF_INET, true, ELSEWHERE_OUT, file);
        if (r >= 0)
                r = print_elsewhere(all, "ip6 saddr", AF_INET6, false, ELSEWHERE_OUT, file);
        return r < 0 ? r : print_elsewhere(all, "ip6 daddr", AF_INET6, true, ELSEWHERE_OUT, file);
}

static int print_arp_input(const AllPlanes *all, FILE *file) {
        print_dispatch(all, WAY_IN, AF_INET, file);
        int r = print_elsewhere(all, "arp daddr ip", AF_INET, true, ELSEWHERE_IN, file); // the host might be a proxy
        return r < 0 ? r : print_elsewhere(all, "arp saddr ip", AF_INET, true, ELSEWHERE_IN, file);
}

static int print_arp_output(const AllPlanes *all, FILE *file) {
        print_dispatch(all, WAY_OUT, AF_INET, file);
        int r = print_elsewhere(all, "arp saddr ip", AF_INET, true, ELSEWHERE_OUT, file);
        return r < 0 ? r : print_elsewhere(all, "arp daddr ip", AF_INET, true, ELSEWHERE_OUT, file);
}

// A bridge hands what comes in the host's untagged VLAN to itself without the tag. What has the plane's tag within then reaches
// the plane from any port in that VLAN; at the bridge's own ingress it looks like the plane's own frames. Here the tag that was
// within is part of the frame still, and "meta protocol", while the plane's own has been taken off.
static int print_bridge_input(const AllPlanes *all, FILE *file) {
        LinkSpelling spelling;

        for (size_t i = 0; i < all->n_planes; i++) {
                const RulesetPlane *plane = &all->planes[i];
                char match[128];

                if (!plane->parent_guard || !plane->on_bridge)
                        continue;
                (void)snprintf(match, sizeof(match), "meta ibrname \"%s\" meta protocol 0x%04x @ll,116,12 %u ",
                               plane->parent_guard, plane->plane->vlan_protocol, plane->plane->vlan_id);
                (void)link_name_spell(plane->parent_guard, spelling);
                if (report_rate(plane).count > 0) {
                        fputs(match, file);
                        report_print(report_rate(plane), spelling, TAGS_IN, file);
                }
                fprintf(file, "%scounter name \"%s-" TAGS_IN "\" drop\n", match, spelling);
        }
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
                if (has_family(all->planes[i].plane, family))
                        return true;
        return false;
}

static bool any_on_bridge(const AllPlanes *all) {
        for (size_t i = 0; i < all->n_planes; i++)
                if (all->planes[i].parent_guard && all->planes[i].on_bridge)
                        return true;
        return false;
}

static bool is_needed(const AllPlanes *all, RulesetFamily family) {
        switch (family) {
        case RULESET_ARP:
                return any_has_family(all, AF_INET);
        case RULESET_BRIDGE:
                return any_on_bridge(all);
        case RULESET_INET:
        case RULESET_NETDEV:
        case RULESET_FAMILY_MAX:
                break;
        }
        return true;
}

static int base_chains_add(const AllPlanes *all, State *state) {
        for (size_t i = 0; i < ELEMENTSOF(base_chains); i++) {
                if (!is_needed(all, base_chains[i].family))
                        continue;
                _cleanup_chain_text_ ChainText chain = { .object.as_ruleset.family = base_chains[i].family };
                strcpy_fixed(chain.object.as_ruleset.chain, base_chains[i].chain);
                int r = chain_text_open(&chain, NULL);
                if (r >= 0)
                        r = base_chains[i].print(all, chain.file);
                if (r >= 0)
                        r = chain_text_add(&chain, state);
                if (r < 0)
                        return r;
        }
        return 0;
}

// --- the parents of VLANs ---

// 0 and the planes' numbers, "{ 0, 100, 101 }", under one protocol, and another tag within.
static void print_tags_within(const RulesetPlane *planes, size_t n_planes, const char *parent, uint16_t protocol,
                              FILE *file) {
        fprintf(file, "@ll,96,16 0x%04x @ll,116,12 { 0", protocol);
        for (size_t i = 0; i < n_planes; i++)
                if (planes[i].parent_guard && streq(planes[i].parent_guard, parent) &&
                    planes[i].plane->vlan_protocol == protocol)
                        fprintf(file, ", %u", planes[i].plane->vlan_id);
        fputs(" } meta protocol { 8021q, 8021ad } ", file);
}

static bool is_guarded_for(const RulesetPlane *plane, const char *parent) {
        return (plane->parent_guard && streq(plane->parent_guard, parent)) ||
               (plane->outer_guard && streq(plane->outer_guard, parent));
}

// The first plane's that reports.
static EventRate guard_rate(const RulesetPlane *planes, size_t n_planes, const char *parent) {
        for (size_t i = 0; i < n_planes; i++)
                if (is_guarded_for(&planes[i], parent) && report_rate(&planes[i]).count > 0)
                        return report_rate(&planes[i]);
        return (EventRate){};
}

// Priority 0 outside and the plane's number inside, or the other way round, reach the plane's VLAN too, whichever of the two
// protocols the 0 has. Other tags within tags are none of our business: a plane can be a VLAN within a service VLAN, whose
// parent is then the service VLAN. Around both of its tags, at the parent of the service VLAN, a 0 is dropped as well: the stack
// takes it for no tag at all. At the parent "meta protocol" is what follows the tag that the NIC or the stack took off.
static int guard_add(const RulesetPlane *planes, size_t n_planes, const char *parent, State *state) {
        _cleanup_chain_text_ ChainText chain = { .object.as_ruleset.family = RULESET_NETDEV };
        LinkSpelling spelling;

        if (!interface_name_is_valid(parent))
                return -EINVAL;
        int r = chain_name_format(parent, CHAIN_GUARD, chain.object.as_ruleset.chain);
        if (r >= 0)
                r = chain_text_open(&chain, parent);
        if (r < 0)
                return r;

        static const uint16_t protocols[] = { ETH_P_8021Q, ETH_P_8021AD };
        EventRate rate = guard_rate(planes, n_planes, parent);
        (void)link_name_spell(parent, spelling);
        for (size_t i = 0; i < ELEMENTSOF(protocols); i++) {
                if (rate.count > 0) {
                        print_tags_within(planes, n_planes, parent, protocols[i], chain.file);
                        report_print(rate, spelling, TAGS_IN, chain.file);
                }
                print_tags_within(planes, n_planes, parent, protocols[i], chain.file);
                fprintf(chain.file, "counter name \"%s-" TAGS_IN "\" drop\n", spelling);
        }
        return chain_text_add(&chain, state);
}

static bool guarded_before(const RulesetPlane *planes, size_t n_planes, const char *parent) {
        for (size_t i = 0; i < n_planes; i++)
                if (is_guarded_for(&planes[i], parent))
                        return true;
        return false;
}

static int guards_add(const RulesetPlane *planes, size_t n_planes, size_t i, State *state) {
        const RulesetPlane *plane = &planes[i];
        int r = 0;

        if (plane->parent_guard && !guarded_before(planes, i, plane->parent_guard))
                r = guard_add(planes, n_planes, plane->parent_guard, state);
        if (r >= 0 && plane->outer_guard && !guarded_before(planes, i, plane->outer_guard))
                r = guard_add(planes, n_planes, plane->outer_guard, state);
        return r;
}

int ruleset_derive(const RulesetPlane *planes, size_t n_planes, State *state) {
        if (n_planes == 0)
                return 0;

        _cleanup_free_ char *links = calloc(n_planes, sizeof(LinkSpelling));
        if (!links)
                return -ENOMEM;
        AllPlanes all = { .planes = planes, .links = (const LinkSpelling *)links, .n_planes = n_planes };

        for (size_t i = 0; i < n_planes; i++) {
                (void)link_name_spell(planes[i].plane->interface, links + i * sizeof(LinkSpelling));
                int r = plane_chains_add(&planes[i], state);
                if (r >= 0)
                        r = guards_add(planes, n_planes, i, state);
                if (r < 0)
                        return r;
        }
        return base_chains_add(&all, state);
}
