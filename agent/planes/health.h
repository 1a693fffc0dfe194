// What a snapshot, and what came of applying its plan, mean for the health of a plane.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/util.h"
#include "engine/apply.h"
#include "engine/plane-facts.h"
#include "engine/snapshot.h"
#include "engine/usable.h"
#include "planes/plane.h"
#include "planes/unconfirmed.h"

// What the status of a plane is made of.
typedef struct HealthFacts {
        const Snapshot *snapshot;
        const ApplyFailures *failures;
        const Unconfirmed *unconfirmed;
        UsableReading reading;        // of that plane
        const char *drops_fault;      // why LogDrops= has no effect; ""
        const char *migrations_fault; // why migrations are noticed late; ""
        uint64_t now_usec;
} HealthFacts;

// Pure. The status of planes[i] of the snapshot, to be stored; takes reasons, those that the snapshot found, over.
PlaneStatus health_assess(const Plane *plane, size_t i, const HealthFacts *facts, Reasons *reasons);
