// The kernel's side: observe it as a State, apply a Plan to it.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "base/util.h"
#include "firewall/firewall.h"
#include "kernel/link.h"
#include "model/object.h"
#include "model/plan.h"
#include "model/state.h"
#include "netlink/request.h"

// What comes next.
typedef enum KernelStep {
        KERNEL_STEP_OPERATION,
        KERNEL_STEP_TRANSACTION, // of nftables
} KernelStep;

typedef struct Kernel {
        Netlink *netlink;
        Firewall *firewall;
        QdiscType leaf; // what this kernel has for a leaf
        void (*progress)(KernelStep next); // told before what takes its time, and after each operation; NULL: nobody
} Kernel;

int kernel_init(Kernel *kernel, Error *ret_error);
void kernel_deinit(Kernel *kernel);

// Everything that is ours, and everything that desired names.
int kernel_observe(Kernel *kernel, const Inventory *inventory, const State *desired, State *ret, Error *ret_error);

// An operation that the kernel refused.
typedef struct ApplyFailure {
        char link[IFNAMSIZ]; // "": the ruleset of all planes
        Error error;         // "cannot add class mig0 ...: what the kernel said"
} ApplyFailure;

typedef struct ApplyFailures {
        ApplyFailure *failures;
        size_t n_failures, n_allocated;
} ApplyFailures;
void apply_failures_deinit(ApplyFailures *failures);
#define _cleanup_apply_failures_ _cleanup_(apply_failures_deinit)

// Carries out the operations in their order. After a failure the plane that it belongs to is left as it stands then, so
// that no plane goes up without what should have come before; the others go on. Returns 0, or -ENOMEM.
int kernel_apply(Kernel *kernel, const Plan *plan, ApplyFailures *ret_failures);
