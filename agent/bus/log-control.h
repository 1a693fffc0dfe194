// org.freedesktop.LogControl1
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <systemd/sd-bus.h>

#include "bus/context.h"

int log_control_add(sd_bus *bus, BusContext *context);
