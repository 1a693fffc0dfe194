// What other managers of the host have for good on a plane's devices: recognised, told, and left to them.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "engine/kernel.h"
#include "engine/snapshot.h"

// Takes what would drive another manager's shaping away out of a look's plan, and gives the planes' reasons.
int others_respect(const Kernel *kernel, Look *look, Error *ret_error);
