// networkd and NetworkManager: which planes they are told of, by files and on the bus, and what they are asked for.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// What the kernel has is what counts. A manager that does not answer is asked again, less and less often, as long as
// the plane is not as it should be. Neither service is started by being asked.
#pragma once

#include <systemd/sd-bus.h>

#include "base/util.h"
#include "config/plane-config.h"
#include "handover/requests.h"
#include "planes/plane-set.h"

typedef enum HandoverPresence {
        HANDOVER_UNKNOWN, // not answered yet
        HANDOVER_ABSENT,
        HANDOVER_RUNNING,
} HandoverPresence;

// One of the two.
typedef struct HandoverReader {
        struct Handover *handover;
        ManagedBy managed_by;
        const char *bus_name;
        int (*new_reload)(const Requests *requests, sd_bus_message **ret_call);
        int (*request)(Requests *requests, const Plane *plane);
        HandoverPresence presence;
        bool is_pending;   // has not read yet what was written for it
        bool is_reloading; // was asked to
        sd_bus_slot *watch, *question;
} HandoverReader;

typedef struct Handover {
        PlaneSet *planes; // not owned
        PlanesObserver observer;
        // Reconcile again after a delay.
        void (*look_again)(uint64_t delay_usec, void *userdata);
        void *userdata;

        bool has_bus;             // a connection to the bus will come, or is there
        uint64_t hold_until_usec; // no device of ours is made before: a manager does not know yet that it is unmanaged;
                                  // 0
        HandoverReader readers[2];
        Requests requests;
} Handover;

// The Handover must stay where it is until handover_deinit.
void handover_init(Handover *handover, PlaneSet *planes, void (*look_again)(uint64_t delay_usec, void *userdata),
                   void *userdata);
void handover_deinit(Handover *handover);

// Writes the files for both, and removes those of planes that are gone or released. No device is made for a moment, if
// one of them runs and has to read a changed file.
void handover_write(Handover *handover);
// Microseconds until that moment is over, at the latest; 0: it is.
uint64_t handover_hold_remaining(const Handover *handover, uint64_t now_usec);

// Deletes what a manager has of the plane beside the files; without a bus, when there is one.
void handover_forget(Handover *handover, const Plane *plane);

// There will be a bus: before, nobody can be given that moment.
void handover_expect_bus(Handover *handover);
// The bus comes, and goes.
int handover_connect(Handover *handover, sd_bus *bus);
void handover_disconnect(Handover *handover);
// While it is connected: whether a manager has yet to answer.
bool handover_is_busy(const Handover *handover);
