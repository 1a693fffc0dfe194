// Drops tags within tags, which would hop into a plane's VLAN, at the devices below the plane.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "firewall/ruleset-plane.h"
#include "model/state.h"

// Adds the chains at the devices below the i-th plane, unless a plane before it has added them. 0, -ENOMEM or -EINVAL.
int vlan_guard_add(const RulesetPlane *planes, size_t n_planes, size_t i, State *state);

// The rules in the bridges that planes stand on, and whether there are any.
bool vlan_guard_is_on_bridge(const RulesetPlane *planes, size_t n_planes);
void vlan_guard_print_bridge(const RulesetPlane *planes, size_t n_planes, FILE *file);
