// The chains that serve all planes.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "firewall/ruleset-plane.h"
#include "model/state.h"

// The planes are followed by those that are unread. 0 or -ENOMEM.
int base_chains_add(const RulesetPlane *planes, size_t n_planes, size_t n_unread, State *state);
