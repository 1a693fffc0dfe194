// networkd and NetworkManager: which of them runs, what it was asked, and when it is asked again.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "handover/handover.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/util.h"
#include "config/plane-config.h"
#include "handover/files.h"
#include "handover/networkd.h"
#include "handover/networkmanager.h"
#include "handover/requests.h"
#include "model/reason.h"
#include "planes/plane-set.h"
#include "planes/plane.h"

#define REQUEST_FIRST_USEC UINT64_C(500000)
#define REQUEST_LAST_USEC UINT64_C(30000000)
#define HOLD_USEC UINT64_C(3000000)

static HandoverReader *reader_of(Handover *handover, ManagedBy managed_by) {
        for (size_t i = 0; i < ELEMENTSOF(handover->readers); i++)
                if (handover->readers[i].managed_by == managed_by)
                        return &handover->readers[i];
        return NULL;
}

// --- files ---

static int files_write(Handover *handover, unsigned *ret_changed, Error *ret_error) {
        _cleanup_handover_files_ HandoverFiles files = {};

        for (size_t i = 0; i < handover->planes->n_planes; i++) {
                Plane *plane = handover->planes->planes[i];
                HandoverState *state = &plane->handover;

                // A device that is in use for something else stays with its manager.
                state->is_withheld = plane->status.is_refused;
                if (plane->config->is_unread || plane->is_released || state->is_withheld)
                        continue;
                if (!state->parent_network[0])
                        handover_recall_parent(plane->config->interface, state->parent_network,
                                               sizeof(state->parent_network));
                int r = handover_render(plane->config, state->parent_network, &files);
                if (r < 0)
                        return error_set(ret_error, r, "out of memory");
        }
        return handover_sync(&files, ret_changed, ret_error);
}

void handover_write(Handover *handover) {
        unsigned changed = 0;
        bool is_seen = false;
        Error error = {};

        if (files_write(handover, &changed, &error) < 0)
                log_warning("another network manager may change a plane's device: %s", error.text);
        for (size_t i = 0; i < ELEMENTSOF(handover->readers); i++) {
                HandoverReader *reader = &handover->readers[i];
                if (!(changed & HANDOVER_READER(reader->managed_by)))
                        continue;
                reader->is_pending = true;
                is_seen |= handover_reader_seen(reader->managed_by);
        }
        if (is_seen && handover->has_bus)
                handover->hold_until_usec = clock_now_usec() + HOLD_USEC;
}

uint64_t handover_hold_remaining(const Handover *handover, uint64_t now_usec) {
        return handover->hold_until_usec > now_usec ? handover->hold_until_usec - now_usec : 0;
}

static void hold_release(Handover *handover, uint64_t now_usec) {
        bool was_held = handover_hold_remaining(handover, now_usec) > 0;

        handover->hold_until_usec = 0;
        if (was_held)
                handover->look_again(0, handover->userdata);
}

// --- the managers, once there is a bus ---

static void update(Handover *handover);

static int on_reloaded(sd_bus_message *answer, void *userdata, sd_bus_error *ret_error _unused_) {
        HandoverReader *reader = userdata;
        const sd_bus_error *error = sd_bus_message_get_error(answer);

        reader->is_reloading = false;
        if (error)
                log_warning("%s did not reload its files, and may manage a device of ours: %s",
                            managed_by_to_string(reader->managed_by), error->message ?: error->name);
        update(reader->handover);
        return 1;
}

static int reload_ask(HandoverReader *reader) {
        const Requests *requests = &reader->handover->requests;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;

        int r = reader->new_reload(requests, &call);
        return r < 0 ? r : sd_bus_call_async(requests->bus, NULL, call, on_reloaded, reader, 0);
}

static void reader_reload(HandoverReader *reader) {
        if (!reader->is_pending || reader->is_reloading || reader->presence == HANDOVER_UNKNOWN)
                return;
        reader->is_pending = false;
        if (reader->presence == HANDOVER_ABSENT)
                return; // reads them when it starts
        int r = reload_ask(reader);
        reader->is_reloading = r >= 0;
        if (r < 0)
                log_warning("cannot ask %s to reload its files: %s", managed_by_to_string(reader->managed_by),
                            strerror(-r));
}

static bool is_lacking(const Plane *plane) {
        const Reasons *reasons = &plane->status.reasons;

        return reasons_have(reasons, REASON_DEVICE_MISSING) || reasons_have(reasons, REASON_ADDRESS_MISSING) ||
               reasons_have(reasons, REASON_LINK_DOWN) || plane->handover.generation != plane->generation;
}

static void plane_ask(HandoverReader *reader, Plane *plane, uint64_t now_usec) {
        HandoverState *state = &plane->handover;
        uint64_t delay = REQUEST_FIRST_USEC << (state->n_requests < 6 ? state->n_requests : 6);

        state->next_request_usec = now_usec + (delay < REQUEST_LAST_USEC ? delay : REQUEST_LAST_USEC);
        state->generation = plane->generation;
        state->has_profile |= reader->managed_by == MANAGED_BY_NETWORKMANAGER;
        state->n_requests++;
        int r = reader->request(&reader->handover->requests, plane);
        if (r < 0)
                log_warning("%s: cannot ask %s for the plane: %s", plane->config->name,
                            managed_by_to_string(plane->config->managed_by), strerror(-r));
}

// Asks for a plane that is not as it should be: at once, and then less and less often.
static void plane_request(Handover *handover, Plane *plane, uint64_t now_usec) {
        HandoverReader *reader = reader_of(handover, plane->config->managed_by);
        HandoverState *state = &plane->handover;

        if (!reader || reader->presence != HANDOVER_RUNNING || plane->taken_down || state->is_withheld)
                return;
        if (!is_lacking(plane)) {
                state->n_requests = 0;
                state->next_request_usec = 0;
                state->error[0] = '\0';
                return;
        }
        if (now_usec >= state->next_request_usec)
                plane_ask(reader, plane, now_usec);
        handover->look_again(state->next_request_usec - now_usec, handover->userdata);
}

static bool has_networkmanager(Handover *handover) {
        return reader_of(handover, MANAGED_BY_NETWORKMANAGER)->presence == HANDOVER_RUNNING;
}

// A plane that NetworkManager no longer manages. If its device goes with the profile, it is made again by the manager
// that the plane has now.
static void profile_forget(Handover *handover, Plane *plane) {
        if (!plane->handover.has_profile || plane->config->managed_by == MANAGED_BY_NETWORKMANAGER ||
            !has_networkmanager(handover))
                return;
        plane->handover.has_profile = false;
        networkmanager_forget(&handover->requests, plane);
}

// Asks for what is still missing.
static void update(Handover *handover) {
        uint64_t now = clock_now_usec();
        bool is_waiting = false;

        if (!handover->requests.bus)
                return;
        for (size_t i = 0; i < ELEMENTSOF(handover->readers); i++) {
                reader_reload(&handover->readers[i]);
                is_waiting |= handover->readers[i].is_reloading || handover->readers[i].is_pending;
        }
        if (!is_waiting)
                hold_release(handover, now);
        for (size_t i = 0; i < handover->planes->n_planes; i++) {
                profile_forget(handover, handover->planes->planes[i]);
                plane_request(handover, handover->planes->planes[i], now);
        }
}

static void on_reconciled(void *userdata) {
        Handover *handover = userdata;
        bool is_news = false;

        for (size_t i = 0; i < handover->planes->n_planes; i++) {
                const Plane *plane = handover->planes->planes[i];
                is_news |= plane->status.is_refused != plane->handover.is_withheld;
        }
        if (is_news)
                handover_write(handover);
        update(handover);
}

void handover_forget(Handover *handover, const Plane *plane) {
        if (plane->config->managed_by == MANAGED_BY_NETWORKMANAGER && has_networkmanager(handover))
                networkmanager_forget(&handover->requests, plane);
}

static void on_removed(Plane *plane, void *userdata) {
        handover_forget(userdata, plane);
}

static void on_noted(void *userdata) {
        Handover *handover = userdata;

        handover->look_again(0, handover->userdata);
}

static void on_parent_known(void *userdata) {
        handover_write(userdata);
        update(userdata);
}

// --- who runs ---

static void presence_set(HandoverReader *reader, HandoverPresence presence) {
        Handover *handover = reader->handover;

        if (reader->presence == presence)
                return;
        reader->presence = presence;
        reader->is_reloading = false;
        if (presence == HANDOVER_RUNNING && reader->managed_by == MANAGED_BY_NETWORKMANAGER)
                networkmanager_prune(&handover->requests);
        // A manager that has just started knows what the files say, but makes nothing of ours by itself.
        for (size_t i = 0; i < handover->planes->n_planes; i++) {
                handover->planes->planes[i]->handover.n_requests = 0;
                handover->planes->planes[i]->handover.next_request_usec = 0;
        }
        update(handover);
}

static int on_owner_changed(sd_bus_message *signal, void *userdata, sd_bus_error *ret_error _unused_) {
        const char *name, *before, *after;

        if (sd_bus_message_read(signal, "sss", &name, &before, &after) >= 0)
                presence_set(userdata, after[0] ? HANDOVER_RUNNING : HANDOVER_ABSENT);
        return 0;
}

static int on_has_owner(sd_bus_message *answer, void *userdata, sd_bus_error *ret_error _unused_) {
        HandoverReader *reader = userdata;
        int has_owner = 0;

        if (reader->presence != HANDOVER_UNKNOWN)
                return 1; // a change came first
        (void)sd_bus_message_read(answer, "b", &has_owner);
        presence_set(reader, has_owner ? HANDOVER_RUNNING : HANDOVER_ABSENT);
        return 1;
}

static int reader_watch(HandoverReader *reader, sd_bus *bus) {
        char match[256];

        (void)snprintf(match, sizeof(match),
                       "type='signal',sender='org.freedesktop.DBus',interface='org.freedesktop.DBus',"
                       "member='NameOwnerChanged',arg0='%s'",
                       reader->bus_name);
        int r = sd_bus_add_match_async(bus, &reader->watch, match, on_owner_changed, NULL, reader);
        return r < 0 ? r
                     : sd_bus_call_method_async(bus, &reader->question, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                                "org.freedesktop.DBus", "NameHasOwner", on_has_owner, reader, "s",
                                                reader->bus_name);
}

bool handover_is_busy(const Handover *handover) {
        bool is_busy = handover->requests.n_pending > 0;

        for (size_t i = 0; i < ELEMENTSOF(handover->readers); i++)
                is_busy |= handover->readers[i].presence == HANDOVER_UNKNOWN || handover->readers[i].is_pending ||
                           handover->readers[i].is_reloading;
        return is_busy;
}

void handover_expect_bus(Handover *handover) {
        handover->has_bus = true;
}

int handover_connect(Handover *handover, sd_bus *bus) {
        handover->requests.bus = sd_bus_ref(bus);
        for (size_t i = 0; i < ELEMENTSOF(handover->readers); i++) {
                int r = reader_watch(&handover->readers[i], bus);
                if (r < 0) {
                        handover_disconnect(handover);
                        return r;
                }
        }
        return 0;
}

void handover_disconnect(Handover *handover) {
        for (size_t i = 0; i < ELEMENTSOF(handover->readers); i++) {
                HandoverReader *reader = &handover->readers[i];
                reader->watch = sd_bus_slot_unref(reader->watch);
                reader->question = sd_bus_slot_unref(reader->question);
                reader->presence = HANDOVER_UNKNOWN;
                reader->is_reloading = false;
        }
        handover->requests.bus = sd_bus_unref(handover->requests.bus);
}

void handover_init(Handover *handover, PlaneSet *planes, void (*look_again)(uint64_t delay_usec, void *userdata),
                   void *userdata) {
        *handover = (Handover){
                .planes = planes,
                .observer = { .removed = on_removed, .reconciled = on_reconciled, .userdata = handover },
                .look_again = look_again,
                .userdata = userdata,
                .readers = {
                        {
                                .managed_by = MANAGED_BY_NETWORKD,
                                .bus_name = NETWORKD_BUS_NAME,
                                .new_reload = networkd_new_reload,
                                .request = networkd_request,
                        },
                        {
                                .managed_by = MANAGED_BY_NETWORKMANAGER,
                                .bus_name = NM_BUS_NAME,
                                .new_reload = networkmanager_new_reload,
                                .request = networkmanager_request,
                        },
                },
                .requests = {
                        .planes = planes,
                        .on_noted = on_noted,
                        .on_parent_known = on_parent_known,
                        .userdata = handover,
                },
        };
        for (size_t i = 0; i < ELEMENTSOF(handover->readers); i++)
                handover->readers[i].handover = handover;
        planes_observe(planes, &handover->observer);
}

void handover_deinit(Handover *handover) {
        handover_disconnect(handover);
        if (handover->planes)
                planes_unobserve(handover->planes, &handover->observer);
}
