// Rules that report what the rule after them drops, where LogDrops= asks for it: observers, which no drop depends on.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/util.h"
#include "config/plane-config.h"
#include "firewall/ruleset.h"

// How often a rule of the plane's reports; a count of 0: none does.
EventRate report_rate(const RulesetPlane *plane);

// The end of a rule that reports: "limit rate 10/minute ... prefix "mig0-in-peer"" and the line feed. The limit is of this
// rule alone, so that a flood of one kind does not hide another. link is spelled, reason is "in-peer".
void report_print(EventRate rate, const char *link, const char *reason, FILE *file);

// A rule for all planes goes by a map from addresses or interfaces to what is each plane's own. A packet that is under way
// when the kernel puts another ruleset in force still sees the old rules, but no longer what is in their maps (seen on
// 6.18). So that what is to be dropped is dropped then, too, a lone element is compared, and behind a map the same elements
// stand once more as a set, of which that is not true.
typedef enum MapUse {
        MAP_REPORT, // of the planes that report, to chains: ip daddr vmap { 192.0.2.1 : jump mig0-in-elsewhere }
        MAP_DROP,   // to counters: counter name ip daddr map { 192.0.2.1 : "mig0-in-elsewhere" } drop
        MAP_USE_MAX,
} MapUse;

typedef struct MapElement {
        char text[64];
        const char *link; // spelled; not owned
} MapElement;

bool map_use_has(MapUse use, const RulesetPlane *plane);
// match stands before the key, with a space behind it, or is "". Without an element there is no rule.
void map_rule_print(MapUse use, const char *match, const char *key, const MapElement *elements, size_t n,
                    const char *reason, FILE *file);
