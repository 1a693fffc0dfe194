// What the objects on the bus share: the userdata of every vtable.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "bus/callers.h"
#include "bus/polkit.h"
#include "daemon/manager.h"

typedef struct BusContext {
        Manager *manager; // not owned
        Callers callers;
        Polkit polkit;
} BusContext;
