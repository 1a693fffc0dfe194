// Rules that close the migration ports on networks that are no plane, for planes with Fallback=deny.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "firewall/ruleset-plane.h"

#define FALLBACK_IN "in-fallback"

// 0 or -ENOMEM.
int fallback_print(const RulesetPlane *planes, size_t n_planes, FILE *file);
