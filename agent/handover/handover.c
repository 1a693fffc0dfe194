// Who runs, what it was asked, and when it is asked again.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "handover/handover.h"

#include <stdarg.h>

#include "base/log.h"
#include "base/util.h"
#include "config/plane-config.h"
#include "daemon/manager.h"
#include "handover/files.h"
#include "model/reason.h"
#include "planes/plane.h"

#define REQUEST_FIRST_USEC UINT64_C(500000)
#define REQUEST_LAST_USEC UINT64_C(30000000)

typedef enum Presence {
        PRESENCE_UNKNOWN, // not answered yet
        PRESENCE_ABSENT,
        PRESENCE_RUNNING,
} Presence;

typedef struct Reader {
        BusHandover *handover;
        ManagedBy managed_by;
        const char *name;
        int (*reload)(BusHandover *handover, sd_bus_message **ret_call);
        int (*request)(BusHandover *handover, const Plane *plane);
        Presence presence;
        bool reloading;
        sd_bus_slot *watch, *question;
} Reader;

struct BusHandover {
        sd_bus *bus;
        Manager *manager;
        Reader readers[2];
};

Manager *bus_handover_manager(const BusHandover *handover) {
        return handover->manager;
}

int bus_handover_call(BusHandover *handover, const char *destination, const char *path, const char *interface,
                      const char *member, sd_bus_message **ret) {
        int r = sd_bus_message_new_method_call(handover->bus, ret, destination, path, interface, member);

        return r < 0 ? r : sd_bus_message_set_auto_start(*ret, false);
}

static void request_free(void *userdata) {
        BusRequest *request = userdata;

        free(request->plane);
        free(request->text);
        free(request);
}

int bus_request(BusHandover *handover, const char *plane, const char *text, sd_bus_message *call,
                sd_bus_message_handler_t callback) {
        BusRequest *request = calloc(1, sizeof(*request));
        sd_bus_slot *slot = NULL;

        if (!request)
                return -ENOMEM;
        request->handover = handover;
        request->plane = strdup(plane);
        request->text = strdup(text);
        int r = request->plane && request->text ? sd_bus_call_async(handover->bus, &slot, call, callback, request, 0) : -ENOMEM;
        if (r < 0) {
                request_free(request);
                return r;
        }
        (void)sd_bus_slot_set_destroy_callback(slot, request_free);
        (void)sd_bus_slot_set_floating(slot, true); // the bus keeps it until the answer
        sd_bus_slot_unref(slot);
        return 0;
}

void bus_request_refuse(const BusRequest *request, const char *format, ...) {
        Plane *plane = manager_find(request->handover->manager, request->plane);
        char text[sizeof(plane->handover_error)];
        va_list arguments;

        va_start(arguments, format);
        (void)vsnprintf(text, sizeof(text), format, arguments);
        va_end(arguments);
        if (!plane || streq(text, plane->handover_error))
                return;
        strcpy_fixed(plane->handover_error, text);
        log_warning("%s: %s", plane->config->name, text);
        manager_look_again(request->handover->manager, 0); // it belongs into the plane's reasons
}

Plane *bus_request_plane(const BusRequest *request, sd_bus_message *answer) {
        Plane *plane = manager_find(request->handover->manager, request->plane);
        const sd_bus_error *error = sd_bus_message_get_error(answer);

        if (!plane || !error)
                return plane;
        bus_request_refuse(request, "%s refuses: %s", managed_by_to_string(plane->config->managed_by),
                           error->message ?: error->name);
        return NULL;
}

static Reader *reader_of(BusHandover *handover, ManagedBy managed_by) {
        for (size_t i = 0; i < ELEMENTSOF(handover->readers); i++)
                if (handover->readers[i].managed_by == managed_by)
                        return &handover->readers[i];
        return NULL;
}

static int on_reloaded(sd_bus_message *answer, void *userdata, sd_bus_error *ret_error _unused_) {
        Reader *reader = userdata;
        const sd_bus_error *error = sd_bus_message_get_error(answer);

        reader->reloading = false;
        if (error)
                log_warning("%s does not read its files again, which matters when it would manage a device of ours: %s",
                            managed_by_to_string(reader->managed_by), error->message ?: error->name);
        bus_handover_update(reader->handover);
        return 1;
}

static void reader_reload(Reader *reader) {
        Manager *manager = reader->handover->manager;
        sd_bus_message *call = NULL;

        if (!(manager->handover_pending & HANDOVER_READER(reader->managed_by)) || reader->reloading ||
            reader->presence == PRESENCE_UNKNOWN)
                return;
        manager->handover_pending &= ~HANDOVER_READER(reader->managed_by);
        if (reader->presence == PRESENCE_ABSENT)
                return; // reads them when it starts
        int r = reader->reload(reader->handover, &call);
        if (r >= 0)
                r = sd_bus_call_async(reader->handover->bus, NULL, call, on_reloaded, reader, 0);
        sd_bus_message_unref(call);
        reader->reloading = r >= 0;
        if (r < 0)
                log_warning("cannot ask %s to read its files again: %s", managed_by_to_string(reader->managed_by), strerror(-r));
}

static bool is_lacking(const Plane *plane) {
        return reasons_have(&plane->reasons, REASON_DEVICE_MISSING) || reasons_have(&plane->reasons, REASON_ADDRESS_MISSING) ||
                reasons_have(&plane->reasons, REASON_LINK_DOWN) || plane->handed_generation != plane->generation;
}

// Asks for a plane that is not as it should be: at once, and then less and less often.
static void plane_request(BusHandover *handover, Plane *plane, uint64_t now) {
        Reader *reader = reader_of(handover, plane->config->managed_by);

        if (!reader || reader->presence != PRESENCE_RUNNING || plane->taken_down)
                return;
        if (!is_lacking(plane)) {
                plane->requests = 0;
                plane->next_request_usec = 0;
                plane->handover_error[0] = '\0';
                return;
        }
        if (now >= plane->next_request_usec) {
                uint64_t delay = REQUEST_FIRST_USEC << (plane->requests < 6 ? plane->requests : 6);
                plane->next_request_usec = now + (delay < REQUEST_LAST_USEC ? delay : REQUEST_LAST_USEC);
                plane->handed_generation = plane->generation;
                plane->has_profile |= reader->managed_by == MANAGED_BY_NETWORKMANAGER;
                plane->requests++;
                int r = reader->request(handover, plane);
                if (r < 0)
                        log_warning("%s: cannot ask %s for it: %s", plane->config->name,
                                    managed_by_to_string(plane->config->managed_by), strerror(-r));
        }
        manager_look_again(handover->manager, plane->next_request_usec - now);
}

// A plane that is NetworkManager's no longer. What makes the device from now on makes it again, if it goes with the profile.
static void profile_forget(BusHandover *handover, Plane *plane) {
        if (!plane->has_profile || plane->config->managed_by == MANAGED_BY_NETWORKMANAGER ||
            reader_of(handover, MANAGED_BY_NETWORKMANAGER)->presence != PRESENCE_RUNNING)
                return;
        plane->has_profile = false;
        networkmanager_forget(handover, plane);
}

void bus_handover_update(BusHandover *handover) {
        Manager *manager = handover->manager;
        bool waiting = false;
        uint64_t now;

        for (size_t i = 0; i < ELEMENTSOF(handover->readers); i++) {
                Reader *reader = &handover->readers[i];
                reader_reload(reader);
                waiting |= reader->reloading || manager->handover_pending & HANDOVER_READER(reader->managed_by);
        }
        if (!waiting)
                manager_release_hold(manager);
        if (sd_event_now(manager->event, CLOCK_MONOTONIC, &now) < 0)
                return;
        for (size_t i = 0; i < manager->n_planes; i++) {
                profile_forget(handover, manager->planes[i]);
                plane_request(handover, manager->planes[i], now);
        }
}

void bus_handover_forget(BusHandover *handover, const Plane *plane) {
        const Reader *reader = reader_of(handover, MANAGED_BY_NETWORKMANAGER);

        if (plane->config->managed_by == MANAGED_BY_NETWORKMANAGER && reader->presence == PRESENCE_RUNNING)
                networkmanager_forget(handover, plane);
}

static void presence_set(Reader *reader, Presence presence) {
        if (reader->presence == presence)
                return;
        reader->presence = presence;
        reader->reloading = false;
        if (presence == PRESENCE_RUNNING && reader->managed_by == MANAGED_BY_NETWORKMANAGER)
                networkmanager_prune(reader->handover);
        // One that has just started knows what the files say, but makes nothing of ours by itself.
        for (size_t i = 0; i < reader->handover->manager->n_planes; i++) {
                reader->handover->manager->planes[i]->requests = 0;
                reader->handover->manager->planes[i]->next_request_usec = 0;
        }
        bus_handover_update(reader->handover);
}

static int on_owner_changed(sd_bus_message *signal, void *userdata, sd_bus_error *ret_error _unused_) {
        const char *name, *before, *after;

        if (sd_bus_message_read(signal, "sss", &name, &before, &after) >= 0)
                presence_set(userdata, after[0] ? PRESENCE_RUNNING : PRESENCE_ABSENT);
        return 0;
}

static int on_has_owner(sd_bus_message *answer, void *userdata, sd_bus_error *ret_error _unused_) {
        Reader *reader = userdata;
        int has_owner = 0;

        if (reader->presence != PRESENCE_UNKNOWN)
                return 1; // a change came first
        (void)sd_bus_message_read(answer, "b", &has_owner);
        presence_set(reader, has_owner ? PRESENCE_RUNNING : PRESENCE_ABSENT);
        return 1;
}

static int reader_watch(Reader *reader, sd_bus *bus) {
        char match[256];

        (void)snprintf(match, sizeof(match),
                       "type='signal',sender='org.freedesktop.DBus',interface='org.freedesktop.DBus',"
                       "member='NameOwnerChanged',arg0='%s'", reader->name);
        int r = sd_bus_add_match_async(bus, &reader->watch, match, on_owner_changed, NULL, reader);
        return r < 0 ? r : sd_bus_call_method_async(bus, &reader->question, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                                    "org.freedesktop.DBus", "NameHasOwner", on_has_owner, reader, "s",
                                                    reader->name);
}

int bus_handover_new(sd_bus *bus, Manager *manager, BusHandover **ret) {
        BusHandover *handover = calloc(1, sizeof(*handover));
        if (!handover)
                return -ENOMEM;

        *handover = (BusHandover){
                .bus = sd_bus_ref(bus),
                .manager = manager,
                .readers = {
                        { .managed_by = MANAGED_BY_NETWORKD, .name = NETWORKD_BUS_NAME, .reload = networkd_reload,
                          .request = networkd_request },
                        { .managed_by = MANAGED_BY_NETWORKMANAGER, .name = NM_BUS_NAME, .reload = networkmanager_reload,
                          .request = networkmanager_request },
                },
        };
        int r = 0;
        for (size_t i = 0; i < ELEMENTSOF(handover->readers) && r >= 0; i++) {
                handover->readers[i].handover = handover;
                r = reader_watch(&handover->readers[i], bus);
        }
        if (r < 0) {
                bus_handover_free(handover);
                return r;
        }
        *ret = handover;
        return 0;
}

BusHandover *bus_handover_free(BusHandover *handover) {
        if (!handover)
                return NULL;
        for (size_t i = 0; i < ELEMENTSOF(handover->readers); i++) {
                sd_bus_slot_unref(handover->readers[i].watch);
                sd_bus_slot_unref(handover->readers[i].question);
        }
        sd_bus_unref(handover->bus);
        free(handover);
        return NULL;
}
