// Tags within tags, which would hop into a plane's VLAN: dropped at what the plane's device stands on.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "firewall/vlan-guard.h"

#include <linux/if_ether.h>

#include "base/parse.h"
#include "base/util.h"
#include "config/plane-config.h"
#include "firewall/chain-name.h"
#include "firewall/chain.h"
#include "firewall/log-rule.h"
#include "firewall/ruleset.h"
#include "model/object.h"
#include "model/state.h"

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

// Whose counter tags go to: the plane's parent's, or where it has none of its own, the plane's.
static const char *counted_at(const RulesetPlane *plane) {
        return plane->parent_guard ?: plane->plane->interface;
}

// The same for what is dropped at a parent, which may be that of several planes, and stand below that of others.
static const char *guard_counted_at(const RulesetPlane *planes, size_t n_planes, const char *parent) {
        const char *above = NULL;

        for (size_t i = 0; i < n_planes; i++) {
                if (planes[i].parent_guard && streq(planes[i].parent_guard, parent))
                        return parent;
                if (!above && is_guarded_for(&planes[i], parent))
                        above = counted_at(&planes[i]);
        }
        return above ?: parent;
}

// Priority 0 outside and the plane's number inside, or the other way round, reach the plane's VLAN too, whichever of the two
// protocols the 0 has. Other tags within tags are none of our business: a plane can be a VLAN within a service VLAN, whose
// parent is then the service VLAN. Around both of its tags, at the parent of the service VLAN, a 0 is dropped as well: the stack
// takes it for no tag at all. At the parent "meta protocol" is what follows the tag that the NIC or the stack took off.
static int guard_add(const RulesetPlane *planes, size_t n_planes, const char *parent, State *state) {
        _cleanup_chain_text_ ChainText chain = { .object.as_ruleset.family = RULESET_NETDEV };
        char spelling[LINK_SPELLING_MAX];

        if (!interface_name_is_valid(parent))
                return -EINVAL;
        int r = chain_name_format(parent, CHAIN_GUARD, chain.object.as_ruleset.chain);
        if (r >= 0)
                r = chain_text_open(&chain, parent);
        if (r < 0)
                return r;

        static const uint16_t protocols[] = { ETH_P_8021Q, ETH_P_8021AD };
        EventRate rate = guard_rate(planes, n_planes, parent);
        (void)link_name_spell(guard_counted_at(planes, n_planes, parent), spelling);
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

int tags_add(const RulesetPlane *planes, size_t n_planes, size_t i, State *state) {
        const RulesetPlane *plane = &planes[i];
        int r = 0;

        if (plane->parent_guard && !guarded_before(planes, i, plane->parent_guard))
                r = guard_add(planes, n_planes, plane->parent_guard, state);
        if (r >= 0 && plane->outer_guard && !guarded_before(planes, i, plane->outer_guard))
                r = guard_add(planes, n_planes, plane->outer_guard, state);
        return r;
}

bool tags_any_on_bridge(const RulesetPlane *planes, size_t n_planes) {
        for (size_t i = 0; i < n_planes; i++)
                if (planes[i].bridge)
                        return true;
        return false;
}

// A bridge hands what comes in the host's untagged VLAN to itself without the tag. What has the plane's tag within then reaches
// the plane from any port in that VLAN; at the bridge's own ingress it looks like the plane's own frames. Here the tag that was
// within is part of the frame still, and "meta protocol", while the plane's own has been taken off.
void tags_print_bridge(const RulesetPlane *planes, size_t n_planes, FILE *file) {
        char spelling[LINK_SPELLING_MAX];

        for (size_t i = 0; i < n_planes; i++) {
                const RulesetPlane *plane = &planes[i];
                char match[128];

                if (!plane->bridge)
                        continue;
                (void)snprintf(match, sizeof(match), "meta ibrname \"%s\" meta protocol 0x%04x @ll,116,12 %u ",
                               plane->bridge, plane->bridge_vlan_protocol, plane->bridge_vlan_id);
                (void)link_name_spell(counted_at(plane), spelling);
                if (report_rate(plane).count > 0) {
                        fputs(match, file);
                        report_print(report_rate(plane), spelling, TAGS_IN, file);
                }
                fprintf(file, "%scounter name \"%s-" TAGS_IN "\" drop\n", match, spelling);
        }
}
