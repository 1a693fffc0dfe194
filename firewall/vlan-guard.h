// Tags within tags, which would hop into a plane's VLAN: dropped at what the plane's device stands on.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/util.h"
#include "firewall/ruleset.h"
#include "model/state.h"

// The chains at the links below one plane that none of the planes before it has. 0, -ENOMEM, -EINVAL or -ENAMETOOLONG.
int tags_add(const RulesetPlane *planes, size_t n_planes, size_t i, State *state);

// The rules within the bridges that planes stand on, and whether there are any.
bool tags_any_on_bridge(const RulesetPlane *planes, size_t n_planes);
void tags_print_bridge(const RulesetPlane *planes, size_t n_planes, FILE *file);
