// The bus: org.migplane1 on the system bus. Translates only; what is asked is done by the manager.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <systemd/sd-bus.h>

#include "base/error.h"
#include "base/names.h"
#include "base/util.h"
#include "daemon/manager.h"
#include "planes/plane.h"

typedef struct Bus Bus;

// Becomes the manager's listener.
int bus_new(Manager *manager, Bus **ret, Error *ret_error);
// Connects as soon as there is a bus to connect to. Whoever connects has to go on talking: the bus throws out those who take long
// to say who they are, and the first setting up of many planes can take long.
int bus_connect(Bus *bus, Error *ret_error);
Bus *bus_free(Bus *bus);

// Shared by the objects' vtables.
extern const sd_bus_vtable bus_manager_vtable[];
extern const sd_bus_vtable bus_plane_vtable[];
int bus_log_add(sd_bus *bus, Manager *manager);

int bus_plane_find(sd_bus *bus, const char *path, const char *interface, void *userdata, void **ret_found,
                   sd_bus_error *ret_error);
int bus_plane_path(const Plane *plane, char **ret_path);

// An answer that says what to do about it: BUS_ERROR_PREFIX and name, and the text of error.
static inline int bus_error(sd_bus_error *ret_error, const char *name, const Error *error) {
        char full[96];

        (void)snprintf(full, sizeof(full), BUS_ERROR_PREFIX "%s", name);
        return sd_bus_error_set(ret_error, full, error->text);
}
