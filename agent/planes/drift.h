// Drift: what differs although nobody asked us to change it; saying who did it, and not fighting over it.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/util.h"
#include "engine/snapshot.h"
#include "kernel/monitor.h"
#include "model/plan.h"
#include "planes/plane.h"

// Says of planes that had stood as desired what is being repaired, and counts it; too many repairs within a short time
// begin a backoff.
void drift_note(const MonitorEvent *suspect, const Look *look, const Plan *active);

// The operations of a look that no backoff holds back: all of them when somebody has just asked for something, and
// isolation always.
int drift_hold_back(const Look *look, bool asked_for, Plan *ret_active);

bool drift_is_backing_off(const Plane *plane);
// Microseconds until the first backoff ends; 0: there is none.
uint64_t drift_backoff_remaining(const Look *look);
