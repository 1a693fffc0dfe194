// The loop: inventory, derive, observe, diff, apply, and observe again, until the diff is empty.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "base/util.h"
#include "daemon/migration-watch.h"
#include "daemon/schedule.h"
#include "daemon/watch.h"
#include "engine/kernel.h"
#include "engine/snapshot.h"
#include "handover/handover.h"
#include "planes/drops.h"
#include "planes/peer-recovery.h"
#include "planes/plane-set.h"
#include "planes/plane.h"
#include "planes/unconfirmed.h"

typedef struct Reconciler {
        // Not owned.
        Kernel *kernel;
        PlaneSet *planes;
        Watch *watch;
        Schedule *schedule;
        Drops *drops;
        Handover *handover;
        PeerRecovery *recovery;
        MigrationWatch *migrations;

        Unconfirmed unconfirmed;
        char machine_id[33];      // "": this host has none
        unsigned n_unseen;        // snapshots in a row that failed
        uint64_t retry_usec;      // doubles while the kernel keeps refusing
        uint64_t failures_logged; // hash of the refusals that the log has last
        uint64_t first_plan;      // hash of what the first round carries out
        uint64_t refused_plan;    // the same of the last reconcile, if the kernel refused a part of it; 0: none
        bool plan_logged;         // the log has the plan of this reconcile, and gets its outcome
        uint64_t n_changes;       // changes asked for, made or reported: an answer from before is out of date
} Reconciler;

typedef enum ReconcileCause {
        RECONCILE_INTENT, // the configuration, or a request, changed what is desired
        RECONCILE_EVENT,  // something in the kernel changed
        RECONCILE_AUDIT,  // a while has passed
} ReconcileCause;

// Stores the status of every plane, and arranges when to look again. Fails only when the kernel cannot be observed or
// memory is out, which is tried again by itself; what the kernel refuses is in the planes' reasons.
int reconcile(Reconciler *reconciler, ReconcileCause cause, Error *ret_error);

// What a reconcile would begin with. Changes nothing.
int reconcile_snapshot(const Reconciler *reconciler, Snapshot *ret, Error *ret_error);
// The same if these were the planes.
int reconcile_snapshot_of(const Reconciler *reconciler, const PlaneSet *planes, Snapshot *ret, Error *ret_error);
