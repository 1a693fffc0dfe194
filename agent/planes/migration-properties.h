// What a migration shows, as one table: its object on the bus and the lists of migrations are served from it.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/inet.h"
#include "base/util.h"
#include "planes/migration.h"

enum { MIGRATION_TEXT_MAX = 512 };

typedef struct MigrationProperty {
        const char *name;
        const char *signature;  // D-Bus's: "s", "q", "u" or "t"
        bool is_counter;        // read when somebody asks, and not announced
        bool of_ended, of_live; // whether one that has ended has it, and one that runs
        const char *(*text)(const MigrationFigures *figures, char ret[static MIGRATION_TEXT_MAX]); // NULL: a number
        uint64_t (*number)(const MigrationFigures *figures);
} MigrationProperty;

const MigrationProperty *migration_properties_all(size_t *ret_n);
// NULL: there is none of that name.
const MigrationProperty *migration_properties_find(const char *name);
