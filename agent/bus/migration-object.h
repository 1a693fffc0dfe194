// org.migplane1.Migration: an object for each migration that runs.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <systemd/sd-bus.h>

#include "base/util.h"
#include "bus/context.h"
#include "planes/migration-set.h"

enum { MIGRATION_PATH_MAX = 64 };

// The path of the object. Returns ret.
const char *migration_object_path(const Migration *migration, char ret[static MIGRATION_PATH_MAX]);

// NULL when memory is out. The caller frees it, after the bus.
sd_bus_vtable *migration_object_new_vtable(void);
int migration_object_add(sd_bus *bus, const sd_bus_vtable *vtable, BusContext *context);

// Appends an a{sv} of a migration that runs or has ended.
int migration_object_append(sd_bus_message *reply, const Plane *plane, const MigrationFigures *figures);
// Appends an aa{sv}: the migrations that run on the plane of that name, or on all ("") and, if ended, those before.
// Returns 0 for an unknown plane.
int migration_object_append_list(sd_bus_message *reply, const MigrationSet *set, const char *plane, bool ended);
