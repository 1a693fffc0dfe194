// One look at everything: what is desired, what is observed, and the plan between the two.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "base/util.h"
#include "config/plane-config.h"
#include "daemon/manager.h"
#include "kernel/link.h"
#include "model/plan.h"
#include "model/reason.h"
#include "model/state.h"
#include "planes/plane.h"

typedef struct Look {
        const PlaneConfig **configs; // of the planes that are wanted
        Plane **planes;
        Reasons *reasons;
        size_t n_planes;
        Inventory inventory;
        State desired, observed;
        Plan plan;
} Look;

int look_new(Manager *manager, Look *ret, Error *ret_error);
void look_deinit(Look *look);
#define _cleanup_look_ _cleanup_(look_deinit)

// Whether an operation concerns a plane; the rulesets without a link concern all.
bool operation_concerns(const Operation *operation, const Plane *plane);
void operation_format(const Operation *operation, char *ret, size_t size);
