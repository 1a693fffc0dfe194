// What the kernel has, as a State.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "base/util.h"
#include "engine/kernel.h"
#include "engine/plane-facts.h"
#include "kernel/link.h"
#include "model/state.h"

// Everything that is ours, and everything that desired names. The facts of the planes say which links are ours beyond
// those that bear our tag.
int observe(Kernel *kernel, const Inventory *inventory, const PlaneFacts *planes, size_t n_planes, const State *desired,
            State *ret, Error *ret_error);
