// org.migplane1.Manager
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <systemd/sd-bus.h>

#include "bus/context.h"
#include "planes/migration.h"
#include "planes/plane.h"

int manager_object_add(sd_bus *bus, BusContext *context);
// Sends MigrationEnded.
void manager_object_announce_ended(sd_bus *bus, const Plane *plane, const MigrationFigures *figures);
