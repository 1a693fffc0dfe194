// Rules that close the migration ports on networks that are no plane, for planes with Fallback=deny. A connection is
// refused with a TCP reset, as by a port on which nothing listens.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "firewall/ruleset-plane.h"

#define FALLBACK_IN "in-fallback"

// How often the rules report connections that they refuse: as LogDrops= says, and without it ten a minute. A count of 0
// means never: Fallback=allow, or the daemon does not read the log.
EventRate fallback_report_rate(const RulesetPlane *plane);
// 0 or -ENOMEM.
int fallback_print(const RulesetPlane *planes, size_t n_planes, FILE *file);
