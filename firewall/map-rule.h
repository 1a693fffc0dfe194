// A rule for all planes: a map from addresses or interfaces to each plane's own counter or chain.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/util.h"
#include "firewall/ruleset-plane.h"

// The kernel empties a map at commit while packets may still run the old rules (seen on 6.18). So that these packets
// are dropped as well, a single element is compared without a map, and the elements of a map are matched once more as a
// set, which the kernel does not empty.
typedef enum MapUse {
        MAP_REPORT, // to chains of the planes that report: ip daddr vmap { 192.0.2.1 : jump mig0-in-elsewhere }
        MAP_DROP,   // to counters: counter name ip daddr map { 192.0.2.1 : "mig0-in-elsewhere" } drop
        MAP_USE_MAX,
} MapUse;

typedef struct MapElement {
        char text[64];
        const char *link; // of the plane; not owned
} MapElement;

bool map_rule_is_needed(MapUse use, const RulesetPlane *plane);
// match stands before the key and ends in a space, or is "". Nothing is printed when n is 0.
void map_rule_print(MapUse use, const char *match, const char *key, const MapElement *elements, size_t n,
                    const char *reason, FILE *file);
