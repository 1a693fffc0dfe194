// One check of one plane while it is made: what it looks at, and what it says.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "audit/finding.h"
#include "audit/host.h"
#include "base/error.h"
#include "base/util.h"
#include "config/plane-config.h"
#include "engine/plane-facts.h"
#include "engine/snapshot.h"
#include "kernel/link.h"
#include "model/object.h"
#include "model/reason.h"
#include "netlink/request.h"

enum {
        CHECK_TEXT_MAX = 1024,
};

typedef struct Check {
        Netlink *netlink;
        const AuditHost *host;
        const Snapshot *snapshot; // of this moment
        const PlaneFacts *facts;  // what it found of the plane
        const Reasons *reasons;   // all that health would say at this moment
        size_t n_ways;            // that the kernel was asked for
        const PlaneConfig *config;
        const Link *link; // the plane's device; NULL: there is none
        bool is_edited;   // its files, since they were read
        bool rules_stand; // every chain that the plane needs is there as it was loaded

        Verdict verdict;
        char text[CHECK_TEXT_MAX]; // the gravest first
} Check;

// Adds a sentence. VERDICT_OK sentences are told only while nothing is wrong.
void check_say(Check *check, Verdict verdict, const char *format, ...) _printf_(3, 4);
// For what could not be read: as grave as the worst that could be there.
void check_say_unseen(Check *check, Verdict gravest, const Error *error);
typedef bool (*CheckFilter)(const Check *check, const Object *object);
// Says what differs of the objects that the check is about. Returns how many are desired.
size_t check_say_differences(Check *check, CheckFilter is_about);
// "mgmt0", or "link 7"
const char *check_link_name(const Check *check, int ifindex, char ret[static IFNAMSIZ + 8]);
