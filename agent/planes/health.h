// What a look means for the health of the planes.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "daemon/manager.h"
#include "engine/kernel.h"
#include "engine/snapshot.h"

// Gives every plane its health and the reasons; takes the look's reasons over.
void assess_planes(Manager *manager, Look *look, const ApplyFailures *failures);
