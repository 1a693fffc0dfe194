// What must hold for a plane as a whole.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "config/draft.h"

// Checks the plane as a whole and fills in what follows from the rest.
void draft_check(ConfigDraft *draft);
