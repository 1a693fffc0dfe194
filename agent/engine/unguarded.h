// Links of ours that are up although the kernel refuses their rules.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/util.h"
#include "engine/apply.h"
#include "engine/plane-facts.h"
#include "model/plan.h"

// Whether the plane's device is ours and up, its chains are missing and were refused, and no migration would be cut
// when it is set down. Another program may have set it up. plan: what is still to be done.
bool unguarded_may_shut(const PlaneFacts *facts, const Plan *plan, const ApplyFailures *failures);
