// Whether the bus daemon still reads from us; and messages that are too large, or too many.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <stdbool.h>
#include <systemd/sd-bus.h>

#include "base/util.h"

typedef struct Keepalive {
        sd_bus *bus;
        sd_bus_slot *filter;
        sd_bus_slot *ping;  // NULL: the last one was answered
        bool has_said_more; // replies were sent after it
        bool has_lost_one;  // the one before was not answered
        void (*on_stalled)(void *userdata);
        void *userdata;
} Keepalive;

// on_stalled is called from within the connection, which it may give up only later.
int keepalive_init(Keepalive *keepalive, sd_bus *bus, void (*on_stalled)(void *userdata), void *userdata);
void keepalive_deinit(Keepalive *keepalive);
