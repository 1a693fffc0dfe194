// The isolation ruleset as text: a pure function of the planes and a few facts.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "firewall/ruleset-plane.h"
#include "model/state.h"

// Adds an OBJECT_RULESET for every chain, for all planes together; none when n_planes is 0. The planes' networks must
// not overlap (config_load checks this). Planes that are unread come last, and their ports are closed. Returns 0,
// -ENOMEM, or -EINVAL where nft cannot take the name of an interface.
int ruleset_derive(const RulesetPlane *planes, size_t n_planes, State *state);
