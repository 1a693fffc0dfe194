// The migration ports, closed wherever no plane is: planes with Fallback=deny.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/util.h"
#include "firewall/ruleset.h"

#define FALLBACK_IN "in-fallback"

// The rule that closes them. 0 or -ENOMEM.
int fallback_print(const RulesetPlane *planes, size_t n_planes, FILE *file);
