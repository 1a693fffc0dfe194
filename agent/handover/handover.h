// networkd and NetworkManager on the bus: asked to read what was written for them, and to make the planes that are theirs.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// Nothing waits for an answer here: what the kernel has is what counts, and whoever does not answer is asked again, less
// and less often, as long as the plane is not as it should be. Neither service is started by being asked.
#pragma once

#include <systemd/sd-bus.h>

#include "base/util.h"
#include "daemon/manager.h"
#include "planes/plane.h"

typedef struct BusHandover BusHandover;

int bus_handover_new(sd_bus *bus, Manager *manager, BusHandover **ret);
BusHandover *bus_handover_free(BusHandover *handover);
// After each reconcile: asks for what is still missing.
void bus_handover_update(BusHandover *handover);
// The plane goes away; so does what another manager was given for it.
void bus_handover_forget(BusHandover *handover, const Plane *plane);

// What was asked about a plane; freed with the call.
typedef struct BusRequest {
        BusHandover *handover;
        char *plane, *text; // text: whatever the continuation needs
} BusRequest;

// For the two managers: a method call about a plane, "" for none, answered to callback with a BusRequest.
int bus_request(BusHandover *handover, const char *plane, const char *text, sd_bus_message *call,
                sd_bus_message_handler_t callback);
// The plane it was about, when it still is there and the answer is no error; what was wrong is noted with the plane.
Plane *bus_request_plane(const BusRequest *request, sd_bus_message *answer);
// Notes with the plane why it is not to be had, logged once.
void bus_request_refuse(const BusRequest *request, const char *format, ...) _printf_(2, 3);
Manager *bus_handover_manager(const BusHandover *handover);
// A call that does not start its receiver.
int bus_handover_call(BusHandover *handover, const char *destination, const char *path, const char *interface,
                      const char *member, sd_bus_message **ret);

#define NETWORKD_BUS_NAME "org.freedesktop.network1"
#define NETWORKD_BUS_PATH "/org/freedesktop/network1"
int networkd_reload(BusHandover *handover, sd_bus_message **ret_call);
// Has the plane's device made and addressed.
int networkd_request(BusHandover *handover, const Plane *plane);

#define NM_BUS_NAME "org.freedesktop.NetworkManager"
#define NM_BUS_PATH "/org/freedesktop/NetworkManager"
int networkmanager_reload(BusHandover *handover, sd_bus_message **ret_call);
int networkmanager_request(BusHandover *handover, const Plane *plane);
// Takes away the profile that a plane had.
void networkmanager_forget(BusHandover *handover, const Plane *plane);
// Takes away those of planes that went while nobody could be asked.
void networkmanager_prune(BusHandover *handover);
