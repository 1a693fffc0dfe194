// The isolation ruleset, as text: a pure function of the planes and a few facts.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/inet.h"
#include "base/util.h"
#include "config/plane-config.h"
#include "model/state.h"

// What the ruleset of one plane depends on besides its configuration.
typedef struct RulesetPlane {
        const PlaneConfig *plane;
        bool device_exists; // chains of the netdev family need their device
        bool has_mac;       // without it, they let nothing pass
        MacAddress mac;     // of the plane's own device
        const char *parent_guard; // parent on which tags within tags are dropped, or NULL (PLANE_KIND_VLAN only)
        const char *outer_guard;  // what a VLAN below the plane stands on; a tag of 0 around others is dropped there; or NULL
        const char *bridge;       // what the plane's VLAN, or one below it, stands on, if that is a bridge; or NULL
        uint16_t bridge_vlan_id, bridge_vlan_protocol; // of that VLAN
        bool reports;       // somebody reads what rules report, where LogDrops= asks for it
        uid_t daemon_user;  // may send too where Users= is set: the probe
} RulesetPlane;

// Adds one OBJECT_RULESET per chain, for all planes together; none at all when n_planes is 0. The planes' networks do
// not overlap (config_load sees to it). -ENOMEM, or -EINVAL or -ENAMETOOLONG: an interface's name does not fit into
// nft's.
int ruleset_derive(const RulesetPlane *planes, size_t n_planes, State *state);
