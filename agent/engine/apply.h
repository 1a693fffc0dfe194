// A Plan, carried out.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <net/if.h>

#include "base/error.h"
#include "base/util.h"
#include "engine/kernel.h"
#include "model/plan.h"

// An operation that the kernel refused.
typedef struct ApplyFailure {
        char link[IFNAMSIZ]; // "": of all planes
        bool is_ruleset;     // the rules are not in force
        bool is_guard;       // nor are the filters that stand for rules
        bool is_cap;         // a part of a cap is not in force
        bool holds_back;     // the operations that follow on this link
        Error error;         // "cannot add class mig0 ...: what the kernel said"
} ApplyFailure;

typedef struct ApplyFailures {
        ApplyFailure *failures;
        size_t n_failures, n_allocated;
} ApplyFailures;
void apply_failures_deinit(ApplyFailures *failures);
#define _cleanup_apply_failures_ _cleanup_(apply_failures_deinit)

// Carries out the operations in their order. After a failure the plane that it belongs to is left as it is then, so
// that no plane goes up without what should have come before; the other planes go on. A route or neighbour that could
// not be deleted does not keep its link: the kernel deletes it with the link. Returns 0, or -ENOMEM.
int apply(Kernel *kernel, const Plan *plan, ApplyFailures *ret_failures);
