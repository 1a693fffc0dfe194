// Requests about planes to networkd and NetworkManager on the bus. Nothing waits for an answer.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <systemd/sd-bus.h>

#include "base/util.h"
#include "planes/plane-set.h"
#include "planes/plane.h"

typedef struct Requests {
        sd_bus *bus;      // NULL: not connected
        PlaneSet *planes; // not owned
        // Something was noted that belongs in a plane's health.
        void (*on_noted)(void *userdata);
        // The .network file of a plane's parent is known now: the plane's files are to be written again.
        void (*on_parent_known)(void *userdata);
        void *userdata;
        unsigned n_pending; // not answered yet
} Requests;

// What was asked about a plane; freed with the call.
typedef struct Request {
        Requests *requests;
        char *plane, *text; // text: whatever the continuation needs
} Request;

// A method call that does not start its receiver.
int requests_new_call(const Requests *requests, const char *destination, const char *path, const char *interface,
                      const char *member, sd_bus_message **ret);
// Sends a call about a plane, "" for none; it is answered to callback with a Request.
int requests_send(Requests *requests, const char *plane, const char *text, sd_bus_message *call,
                  sd_bus_message_handler_t callback);

// The plane that it was about; NULL: that is gone.
Plane *request_find_plane(const Request *request);
// The same, NULL also when the answer is an error, which is noted with the plane.
Plane *request_check(const Request *request, sd_bus_message *answer);
// Notes with the plane why the other manager does not provide it, logged once.
void request_refuse(const Request *request, const char *format, ...) _printf_(2, 3);
