// The bus: org.migplane1 on the system bus. It translates only; the parts of the daemon do what is asked.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "base/util.h"
#include "daemon/manager.h"

typedef struct Bus Bus;

// Observes the planes from then on.
int bus_new(Manager *manager, Bus **ret, Error *ret_error);
// Connects as soon as there is a bus to connect to. From then on the event loop has to run: the bus disconnects clients
// that take long to authenticate, and the first setting up of many planes can take long.
int bus_connect(Bus *bus, Error *ret_error);
Bus *bus_free(Bus *bus);
static inline void bus_freep(Bus **bus) {
        *bus = bus_free(*bus);
}
