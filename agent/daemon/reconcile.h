// The loop: inventory, derive, observe, diff, apply, and observe again, until the diff is empty.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "base/util.h"
#include "daemon/manager.h"
#include "planes/plane.h"

typedef enum ReconcileCause {
        RECONCILE_INTENT, // the configuration, or a request, changed what is desired
        RECONCILE_EVENT,  // something in the kernel changed
        RECONCILE_AUDIT,  // a while has passed
} ReconcileCause;

// Fails only when the kernel cannot be observed or memory is out; what it refuses is in the planes' reasons.
int reconcile(Manager *manager, ReconcileCause cause, Error *ret_error);
// When to try again after it failed: doubles until one succeeds.
uint64_t reconcile_retry_delay(Manager *manager);
// The operations that a reconcile would begin with, as text.
int reconcile_preview(Manager *manager, const Plane *plane, char **ret_text, Error *ret_error);
