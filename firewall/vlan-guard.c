// Drops tags within tags at the devices below a plane.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// A frame reaches the plane's VLAN not only with the plane's tag alone, but also with a tag of 0 (a mere priority)
// around it or within it, under either protocol. Such frames are dropped at the plane's parent. Other tags within tags
// are not ours: a plane can be a VLAN within a service VLAN, which is then its parent. There a tag of 0 around both
// tags is dropped as well, at the service VLAN's own parent, because the stack ignores it.

#include "firewall/vlan-guard.h"

#include <linux/if_ether.h>

#include "base/parse.h"
#include "firewall/chain-name.h"
#include "firewall/chain.h"
#include "firewall/log-rule.h"

static bool stands_on(const RulesetPlane *plane, const char *parent) {
        return plane->parent_guard && streq(plane->parent_guard, parent);
}

static bool is_guarded_for(const RulesetPlane *plane, const char *parent) {
        return stands_on(plane, parent) || (plane->outer_guard && streq(plane->outer_guard, parent));
}

// Of the planes that the parent is guarded for, the first that reports.
static EventRate guard_rate(const RulesetPlane *planes, size_t n_planes, const char *parent) {
        for (size_t i = 0; i < n_planes; i++)
                if (is_guarded_for(&planes[i], parent) && log_rule_rate(&planes[i]).count > 0)
                        return log_rule_rate(&planes[i]);
        return (EventRate){};
}

// The link in the name of the counter: the plane's parent or, where the parent is not guarded, the plane itself.
static const char *counted_at(const RulesetPlane *plane) {
        return plane->parent_guard ?: plane->plane->interface;
}

// The same for a parent, which several planes may stand on, and which may be the outer parent of others.
static const char *guard_counted_at(const RulesetPlane *planes, size_t n_planes, const char *parent) {
        const char *above = NULL;

        for (size_t i = 0; i < n_planes; i++) {
                if (stands_on(&planes[i], parent))
                        return parent;
                if (!above && is_guarded_for(&planes[i], parent))
                        above = counted_at(&planes[i]);
        }
        return above ?: parent;
}

// A tag of this protocol with 0 or a plane's number, "{ 0, 100, 101 }", and another tag within. "meta protocol" is the
// type behind the tag that the NIC or the stack took off.
static void print_tags_within(const RulesetPlane *planes, size_t n_planes, const char *parent, uint16_t protocol,
                              FILE *file) {
        fprintf(file, "@ll,96,16 0x%04x @ll,116,12 { 0", protocol);
        for (size_t i = 0; i < n_planes; i++)
                if (stands_on(&planes[i], parent) && planes[i].plane->vlan_protocol == protocol)
                        fprintf(file, ", %u", planes[i].plane->vlan_id);
        fputs(" } meta protocol { 8021q, 8021ad } ", file);
}

static void print_guard(const RulesetPlane *planes, size_t n_planes, const char *parent, FILE *file) {
        static const uint16_t protocols[] = { ETH_P_8021Q, ETH_P_8021AD };
        EventRate rate = guard_rate(planes, n_planes, parent);
        char spelling[LINK_SPELLING_MAX];

        (void)chain_name_spell_link(guard_counted_at(planes, n_planes, parent), spelling);
        for (size_t i = 0; i < ELEMENTSOF(protocols); i++) {
                if (rate.count > 0) {
                        print_tags_within(planes, n_planes, parent, protocols[i], file);
                        log_rule_print(rate, spelling, TAGS_IN, file);
                }
                print_tags_within(planes, n_planes, parent, protocols[i], file);
                fprintf(file, "counter name \"%s-" TAGS_IN "\" drop\n", spelling);
        }
}

// Adds the chain at the parent of the i-th plane, unless a plane before it has added it.
static int guard_add(const RulesetPlane *planes, size_t n_planes, size_t i, const char *parent, State *state) {
        _cleanup_chain_text_ ChainText chain = { .object.as_ruleset.family = RULESET_NETDEV };

        if (!parent)
                return 0;
        for (size_t before = 0; before < i; before++)
                if (is_guarded_for(&planes[before], parent))
                        return 0;
        if (!interface_name_is_valid(parent))
                return -EINVAL;
        (void)chain_name_format(parent, CHAIN_GUARD, chain.object.as_ruleset.chain);
        int r = chain_text_open(&chain, parent);
        if (r < 0)
                return r;
        print_guard(planes, n_planes, parent, chain.file);
        return chain_text_add(&chain, state);
}

int vlan_guard_add(const RulesetPlane *planes, size_t n_planes, size_t i, State *state) {
        int r = guard_add(planes, n_planes, i, planes[i].parent_guard, state);
        if (r < 0)
                return r;
        return guard_add(planes, n_planes, i, planes[i].outer_guard, state);
}

bool vlan_guard_is_on_bridge(const RulesetPlane *planes, size_t n_planes) {
        for (size_t i = 0; i < n_planes; i++)
                if (planes[i].bridge)
                        return true;
        return false;
}

// A bridge hands frames of the host's untagged VLAN to itself without their tag. A frame with the plane's tag within
// then reaches the plane from any port in that VLAN, and at the bridge's own ingress it looks like one of the plane's
// frames. In the bridge's input hook the inner tag is still part of the frame, and in "meta protocol", while the
// plane's own tag has been taken off.
void vlan_guard_print_bridge(const RulesetPlane *planes, size_t n_planes, FILE *file) {
        char spelling[LINK_SPELLING_MAX];

        for (size_t i = 0; i < n_planes; i++) {
                const RulesetPlane *plane = &planes[i];
                char match[128];

                if (!plane->bridge)
                        continue;
                (void)snprintf(match, sizeof(match), "meta ibrname \"%s\" meta protocol 0x%04x @ll,116,12 %u ",
                               plane->bridge, plane->bridge_vlan_protocol, plane->bridge_vlan_id);
                (void)chain_name_spell_link(counted_at(plane), spelling);
                if (log_rule_rate(plane).count > 0) {
                        fputs(match, file);
                        log_rule_print(log_rule_rate(plane), spelling, TAGS_IN, file);
                }
                fprintf(file, "%scounter name \"%s-" TAGS_IN "\" drop\n", match, spelling);
        }
}
