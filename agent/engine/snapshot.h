// One look at everything: what is desired, what the kernel has, and the plan between the two.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "base/util.h"
#include "engine/kernel.h"
#include "engine/plane-facts.h"
#include "kernel/link.h"
#include "model/plan.h"
#include "model/state.h"

// What holds for all planes; see DeriveFacts.
typedef struct SnapshotFacts {
        const char *machine_id;
        bool reports, is_plain;
        bool reports_opens;
        bool hold;
} SnapshotFacts;

typedef struct Snapshot {
        PlaneFacts *planes; // in the order in which they were given
        size_t n_planes;
        Inventory inventory;
        State desired, observed;
        Plan plan;
} Snapshot;

// Changes nothing, in the kernel or in what it is given. The planes' configurations must outlive it.
int snapshot_new(Kernel *kernel, const PlaneInput *planes, size_t n_planes, const SnapshotFacts *facts, Snapshot *ret,
                 Error *ret_error);
void snapshot_deinit(Snapshot *snapshot);
#define _cleanup_snapshot_ _cleanup_(snapshot_deinit)
