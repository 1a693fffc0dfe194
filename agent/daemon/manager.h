// The daemon's state: configuration, planes, the kernel and its notifications, and when to look again.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <systemd/sd-event.h>

#include "base/error.h"
#include "base/util.h"
#include "engine/kernel.h"
#include "kernel/monitor.h"
#include "planes/drops.h"
#include "planes/plane.h"

// Told of what others want to know; the bus is one such listener.
typedef struct ManagerListener {
        void (*plane_added)(Plane *plane, void *userdata);
        void (*plane_removed)(Plane *plane, void *userdata);
        // properties: names of the D-Bus properties that changed, NULL-terminated
        void (*plane_changed)(Plane *plane, const char *const *properties, void *userdata);
        // After each reconcile, when every plane's health is known.
        void (*reconciled)(void *userdata);
        void *userdata;
} ManagerListener;

typedef struct Verification Verification; // see verify.h

struct Manager {
        sd_event *event;
        Kernel kernel;
        Monitor *monitor;
        ManagerListener listener;

        Plane **planes; // sorted by name
        size_t n_planes, n_planes_allocated;
        char **messages; // of the last load: "PATH:LINE: error: TEXT"
        size_t n_messages, n_messages_allocated;
        char machine_id[33];

        // Who was last seen to change something that is ours; for the log line of the repair.
        MonitorEvent suspect;
        bool watches_neighbours;
        Evidence evidence;
        unsigned n_lost; // times that notifications were lost since the log said so
        uint64_t lost_logged_usec;

        sd_event_source *dirty_timer; // armed: look again
        sd_event_source *probe_timer; // armed: migrations run, see probe.h
        sd_event_source *audit_timer; // looks again at what has no notification, and pats the watchdog
        uint64_t audit_interval_usec;
        unsigned handover_pending; // HANDOVER_READER bits: who has not read yet what was written for it
        uint64_t hold_until_usec;  // no device of ours is made before: another manager is still to be told to leave it alone
        uint64_t retry_usec; // doubles while the kernel keeps refusing
        uint64_t failures_logged; // hash of the refusals that the log has last
        sd_event_source *monitor_sources[MONITOR_SOURCES];
        Verification *verification; // the last audit; NULL: none yet
};

int manager_new(sd_event *event, Manager **ret, Error *ret_error);
Manager *manager_free(Manager *manager);
// Reads the configuration and makes everything so, for the first time.
int manager_start(Manager *manager, Error *ret_error);

Plane *manager_find(const Manager *manager, const char *name);

// Reconciles after a delay, or earlier if that is arranged already.
void manager_look_again(Manager *manager, uint64_t delay_usec);

// Reads the configuration again. A plane whose file has an error keeps what it had. Only an unreadable directory, or
// memory, makes it fail; everything about files is in manager->messages.
int manager_reload(Manager *manager, Error *ret_error);

// Bits per second; 0 leaves a direction as it is. Written as a drop-in first (below /run with runtime), then applied in
// place; if either fails, both are as before. -EINVAL: refused by the configuration's checks; -EIO: by the kernel.
int manager_set_bandwidth(Manager *manager, Plane *plane, uint64_t egress, uint64_t ingress, bool runtime,
                          Error *ret_error);

// Removes what a crash in the middle of that may have left.
void manager_sweep_drop_ins(const Manager *manager);

// Takes the plane's objects out of the kernel, or puts them back.
int manager_set_down(Manager *manager, Plane *plane, bool down, Error *ret_error);

// Writes for networkd and NetworkManager what they are to know of the planes. A running one is given a moment to read it
// before a device is made.
void manager_hand_over(Manager *manager);
// It has read it, or does not run.
void manager_release_hold(Manager *manager);

// What would be done now, as text: one operation a line, empty when all is as it should be. plane may be NULL: all.
int manager_plan(Manager *manager, const Plane *plane, char **ret_text, Error *ret_error);
