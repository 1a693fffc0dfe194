// Checks of a plane as a whole.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "config/draft.h"

// Checks the plane as a whole and completes it: defaults, and values that follow from others.
void draft_check(ConfigDraft *draft);
