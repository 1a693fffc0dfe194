// The chains of all planes.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "firewall/ruleset.h"

#include "base/parse.h"
#include "base/util.h"
#include "config/plane-config.h"
#include "firewall/allow.h"
#include "firewall/base-chains.h"
#include "firewall/chain-name.h"
#include "firewall/chain.h"
#include "firewall/fallback.h"
#include "firewall/log-rule.h"
#include "firewall/vlan-guard.h"
#include "model/object.h"
#include "model/state.h"

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
                if (chains[i].family != RULESET_ARP || plane_config_has_family(plane->plane, AF_INET))
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
                if (r >= 0 && plane_config_has_family(plane->plane, AF_INET))
                        r = plane_chain_add(&list, link, RULESET_ARP, way, state);
        }
        return r;
}

int ruleset_derive(const RulesetPlane *planes, size_t n_planes, State *state) {
        int r = 0;

        for (size_t i = 0; i < n_planes && r >= 0; i++) {
                r = plane_chains_add(&planes[i], state);
                if (r >= 0)
                        r = tags_add(planes, n_planes, i, state);
        }
        return r < 0 || n_planes == 0 ? r : base_chains_add(planes, n_planes, state);
}
