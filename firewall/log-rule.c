// Rules that report.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "firewall/log-rule.h"

#include "base/names.h"
#include "base/parse.h"

// How many frames a rule reports at once after a quiet time. It is given because nft's default may change.
#define BURST "5"

EventRate log_rule_rate(const RulesetPlane *plane) {
        return plane->reports ? plane->plane->log_drops : (EventRate){};
}

void log_rule_print(EventRate rate, const char *link, const char *reason, FILE *file) {
        fprintf(file, "limit rate %u/%s burst " BURST " packets log group %d prefix \"%s-%s\"\n", rate.count,
                event_rate_unit(rate.seconds), OUR_LOG_GROUP, link, reason);
}

void log_rule_print_open(const char *link, const char *way, FILE *file) {
        fprintf(file, "limit rate 5/second burst 10 packets log group %d prefix \"%s-%s-open\"\n", OUR_OPENS_LOG_GROUP,
                link, way);
}
