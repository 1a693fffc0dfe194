// SetBandwidth: a drop-in that survives, and classes changed in place; both, or neither.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "base/util.h"
#include "config/drop-in.h"
#include "daemon/reconcile.h"
#include "planes/plane-set.h"
#include "planes/plane.h"

typedef struct BandwidthRequest {
        DropInRate egress, ingress; // not set: leaves that direction as it is
        bool reset;                 // before that, takes back what was set: the files decide
        bool runtime;               // until the next boot; with reset, takes back what was set until then
} BandwidthRequest;

// Written as a drop-in first (below /run with runtime), then applied in place; if either fails, both are as before.
// -EINVAL: refused by the configuration's checks; -EIO: by the kernel.
int bandwidth_set(Reconciler *reconciler, Plane *plane, const BandwidthRequest *request, Error *ret_error);

// Removes what a crash in the middle of that may have left.
void bandwidth_sweep_drop_ins(const PlaneSet *planes);
