// What a snapshot, and what came of applying its plan, mean for the health of a plane.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "base/util.h"
#include "engine/apply.h"
#include "engine/plane-facts.h"
#include "engine/snapshot.h"
#include "netlink/request.h"
#include "planes/plane.h"

// What health asks the kernel beyond a snapshot.
typedef struct HealthReading {
        int has_address; // the exported address: 1 usable; 0 not (yet); or a negative errno, and address_error
        Error address_error;
        bool bridge_filters; // the bridge that the VLAN stands on drops its frames
} HealthReading;

void health_read(Netlink *netlink, const PlaneFacts *facts, HealthReading *ret);

// What the status of a plane is made of.
typedef struct HealthFacts {
        const Snapshot *snapshot;
        const ApplyFailures *failures;
        HealthReading reading;
        const char *drops_fault; // why LogDrops= has no effect; ""
        uint64_t now_usec;
} HealthFacts;

// Pure. The status of planes[i] of the snapshot, to be stored; takes reasons, those that the snapshot found, over.
PlaneStatus health_assess(const Plane *plane, size_t i, const HealthFacts *facts, Reasons *reasons);
