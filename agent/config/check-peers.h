// The peers of a plane.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "config/draft.h"

// Checks Peers=, the [Peer] sections and Probe=. Completes and sorts Peers=.
void draft_check_peers(ConfigDraft *draft);
