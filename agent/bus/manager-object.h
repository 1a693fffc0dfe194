// org.migplane1.Manager
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <systemd/sd-bus.h>

#include "bus/context.h"

int manager_object_add(sd_bus *bus, BusContext *context);
