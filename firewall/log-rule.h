// Rules that report what the rule after them drops, where LogDrops= asks for it, or which connections open. No verdict
// depends on them.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "config/plane-config.h"
#include "firewall/ruleset-plane.h"

// How often each rule of the plane reports; a count of 0 means that none reports.
EventRate log_rule_rate(const RulesetPlane *plane);

// The end of a rule that reports, with the line feed: limit rate 10/minute ... prefix "mig0-in-peer". The limit belongs
// to this rule alone, so that a flood of one kind does not hide another kind. link is spelled, reason is "in-peer".
void log_rule_print(EventRate rate, const char *link, const char *reason, FILE *file);
// The same for a rule that reports an opened connection: way is "in" or "out". One report tells the daemon to look at
// all connections, so that few are enough, and a flood of them costs little.
void log_rule_print_open(const char *link, const char *way, FILE *file);
