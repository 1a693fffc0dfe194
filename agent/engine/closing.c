// The planes without their rules are closed, until all of these are loaded again.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// The rules for 10,000 peers take a second to derive and load. The closing rules are the same rules for planes without
// peers, so they are small, and the next round replaces them in place like any rules that differ.

#include "engine/closing.h"

#include "base/error.h"
#include "base/util.h"
#include "config/plane-config.h"
#include "engine/kernel.h"
#include "engine/plane-facts.h"
#include "firewall/firewall.h"
#include "firewall/ruleset.h"
#include "model/object.h"
#include "model/state.h"
#include "netlink/request.h"

enum {
        PEERS_MAX = 256, // these load within some 20 ms
};

static bool is_verified(Kernel *kernel, const PlaneInput *plane) {
        int ifindex;

        return plane->verified && !plane->taken_down &&
               netlink_link_index(kernel->netlink, plane->config->interface, &ifindex, NULL) >= 0 &&
               ifindex == plane->ifindex;
}

static size_t count_peers(const PlaneInput *planes, size_t n_planes) {
        size_t n = 0;

        for (size_t i = 0; i < n_planes; i++)
                n += planes[i].verified ? planes[i].config->n_peers + planes[i].config->n_known_peers : 0;
        return n;
}

// The closing rules of the families that are missing.
static int rules_derive(Kernel *kernel, const PlaneInput *planes, size_t n_planes, State *ret) {
        _cleanup_free_ PlaneConfig *configs = calloc(n_planes, sizeof(*configs));
        _cleanup_free_ RulesetPlane *rules = calloc(n_planes, sizeof(*rules));
        size_t n = 0;

        if (!configs || !rules)
                return -ENOMEM;
        for (size_t i = 0; i < n_planes; i++) {
                if (!is_verified(kernel, &planes[i]))
                        continue;
                configs[n] = *planes[i].config;
                configs[n].n_peers = configs[n].n_known_peers = configs[n].n_routes = 0;
                rules[n] = (RulesetPlane){
                        .plane = &configs[n],
                        .device_exists = true,
                        .lacks_egress = kernel->lacks_egress,
                };
                n++;
        }
        return ruleset_derive(rules, n, ret);
}

int closing_run(Kernel *kernel, const PlaneInput *planes, size_t n_planes, Error *ret_error) {
        bool missing[RULESET_FAMILY_MAX];
        _cleanup_state_ State state = {};
        size_t n_load = 0;

        if (count_peers(planes, n_planes) <= PEERS_MAX)
                return 0;
        int r = firewall_find_missing(kernel->firewall, missing, ret_error);
        if (r < 0)
                return r;
        if (!missing[RULESET_NETDEV] && !missing[RULESET_INET] && !missing[RULESET_ARP])
                return 0;

        r = rules_derive(kernel, planes, n_planes, &state);
        if (r < 0)
                return error_set(ret_error, r, "cannot derive the closing rules: %s", strerror(-r));
        _cleanup_free_ const Object **load = calloc(state.n_objects + 1, sizeof(*load));
        if (!load)
                return error_set(ret_error, -ENOMEM, "out of memory");
        for (size_t i = 0; i < state.n_objects; i++)
                if (missing[state.objects[i].as_ruleset.family])
                        load[n_load++] = &state.objects[i];
        if (n_load == 0)
                return 0;
        kernel_progress(kernel, KERNEL_STEP_TRANSACTION);
        r = firewall_apply(kernel->firewall, load, n_load, NULL, 0, ret_error);
        return r < 0 ? r : 1;
}
