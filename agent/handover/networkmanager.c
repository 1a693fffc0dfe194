// NetworkManager: given a profile in memory for each plane that it manages.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// A profile of an earlier daemon is recognised by its UUID, and rewritten only where it says something else.

#include "handover/networkmanager.h"

#include "base/log.h"
#include "base/util.h"
#include "config/plane-config.h"
#include "handover/nm-profile.h"
#include "handover/requests.h"
#include "model/reason.h"
#include "planes/plane-set.h"
#include "planes/plane.h"

#define PATH "/org/freedesktop/NetworkManager"
#define SETTINGS_PATH PATH "/Settings"
#define SETTINGS_INTERFACE NM_BUS_NAME ".Settings"
#define CONNECTION_INTERFACE NM_BUS_NAME ".Settings.Connection"
#define DEVICE_INTERFACE NM_BUS_NAME ".Device"

// NMManagerReloadFlags, NMSettingsAddConnection2Flags and NMSettingsUpdate2Flags
enum { RELOAD_CONF = 1, IN_MEMORY = 2 };

static int new_call(const Requests *requests, const char *path, const char *interface, const char *member,
                    sd_bus_message **ret) {
        return requests_new_call(requests, NM_BUS_NAME, path, interface, member, ret);
}

int networkmanager_new_reload(const Requests *requests, sd_bus_message **ret_call) {
        int r = new_call(requests, PATH, NM_BUS_NAME, "Reload", ret_call);

        return r < 0 ? r : sd_bus_message_append(*ret_call, "u", (uint32_t)RELOAD_CONF);
}

// --- bringing a profile up ---

static int on_done(sd_bus_message *answer, void *userdata, sd_bus_error *ret_error _unused_) {
        (void)request_check(userdata, answer); // the kernel announces what comes of it
        return 1;
}

static int profile_activate(Requests *requests, const Plane *plane, const char *profile) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;

        int r = new_call(requests, PATH, NM_BUS_NAME, "ActivateConnection", &call);
        if (r < 0)
                return r;
        r = sd_bus_message_append(call, "ooo", profile, "/", "/");
        return r < 0 ? r : requests_send(requests, plane->config->name, profile, call, on_done);
}

static int on_reapplied(sd_bus_message *answer, void *userdata, sd_bus_error *ret_error _unused_) {
        const Request *request = userdata;
        const Plane *plane = request_find_plane(request);

        // The device is active with another profile, or not at all.
        if (plane && sd_bus_message_is_method_error(answer, NULL))
                (void)profile_activate(request->requests, plane, request->text);
        return 1;
}

static int device_reapply(const Request *request, sd_bus_message *answer) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;
        const char *device;

        if (sd_bus_message_is_method_error(answer, NULL))
                return -ENODEV;
        int r = sd_bus_message_read(answer, "o", &device);
        if (r < 0)
                return r;
        r = new_call(request->requests, device, DEVICE_INTERFACE, "Reapply", &call);
        if (r < 0)
                return r;
        r = sd_bus_message_append(call, "a{sa{sv}}tu", 0, (uint64_t)0, (uint32_t)0);
        return r < 0 ? r : requests_send(request->requests, request->plane, request->text, call, on_reapplied);
}

// In place where the device is up: activating it would take its address away for a moment.
static int on_device(sd_bus_message *answer, void *userdata, sd_bus_error *ret_error _unused_) {
        const Request *request = userdata;
        const Plane *plane = request_find_plane(request);

        if (plane && device_reapply(request, answer) < 0)
                (void)profile_activate(request->requests, plane, request->text);
        return 1;
}

static int profile_bring_up(Requests *requests, const Plane *plane, const char *profile) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;

        if (plane->status.ifindex == 0 || reasons_have(&plane->status.reasons, REASON_LINK_DOWN))
                return profile_activate(requests, plane, profile);
        int r = new_call(requests, PATH, NM_BUS_NAME, "GetDeviceByIpIface", &call);
        if (r < 0)
                return r;
        r = sd_bus_message_append(call, "s", plane->config->interface);
        return r < 0 ? r : requests_send(requests, plane->config->name, profile, call, on_device);
}

// --- writing a profile ---

static int on_updated(sd_bus_message *answer, void *userdata, sd_bus_error *ret_error _unused_) {
        const Request *request = userdata;
        const Plane *plane = request_check(request, answer);

        if (plane)
                (void)profile_bring_up(request->requests, plane, request->text);
        return 1;
}

static int on_added(sd_bus_message *answer, void *userdata, sd_bus_error *ret_error _unused_) {
        const Request *request = userdata;
        const Plane *plane = request_check(request, answer);
        const char *profile;

        if (plane && sd_bus_message_read(answer, "o", &profile) >= 0)
                (void)profile_activate(request->requests, plane, profile);
        return 1;
}

// profile: the path of the one to rewrite; NULL: add another.
static int profile_write(Requests *requests, const Plane *plane, const char *profile) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;

        // Another manager was chosen, or the plane released, since the plane was asked for.
        if (plane->config->managed_by != MANAGED_BY_NETWORKMANAGER || plane->is_released)
                return 0;
        int r = profile ? new_call(requests, profile, CONNECTION_INTERFACE, "Update2", &call)
                        : new_call(requests, SETTINGS_PATH, SETTINGS_INTERFACE, "AddConnection2", &call);
        if (r < 0)
                return r;
        r = nm_profile_append(call, plane->config);
        if (r < 0)
                return r;
        r = sd_bus_message_append(call, "ua{sv}", (uint32_t)IN_MEMORY, 0);
        if (r < 0)
                return r;
        return requests_send(requests, plane->config->name, profile ?: "", call, profile ? on_updated : on_added);
}

// --- finding a plane's profile ---

static int on_settings(sd_bus_message *answer, void *userdata, sd_bus_error *ret_error _unused_) {
        const Request *request = userdata;
        const Plane *plane = request_check(request, answer);
        char present[NM_HASH_SIZE], wanted[NM_HASH_SIZE], uuid[NM_UUID_SIZE];

        if (!plane)
                return 1;
        if (nm_profile_read(answer, present, uuid) < 0 || !streq(present, nm_profile_hash(plane->config, wanted)))
                (void)profile_write(request->requests, plane, request->text);
        else if (plane->status.health == HEALTH_FAILED)
                (void)profile_bring_up(request->requests, plane, request->text);
        return 1;
}

static int settings_get(Requests *requests, const char *plane, const char *profile, sd_bus_message_handler_t callback) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;

        int r = new_call(requests, profile, CONNECTION_INTERFACE, "GetSettings", &call);
        return r < 0 ? r : requests_send(requests, plane, profile, call, callback);
}

static int on_profile(sd_bus_message *answer, void *userdata, sd_bus_error *ret_error _unused_) {
        const Request *request = userdata;
        const Plane *plane = request_find_plane(request);
        const char *profile;

        if (!plane)
                return 1;
        if (sd_bus_message_is_method_error(answer, NULL))
                (void)profile_write(request->requests, plane, NULL);
        else if (sd_bus_message_read(answer, "o", &profile) >= 0)
                (void)settings_get(request->requests, plane->config->name, profile, on_settings);
        return 1;
}

static int profile_find(Requests *requests, const Plane *plane, sd_bus_message_handler_t callback) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;
        char uuid[NM_UUID_SIZE];

        int r = new_call(requests, SETTINGS_PATH, SETTINGS_INTERFACE, "GetConnectionByUuid", &call);
        if (r < 0)
                return r;
        r = sd_bus_message_append(call, "s", nm_profile_uuid(plane->config->name, uuid));
        return r < 0 ? r : requests_send(requests, plane->config->name, "", call, callback);
}

int networkmanager_request(Requests *requests, const Plane *plane) {
        return profile_find(requests, plane, on_profile);
}

// --- deleting profiles ---

static void profile_delete(const Requests *requests, const char *profile) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;

        if (new_call(requests, profile, CONNECTION_INTERFACE, "Delete", &call) >= 0)
                (void)sd_bus_send(NULL, call, NULL);
}

static int on_forgotten(sd_bus_message *answer, void *userdata, sd_bus_error *ret_error _unused_) {
        const Request *request = userdata;
        const char *profile;

        if (!sd_bus_message_is_method_error(answer, NULL) && sd_bus_message_read(answer, "o", &profile) >= 0)
                profile_delete(request->requests, profile);
        return 1;
}

void networkmanager_forget(Requests *requests, const Plane *plane) {
        (void)profile_find(requests, plane, on_forgotten);
}

static bool is_wanted(const PlaneSet *planes, const char *uuid) {
        for (size_t i = 0; i < planes->n_planes; i++) {
                const PlaneConfig *config = planes->planes[i]->config;
                char own[NM_UUID_SIZE];
                if (config->managed_by == MANAGED_BY_NETWORKMANAGER && !planes->planes[i]->is_released &&
                    streq(nm_profile_uuid(config->name, own), uuid))
                        return true;
        }
        return false;
}

static int on_listed_settings(sd_bus_message *answer, void *userdata, sd_bus_error *ret_error _unused_) {
        const Request *request = userdata;
        char hash[NM_HASH_SIZE], uuid[NM_UUID_SIZE];

        if (!sd_bus_message_is_method_error(answer, NULL) && nm_profile_read(answer, hash, uuid) >= 0 && hash[0] &&
            !is_wanted(request->requests->planes, uuid)) {
                log_notice("NetworkManager has a profile for a plane that is gone (%s); deleting it", uuid);
                profile_delete(request->requests, request->text);
        }
        return 1;
}

static int on_list(sd_bus_message *answer, void *userdata, sd_bus_error *ret_error _unused_) {
        const Request *request = userdata;
        const char *profile;

        if (sd_bus_message_is_method_error(answer, NULL) || sd_bus_message_enter_container(answer, 'a', "o") < 0)
                return 1;
        while (sd_bus_message_read(answer, "o", &profile) > 0)
                if (settings_get(request->requests, "", profile, on_listed_settings) < 0)
                        break;
        return 1;
}

void networkmanager_prune(Requests *requests) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;

        if (new_call(requests, SETTINGS_PATH, SETTINGS_INTERFACE, "ListConnections", &call) >= 0)
                (void)requests_send(requests, "", "", call, on_list);
}
