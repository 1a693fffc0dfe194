// When to look at everything again: soon after a change, and every few seconds anyway.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <systemd/sd-event.h>

#include "base/util.h"

typedef struct Schedule {
        sd_event_source *look_timer;  // armed: look again
        sd_event_source *audit_timer; // looks again at what has no notification, and pats the watchdog
        uint64_t audit_interval_usec;
        void (*on_look)(void *userdata);
        void (*on_audit)(void *userdata);
        void *userdata;
} Schedule;

// The Schedule must stay where it is.
int schedule_init(Schedule *schedule, sd_event *event, uint64_t audit_interval_usec, void (*on_look)(void *userdata),
                  void (*on_audit)(void *userdata), void *userdata);
void schedule_deinit(Schedule *schedule);

// Looks again after a delay, or earlier if that is arranged already.
void schedule_look(Schedule *schedule, uint64_t delay_usec);
