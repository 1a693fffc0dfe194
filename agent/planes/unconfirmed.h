// Changes that the kernel accepts and does not show afterwards: when to try them again: pure.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/util.h"
#include "engine/apply.h"
#include "model/plan.h"

typedef struct UnconfirmedChange {
        uint64_t operation; // hash of its type, and of the object that it is about
        bool is_ruleset;
        bool was_tried; // since the last look
        unsigned tries; // after which the kernel did not show it
        uint64_t backoff_usec, until_usec;
} UnconfirmedChange;

typedef struct Unconfirmed {
        UnconfirmedChange *changes;
        size_t n_changes, n_allocated;
} Unconfirmed;

void unconfirmed_deinit(Unconfirmed *unconfirmed);

// Notes what the kernel was asked for and did not refuse. -ENOMEM.
int unconfirmed_tried(Unconfirmed *unconfirmed, const Plan *done, const ApplyFailures *failures);
// Compares that with what a look after it finds still to be done. by_others: another program changed something
// meanwhile, which tells nothing about the kernel. Times are those of clock_now_usec.
void unconfirmed_look(Unconfirmed *unconfirmed, const Plan *left, bool by_others, uint64_t now_usec);
// Tries the rules again now: another program changed something.
void unconfirmed_wake_rulesets(Unconfirmed *unconfirmed);

// After how many tries in a row the kernel did not show the change.
unsigned unconfirmed_tries(const Unconfirmed *unconfirmed, const Operation *operation);
// Whether the kernel did not show the change after several tries.
bool unconfirmed_has(const Unconfirmed *unconfirmed, const Operation *operation);
// Whether the next try is later.
bool unconfirmed_is_paused(const Unconfirmed *unconfirmed, const Operation *operation, uint64_t now_usec);
// Microseconds until the first next try; 0: there is none.
uint64_t unconfirmed_remaining(const Unconfirmed *unconfirmed, uint64_t now_usec);
