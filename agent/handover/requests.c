// Requests about planes to networkd and NetworkManager on the bus.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "handover/requests.h"

#include <stdarg.h>

#include "base/log.h"
#include "base/text.h"
#include "base/util.h"
#include "config/plane-config.h"
#include "planes/plane-set.h"
#include "planes/plane.h"

int requests_new_call(const Requests *requests, const char *destination, const char *path, const char *interface,
                      const char *member, sd_bus_message **ret) {
        int r = sd_bus_message_new_method_call(requests->bus, ret, destination, path, interface, member);

        return r < 0 ? r : sd_bus_message_set_auto_start(*ret, false);
}

static void request_free(void *userdata) {
        Request *request = userdata;

        request->requests->n_pending--;
        free(request->plane);
        free(request->text);
        free(request);
}

int requests_send(Requests *requests, const char *plane, const char *text, sd_bus_message *call,
                  sd_bus_message_handler_t callback) {
        Request *request = calloc(1, sizeof(*request));
        sd_bus_slot *slot = NULL;

        if (!request)
                return -ENOMEM;
        *request = (Request){ .requests = requests, .plane = strdup(plane), .text = strdup(text) };
        requests->n_pending++;
        int r = -ENOMEM;
        if (request->plane && request->text)
                r = sd_bus_call_async(requests->bus, &slot, call, callback, request, 0);
        if (r < 0) {
                request_free(request);
                return r;
        }
        (void)sd_bus_slot_set_destroy_callback(slot, request_free);
        (void)sd_bus_slot_set_floating(slot, true); // the bus keeps it until the answer
        sd_bus_slot_unref(slot);
        return 0;
}

Plane *request_find_plane(const Request *request) {
        return planes_find(request->requests->planes, request->plane);
}

void request_refuse(const Request *request, const char *format, ...) {
        Plane *plane = request_find_plane(request);
        char text[sizeof(plane->handover.error)];
        va_list arguments;

        va_start(arguments, format);
        text_vformat(text, sizeof(text), format, arguments);
        va_end(arguments);
        if (!plane || streq(text, plane->handover.error))
                return;
        strcpy_fixed(plane->handover.error, text);
        log_warning("%s: %s", plane->config->name, text);
        request->requests->on_noted(request->requests->userdata);
}

Plane *request_check(const Request *request, sd_bus_message *answer) {
        Plane *plane = request_find_plane(request);
        const sd_bus_error *error = sd_bus_message_get_error(answer);

        if (!plane || !error)
                return plane;
        request_refuse(request, "%s refuses: %s", managed_by_to_string(plane->config->managed_by),
                       error->message ?: error->name);
        return NULL;
}
