// org.migplane1.Plane
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <systemd/sd-bus.h>

#include "base/util.h"
#include "bus/context.h"
#include "planes/plane.h"

// The vtable of all planes' objects, made from the table of their properties; to be freed when the connection is.
sd_bus_vtable *plane_object_new_vtable(void);
int plane_object_add(sd_bus *bus, const sd_bus_vtable *vtable, BusContext *context);

int plane_object_path(const Plane *plane, char **ret_path);
// Announces the properties that the change is about.
void plane_object_announce(sd_bus *bus, const Plane *plane, PlaneChange change);
