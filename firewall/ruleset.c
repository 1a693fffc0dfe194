// The chains of all planes.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "firewall/ruleset.h"

#include "base/parse.h"
#include "firewall/allow-rules.h"
#include "firewall/base-chains.h"
#include "firewall/fallback.h"
#include "firewall/log-rule.h"
#include "firewall/vlan-guard.h"

typedef void (*AllowPrinter)(const AllowList *list, Way way, FILE *file);

static int plane_chain_add(const AllowList *list, const char *link, RulesetFamily family, Way way, State *state) {
        static const AllowPrinter printers[RULESET_FAMILY_MAX] = {
                [RULESET_NETDEV] = allow_rules_print_netdev,
                [RULESET_INET] = allow_rules_print_inet,
                [RULESET_ARP] = allow_rules_print_arp,
        };
        _cleanup_chain_text_ ChainText chain = { .object.as_ruleset.family = family };

        strcpy_fixed(chain.object.link, link);
        (void)chain_name_format(link, way == WAY_IN ? "in" : "out", chain.object.as_ruleset.chain);
        int r = chain_text_open(&chain, link);
        if (r < 0)
                return r;
        printers[family](list, way, chain.file);
        return chain_text_add(&chain, state);
}

static int allow_chains_add(const RulesetPlane *plane, State *state) {
        const char *link = plane->plane->interface;
        const bool is_needed[RULESET_FAMILY_MAX] = {
                [RULESET_NETDEV] = plane->device_exists,
                [RULESET_INET] = true,
                [RULESET_ARP] = plane_config_has_family(plane->plane, AF_INET),
        };
        _cleanup_allow_list_ AllowList list = {};

        int r = allow_list_init(&list, plane);
        if (r < 0)
                return r;
        for (Way way = WAY_IN; way <= WAY_OUT; way++)
                for (RulesetFamily family = 0; family < RULESET_FAMILY_MAX; family++) {
                        if (family == RULESET_NETDEV && way == WAY_OUT && plane->lacks_egress)
                                continue;
                        r = is_needed[family] ? plane_chain_add(&list, link, family, way, state) : 0;
                        if (r < 0)
                                return r;
                }
        return 0;
}

static EventRate report_rate(const RulesetPlane *plane, const char *reason) {
        return streq(reason, FALLBACK_IN) ? fallback_report_rate(plane) : log_rule_rate(plane);
}

// A chain that the rules for all planes jump to.
static int report_chain_add(const RulesetPlane *plane, RulesetFamily family, const char *reason, State *state) {
        _cleanup_chain_text_ ChainText chain = { .object.as_ruleset.family = family };
        char link[LINK_SPELLING_MAX];

        (void)chain_name_format(plane->plane->interface, reason, chain.object.as_ruleset.chain);
        int r = chain_text_open(&chain, NULL);
        if (r < 0)
                return r;
        log_rule_print(report_rate(plane, reason), chain_name_spell_link(plane->plane->interface, link), reason,
                       chain.file);
        return chain_text_add(&chain, state);
}

static int report_chains_add(const RulesetPlane *plane, State *state) {
        static const struct {
                RulesetFamily family;
                const char *reason;
        } chains[] = {
                { RULESET_INET, ELSEWHERE_IN }, { RULESET_INET, ELSEWHERE_OUT },  { RULESET_INET, FORWARD_IN },
                { RULESET_INET, FORWARD_OUT },  { RULESET_INET, FALLBACK_IN },    { RULESET_ARP, ELSEWHERE_IN },
                { RULESET_ARP, ELSEWHERE_OUT }, { RULESET_BRIDGE, ELSEWHERE_IN },
        };

        for (size_t i = 0; i < ELEMENTSOF(chains); i++) {
                if (report_rate(plane, chains[i].reason).count == 0 ||
                    (chains[i].family == RULESET_ARP && !plane_config_has_family(plane->plane, AF_INET)) ||
                    (chains[i].family == RULESET_BRIDGE && !plane->bridges_call))
                        continue;
                int r = report_chain_add(plane, chains[i].family, chains[i].reason, state);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int plane_chains_add(const RulesetPlane *planes, size_t n_planes, size_t i, State *state) {
        if (!interface_name_is_valid(planes[i].plane->interface))
                return -EINVAL;
        int r = report_chains_add(&planes[i], state);
        if (r < 0 || planes[i].is_refused)
                return r;
        r = allow_chains_add(&planes[i], state);
        if (r < 0)
                return r;
        return vlan_guard_add(planes, n_planes, i, state);
}

int ruleset_derive(const RulesetPlane *planes, size_t n_planes, State *state) {
        size_t n_read = n_planes;

        if (n_planes == 0)
                return 0;
        while (n_read > 0 && planes[n_read - 1].plane->is_unread)
                n_read--;
        for (size_t i = 0; i < n_read; i++) {
                int r = plane_chains_add(planes, n_read, i, state);
                if (r < 0)
                        return r;
        }
        return base_chains_add(planes, n_read, n_planes - n_read, state);
}
