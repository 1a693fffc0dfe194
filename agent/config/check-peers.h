// Who the peers of a plane are.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "config/draft.h"

// Checks Peers=, the [Peer] sections and Probe=; fills in, sorts and joins the networks of Peers=.
void draft_check_peers(ConfigDraft *draft);
