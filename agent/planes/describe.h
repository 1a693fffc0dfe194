// Everything the daemon knows, as JSON.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "config/plane-config.h"
#include "daemon/manager.h"
#include "firewall/firewall.h"

// {"Version": ..., "Planes": [{property: value, ...}, ...], "ConfigurationMessages": [...]}; the planes' names and units
// are those of their D-Bus properties. NULL when memory is out; else to be freed.
char *describe(Manager *manager);

// "in-arp": what a counter of the ruleset says of this plane, or of the parent that it shares; NULL for another's.
const char *describe_drop_reason(const FirewallCounter *counter, const PlaneConfig *plane);
