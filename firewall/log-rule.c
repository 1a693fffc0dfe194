// Rules that report what the rule after them drops.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "firewall/log-rule.h"

#include "base/names.h"
#include "base/parse.h"
#include "base/util.h"
#include "config/plane-config.h"
#include "firewall/ruleset.h"

// How many a rule reports at once after a while without any. Said to nft, as its default may change.
#define BURST "5"

EventRate report_rate(const RulesetPlane *plane) {
        return plane->reports ? plane->plane->log_drops : (EventRate){};
}

void report_print(EventRate rate, const char *link, const char *reason, FILE *file) {
        fprintf(file, "limit rate %u/%s burst " BURST " packets log group %d prefix \"%s-%s\"\n", rate.count,
                event_rate_unit(rate.seconds), OUR_LOG_GROUP, link, reason);
}

bool map_use_has(MapUse use, const RulesetPlane *plane) {
        return use == MAP_DROP || report_rate(plane).count > 0;
}

static void print_map(MapUse use, const char *match, const char *key, const MapElement *elements, size_t n,
                      const char *reason, FILE *file) {
        fprintf(file, use == MAP_REPORT ? "%s%s vmap " : "%scounter name %s map ", match, key);
        for (size_t i = 0; i < n; i++) {
                fprintf(file, "%s%s : ", i == 0 ? "{ " : ", ", elements[i].text);
                fprintf(file, use == MAP_REPORT ? "jump %s-%s" : "\"%s-%s\"", elements[i].link, reason);
        }
        fputs(use == MAP_REPORT ? " }\n" : " } drop\n", file);
}

static void print_set(MapUse use, const char *match, const char *key, const MapElement *elements, size_t n,
                      const char *reason, FILE *file) {
        fprintf(file, "%s%s == ", match, key);
        for (size_t i = 0; i < n; i++)
                fprintf(file, "%s%s", n == 1 ? "" : i == 0 ? "{ " : ", ", elements[i].text);
        fprintf(file, use == MAP_REPORT ? "%s jump %s-%s\n" : "%s counter name \"%s-%s\" drop\n", n == 1 ? "" : " }",
                elements[0].link, reason);
}

void map_rule_print(MapUse use, const char *match, const char *key, const MapElement *elements, size_t n,
                    const char *reason, FILE *file) {
        if (n > 1)
                print_map(use, match, key, elements, n, reason, file);
        if (n == 1 || (n > 1 && use == MAP_DROP))
                print_set(use, match, key, elements, n, reason, file);
}
