// One change of our tables as the commands of one nftables transaction: a pure function.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/util.h"
#include "firewall/table.h"
#include "model/object.h"

// Adds tables, counters and chains that are missing, refills the chains to load, and deletes the chains to remove.
// existing has the tables as they are, by family. A chain to remove that does not exist is ignored. *ret_text is NULL
// where nothing is to be done. 0 or -ENOMEM.
int transaction_render(const Table existing[static RULESET_FAMILY_MAX], const Object *const *load, size_t n_load,
                       const Object *const *remove, size_t n_remove, char **ret_text);
