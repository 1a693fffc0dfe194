// The migrations of a plane that have ended.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "planes/migration-history.h"

#include "base/util.h"
#include "planes/migration.h"

void migration_history_add(MigrationHistory *history, const MigrationFigures *figures) {
        if (history->n_ended == MIGRATION_HISTORY_MAX)
                memmove(history->ended, history->ended + 1, --history->n_ended * sizeof(*history->ended));
        if (array_reserve(&history->ended, &history->n_allocated, history->n_ended + 1) >= 0)
                history->ended[history->n_ended++] = *figures;
}

void migration_history_deinit(MigrationHistory *history) {
        free(history->ended);
        *history = (MigrationHistory){};
}
