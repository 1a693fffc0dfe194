// Rules that report what the rule after them drops.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "report.h"

#include "names.h"

// How many a rule reports at once after a while without any. Said to nft, as its default may change.
#define BURST "5"

EventRate report_rate(const RulesetPlane *plane) {
        return plane->reports ? plane->plane->log_drops : (EventRate){};
}

void report_print(EventRate rate, const char *link, const char *reason, FILE *file) {
        fprintf(file, "limit rate %u/%s burst " BURST " packets log group %d prefix \"%s-%s\"\n", rate.count,
                event_rate_unit(rate.seconds), OUR_LOG_GROUP, link, reason);
}

bool map_rule_has(const MapRule *rule, const RulesetPlane *plane) {
        return rule->use == MAP_DROP || report_rate(plane).count > 0;
}

FILE *map_rule_element(MapRule *rule) {
        static const char *const beginnings[MAP_USE_MAX] = {
                [MAP_REPORT] = "%s%s vmap { ",
                [MAP_DROP] = "%scounter name %s map { ",
        };

        if (rule->n_elements++ > 0)
                fputs(", ", rule->file);
        else
                fprintf(rule->file, beginnings[rule->use], rule->match, rule->key);
        return rule->file;
}

void map_rule_lead(const MapRule *rule, const char *link, const char *reason) {
        fprintf(rule->file, rule->use == MAP_REPORT ? " : jump %s-%s" : " : \"%s-%s\"", link, reason);
}

void map_rule_end(const MapRule *rule) {
        if (rule->n_elements > 0)
                fputs(rule->use == MAP_REPORT ? " }\n" : " } drop\n", rule->file);
}
