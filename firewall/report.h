// Rules that report what the rule after them drops, where LogDrops= asks for it: observers, which no drop depends on.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "ruleset.h"

// How often a rule of the plane's reports; a count of 0: none does.
EventRate report_rate(const RulesetPlane *plane);

// The end of a rule that reports: "limit rate 10/minute ... prefix "mig0-in-peer"" and the line feed. The limit is of this
// rule alone, so that a flood of one kind does not hide another. link is spelled, reason is "in-peer".
void report_print(EventRate rate, const char *link, const char *reason, FILE *file);

// A rule for all planes goes by a map from addresses, interfaces or ports to what is each plane's own.
typedef enum MapUse {
        MAP_REPORT, // of the planes that report, to chains: ip daddr vmap { 192.0.2.1 : jump mig0-in-elsewhere }
        MAP_DROP,   // to counters: counter name ip daddr map { 192.0.2.1 : "mig0-in-elsewhere" } drop
        MAP_USE_MAX,
} MapUse;

typedef struct MapRule {
        MapUse use;
        const char *match; // before the map, with a space behind it; or ""
        const char *key;   // "ip daddr"
        FILE *file;
        unsigned n_elements;
} MapRule;

bool map_rule_has(const MapRule *rule, const RulesetPlane *plane);
// Begins an element, which the caller then prints to the file; and says where it leads. The first one begins the rule.
FILE *map_rule_element(MapRule *rule);
void map_rule_lead(const MapRule *rule, const char *link, const char *reason);
// Without an element there is no rule.
void map_rule_end(const MapRule *rule);
