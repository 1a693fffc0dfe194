// The migrations of a plane that have ended.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/util.h"
#include "planes/migration.h"

enum { MIGRATION_HISTORY_MAX = 32 };

typedef struct MigrationHistory {
        MigrationFigures *ended; // the latest last
        size_t n_ended, n_allocated;
} MigrationHistory;

// Keeps the last of them.
void migration_history_add(MigrationHistory *history, const MigrationFigures *figures);
void migration_history_deinit(MigrationHistory *history);
