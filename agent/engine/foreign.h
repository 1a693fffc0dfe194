// What other programs of the host have permanently on a plane's devices: recognised, told, and left to them.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "base/util.h"
#include "engine/kernel.h"
#include "engine/plane-facts.h"
#include "kernel/link.h"
#include "model/plan.h"

// Takes what would remove another manager's shaping out of the plan, and adds the reasons to the planes.
int foreign_respect(const Kernel *kernel, const Inventory *inventory, PlaneFacts *planes, size_t n_planes, Plan *plan,
                    Error *ret_error);
