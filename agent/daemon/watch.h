// The kernel's notifications: whether one is about a plane, and who made the change.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <systemd/sd-event.h>

#include "base/error.h"
#include "base/util.h"
#include "kernel/monitor.h"
#include "planes/plane-set.h"

typedef enum WatchConcern {
        WATCH_NONE,
        WATCH_WAY,    // the ways to a plane's peers: there can be very many such changes
        WATCH_OBJECT, // what a plane is made of
} WatchConcern;

typedef struct Watch {
        const PlaneSet *planes; // not owned
        Monitor *monitor;
        sd_event_source *sources[MONITOR_SOURCES];
        bool has_neighbours; // their notifications are asked for
        // Something changed that may concern a plane.
        void (*on_change)(WatchConcern concern, void *userdata);
        void *userdata;

        MonitorEvent suspect; // the first change by another process since watch_forget; pid 0: none
        unsigned n_changes;   // of what a plane is made of, by others
        unsigned n_foreign;   // of these, by a process that the kernel names
        unsigned n_lost;      // times that notifications were lost since the log said so
        uint64_t lost_logged_usec;
} Watch;

// own_port: the netlink port of our own requests, whose notifications are passed over. The Watch must stay where it is.
int watch_init(Watch *watch, sd_event *event, uint32_t own_port, const PlaneSet *planes,
               void (*on_change)(WatchConcern concern, void *userdata), void *userdata, Error *ret_error);
void watch_deinit(Watch *watch);

// Reads the notifications that have come in, rather than wait for the event loop to come to them.
void watch_drain(Watch *watch);
// Neighbour notifications are many: they are asked for while a plane has permanent neighbours.
void watch_neighbours(Watch *watch, bool wanted);
// What has been seen so far is dealt with: whoever changes something from now on is another suspect.
void watch_forget(Watch *watch);

// What of the planes an event may concern. Pure.
WatchConcern watch_concern(const PlaneSet *planes, const MonitorEvent *event);
