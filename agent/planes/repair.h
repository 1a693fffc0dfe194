// Which operations of a plan may be carried out now, and what is noted of them: pure.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/util.h"
#include "engine/snapshot.h"
#include "kernel/monitor.h"
#include "model/plan.h"
#include "planes/plane-set.h"
#include "planes/unconfirmed.h"

// The operations of a snapshot that no backoff pauses. The backoff of a plane's drift pauses nothing when somebody has
// just asked for something (is_asked_for), and isolation never; that of a change which the kernel does not confirm
// pauses in any case. -ENOMEM.
int repair_select(const PlaneSet *planes, const Snapshot *snapshot, const Unconfirmed *unconfirmed, bool is_asked_for,
                  uint64_t now_usec, Plan *ret_active);

// Notes what is being repaired with the planes that had been as desired. suspect: the first change by another program.
void repair_note(PlaneSet *planes, const Snapshot *snapshot, const Plan *active, const MonitorEvent *suspect,
                 uint64_t now_usec);

// Microseconds until the first backoff ends; 0: there is none.
uint64_t repair_backoff_remaining(const PlaneSet *planes, uint64_t now_usec);
