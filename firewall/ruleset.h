// The isolation ruleset, as text: a pure function of the planes and a few facts.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "config.h"
#include "model.h"

// What the ruleset of one plane depends on besides its configuration.
typedef struct RulesetPlane {
        const PlaneConfig *plane;
        bool device_exists; // chains of the netdev family need their device
        bool has_mac;       // without it, they let nothing pass
        MacAddress mac;     // of the plane's own device
        const char *parent_guard; // parent on which tags within tags are dropped, or NULL (PLANE_KIND_VLAN only)
        const char *outer_guard;  // what a VLAN below the plane stands on; a tag of 0 around others is dropped there; or NULL
        bool on_bridge;           // that parent is a bridge
        bool reports;       // somebody reads what rules report, where LogDrops= asks for it
        uid_t daemon_user;  // may send too where Users= is set: the probe
} RulesetPlane;

// Adds one OBJECT_RULESET per chain, for all planes together; none at all when n_planes is 0. The planes' networks do
// not overlap (config_load sees to it). -ENOMEM, or -EINVAL or -ENAMETOOLONG: an interface's name does not fit into
// nft's.
int ruleset_derive(const RulesetPlane *planes, size_t n_planes, State *state);

// Where a chain hangs.
typedef struct RulesetHook {
        RulesetFamily family;
        const char *chain; // name of a chain that serves all planes, or what follows "LINK-"
        bool is_per_link;
        const char *hook;
        uint32_t number; // enum nf_inet_hooks, NF_ARP_*, nf_dev_hooks
        int32_t priority;
} RulesetHook;

// Every base chain that we make; NULL: a chain of that name is reached from others.
const RulesetHook *ruleset_hook_find(RulesetFamily family, const char *chain);

// Whether a text's first line is the hook's. Every other line is a rule.
bool ruleset_text_has_hook(const char *text);

// Every rule bears a comment: this, and the 16 hex digits of its chain's hash.
#define RULESET_COMMENT_PREFIX "migplane "
