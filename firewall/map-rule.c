// A rule for all planes.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "firewall/map-rule.h"

#include "firewall/chain-name.h"
#include "firewall/log-rule.h"

bool map_rule_is_needed(MapUse use, const RulesetPlane *plane) {
        return use == MAP_DROP || log_rule_rate(plane).count > 0;
}

static void print_map(MapUse use, const char *match, const char *key, const MapElement *elements, size_t n,
                      const char *reason, FILE *file) {
        char link[LINK_SPELLING_MAX];

        fprintf(file, use == MAP_REPORT ? "%s%s vmap " : "%scounter name %s map ", match, key);
        for (size_t i = 0; i < n; i++) {
                (void)chain_name_spell_link(elements[i].link, link);
                fprintf(file, "%s%s : ", i == 0 ? "{ " : ", ", elements[i].text);
                fprintf(file, use == MAP_REPORT ? "jump %s-%s" : "\"%s-%s\"", link, reason);
        }
        fputs(use == MAP_REPORT ? " }\n" : " } drop\n", file);
}

static void print_set(MapUse use, const char *match, const char *key, const MapElement *elements, size_t n,
                      const char *reason, FILE *file) {
        char link[LINK_SPELLING_MAX];

        fprintf(file, "%s%s == ", match, key);
        for (size_t i = 0; i < n; i++)
                fprintf(file, "%s%s", n == 1 ? "" : i == 0 ? "{ " : ", ", elements[i].text);
        fprintf(file, use == MAP_REPORT ? "%s jump %s-%s\n" : "%s counter name \"%s-%s\" drop\n", n == 1 ? "" : " }",
                chain_name_spell_link(elements[0].link, link), reason);
}

void map_rule_print(MapUse use, const char *match, const char *key, const MapElement *elements, size_t n,
                    const char *reason, FILE *file) {
        if (n > 1)
                print_map(use, match, key, elements, n, reason, file);
        if (n == 1 || (n > 1 && use == MAP_DROP))
                print_set(use, match, key, elements, n, reason, file);
}
