// NetworkManager: given a profile in memory for each plane that is its, which it then makes and addresses.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// A profile of an earlier daemon is known again, and rewritten only where it says something else.

#include "base/log.h"
#include "base/util.h"
#include "config/plane-config.h"
#include "daemon/manager.h"
#include "handover/handover.h"
#include "handover/nm-profile.h"
#include "model/reason.h"
#include "planes/plane.h"

#define NM_SETTINGS_PATH NM_BUS_PATH "/Settings"
#define NM_SETTINGS_INTERFACE NM_BUS_NAME ".Settings"
#define NM_CONNECTION_INTERFACE NM_BUS_NAME ".Settings.Connection"
#define NM_DEVICE_INTERFACE NM_BUS_NAME ".Device"

// NMManagerReloadFlags, NMSettingsAddConnection2Flags and NMSettingsUpdate2Flags
enum { RELOAD_CONF = 1, IN_MEMORY = 2 };

int networkmanager_reload(BusHandover *handover, sd_bus_message **ret_call) {
        int r = bus_handover_call(handover, NM_BUS_NAME, NM_BUS_PATH, NM_BUS_NAME, "Reload", ret_call);

        return r < 0 ? r : sd_bus_message_append(*ret_call, "u", (uint32_t)RELOAD_CONF);
}

static int on_done(sd_bus_message *answer, void *userdata, sd_bus_error *ret_error _unused_) {
        (void)bus_request_plane(userdata, answer); // what the kernel has then will be announced
        return 1;
}

static int profile_activate(BusHandover *handover, const Plane *plane, const char *profile) {
        sd_bus_message *call = NULL;

        int r = bus_handover_call(handover, NM_BUS_NAME, NM_BUS_PATH, NM_BUS_NAME, "ActivateConnection", &call);
        if (r >= 0)
                r = sd_bus_message_append(call, "ooo", profile, "/", "/");
        if (r >= 0)
                r = bus_request(handover, plane->config->name, profile, call, on_done);
        sd_bus_message_unref(call);
        return r;
}

static int on_reapplied(sd_bus_message *answer, void *userdata, sd_bus_error *ret_error _unused_) {
        const BusRequest *request = userdata;
        const Plane *plane = manager_find(bus_handover_manager(request->handover), request->plane);

        // Not with this profile, or not active at all.
        if (plane && sd_bus_message_is_method_error(answer, NULL))
                (void)profile_activate(request->handover, plane, request->text);
        return 1;
}

// In place where the device is up: activating it would take its address away for a moment.
static int on_device(sd_bus_message *answer, void *userdata, sd_bus_error *ret_error _unused_) {
        const BusRequest *request = userdata;
        const Plane *plane = manager_find(bus_handover_manager(request->handover), request->plane);
        sd_bus_message *call = NULL;
        const char *device;

        if (!plane)
                return 1;
        int r = sd_bus_message_is_method_error(answer, NULL) ? -ENODEV : sd_bus_message_read(answer, "o", &device);
        if (r >= 0)
                r = bus_handover_call(request->handover, NM_BUS_NAME, device, NM_DEVICE_INTERFACE, "Reapply", &call);
        if (r >= 0)
                r = sd_bus_message_append(call, "a{sa{sv}}tu", 0, (uint64_t)0, (uint32_t)0);
        if (r >= 0)
                r = bus_request(request->handover, plane->config->name, request->text, call, on_reapplied);
        sd_bus_message_unref(call);
        if (r < 0)
                (void)profile_activate(request->handover, plane, request->text);
        return 1;
}

static int profile_bring_up(BusHandover *handover, const Plane *plane, const char *profile) {
        sd_bus_message *call = NULL;

        if (plane->ifindex == 0 || reasons_have(&plane->reasons, REASON_LINK_DOWN))
                return profile_activate(handover, plane, profile);
        int r = bus_handover_call(handover, NM_BUS_NAME, NM_BUS_PATH, NM_BUS_NAME, "GetDeviceByIpIface", &call);
        if (r >= 0)
                r = sd_bus_message_append(call, "s", plane->config->interface);
        if (r >= 0)
                r = bus_request(handover, plane->config->name, profile, call, on_device);
        sd_bus_message_unref(call);
        return r;
}

static int on_updated(sd_bus_message *answer, void *userdata, sd_bus_error *ret_error _unused_) {
        const BusRequest *request = userdata;
        const Plane *plane = bus_request_plane(request, answer);

        if (plane)
                (void)profile_bring_up(request->handover, plane, request->text);
        return 1;
}

static int on_added(sd_bus_message *answer, void *userdata, sd_bus_error *ret_error _unused_) {
        const BusRequest *request = userdata;
        const Plane *plane = bus_request_plane(request, answer);
        const char *profile;

        if (plane && sd_bus_message_read(answer, "o", &profile) >= 0)
                (void)profile_activate(request->handover, plane, profile);
        return 1;
}

// profile: the path of the one to rewrite, or NULL for another.
static int profile_write(BusHandover *handover, const Plane *plane, const char *profile) {
        sd_bus_message *call = NULL;
        char hash[NM_HASH_SIZE];

        // No longer, since it was asked for.
        if (plane->config->managed_by != MANAGED_BY_NETWORKMANAGER)
                return 0;
        int r = profile ? bus_handover_call(handover, NM_BUS_NAME, profile, NM_CONNECTION_INTERFACE, "Update2", &call)
                        : bus_handover_call(handover, NM_BUS_NAME, NM_SETTINGS_PATH, NM_SETTINGS_INTERFACE,
                                            "AddConnection2", &call);
        if (r >= 0)
                r = nm_profile_append(call, plane->config, nm_profile_hash(plane->config, hash));
        if (r >= 0)
                r = sd_bus_message_append(call, "ua{sv}", (uint32_t)IN_MEMORY, 0);
        if (r >= 0)
                r = bus_request(handover, plane->config->name, profile ?: "", call, profile ? on_updated : on_added);
        sd_bus_message_unref(call);
        return r;
}

static int on_settings(sd_bus_message *answer, void *userdata, sd_bus_error *ret_error _unused_) {
        const BusRequest *request = userdata;
        const Plane *plane = bus_request_plane(request, answer);
        char is[NM_HASH_SIZE], shall[NM_HASH_SIZE], uuid[NM_UUID_SIZE];

        if (!plane)
                return 1;
        if (nm_profile_read(answer, is, uuid) < 0 || !streq(is, nm_profile_hash(plane->config, shall)))
                (void)profile_write(request->handover, plane, request->text);
        else if (reasons_health(&plane->reasons) == HEALTH_FAILED)
                (void)profile_bring_up(request->handover, plane, request->text);
        return 1;
}

static int on_profile(sd_bus_message *answer, void *userdata, sd_bus_error *ret_error _unused_) {
        const BusRequest *request = userdata;
        const Plane *plane = manager_find(bus_handover_manager(request->handover), request->plane);
        sd_bus_message *call = NULL;
        const char *profile;

        if (!plane)
                return 1;
        if (sd_bus_message_is_method_error(answer, NULL)) {
                (void)profile_write(request->handover, plane, NULL);
                return 1;
        }
        int r = sd_bus_message_read(answer, "o", &profile);
        if (r >= 0)
                r = bus_handover_call(request->handover, NM_BUS_NAME, profile, NM_CONNECTION_INTERFACE, "GetSettings", &call);
        if (r >= 0)
                (void)bus_request(request->handover, plane->config->name, profile, call, on_settings);
        sd_bus_message_unref(call);
        return 1;
}

static int profile_find(BusHandover *handover, const Plane *plane, sd_bus_message_handler_t callback) {
        sd_bus_message *call = NULL;
        char uuid[NM_UUID_SIZE];

        int r = bus_handover_call(handover, NM_BUS_NAME, NM_SETTINGS_PATH, NM_SETTINGS_INTERFACE, "GetConnectionByUuid", &call);
        if (r >= 0)
                r = sd_bus_message_append(call, "s", nm_profile_uuid(plane->config->name, uuid));
        if (r >= 0)
                r = bus_request(handover, plane->config->name, "", call, callback);
        sd_bus_message_unref(call);
        return r;
}

int networkmanager_request(BusHandover *handover, const Plane *plane) {
        return profile_find(handover, plane, on_profile);
}

static void profile_delete(BusHandover *handover, const char *profile) {
        sd_bus_message *call = NULL;

        if (bus_handover_call(handover, NM_BUS_NAME, profile, NM_CONNECTION_INTERFACE, "Delete", &call) >= 0)
                (void)sd_bus_send(NULL, call, NULL);
        sd_bus_message_unref(call);
}

static int on_forgotten(sd_bus_message *answer, void *userdata, sd_bus_error *ret_error _unused_) {
        const BusRequest *request = userdata;
        const char *profile;

        if (!sd_bus_message_is_method_error(answer, NULL) && sd_bus_message_read(answer, "o", &profile) >= 0)
                profile_delete(request->handover, profile);
        return 1;
}

void networkmanager_forget(BusHandover *handover, const Plane *plane) {
        (void)profile_find(handover, plane, on_forgotten);
}

static bool is_wanted(const Manager *manager, const char *uuid) {
        for (size_t i = 0; i < manager->n_planes; i++) {
                const PlaneConfig *config = manager->planes[i]->config;
                char own[NM_UUID_SIZE];
                if (config->managed_by == MANAGED_BY_NETWORKMANAGER && streq(nm_profile_uuid(config->name, own), uuid))
                        return true;
        }
        return false;
}

static int on_listed_settings(sd_bus_message *answer, void *userdata, sd_bus_error *ret_error _unused_) {
        const BusRequest *request = userdata;
        char hash[NM_HASH_SIZE], uuid[NM_UUID_SIZE];

        if (!sd_bus_message_is_method_error(answer, NULL) && nm_profile_read(answer, hash, uuid) >= 0 && hash[0] &&
            !is_wanted(bus_handover_manager(request->handover), uuid)) {
                log_notice("NetworkManager has a profile for a plane that is gone (%s); deleting it", uuid);
                profile_delete(request->handover, request->text);
        }
        return 1;
}

static int on_list(sd_bus_message *answer, void *userdata, sd_bus_error *ret_error _unused_) {
        const BusRequest *request = userdata;
        const char *profile;

        int r = sd_bus_message_is_method_error(answer, NULL) ? -EIO : sd_bus_message_enter_container(answer, 'a', "o");
        while (r >= 0 && (r = sd_bus_message_read(answer, "o", &profile)) > 0) {
                sd_bus_message *call = NULL;
                r = bus_handover_call(request->handover, NM_BUS_NAME, profile, NM_CONNECTION_INTERFACE, "GetSettings", &call);
                if (r >= 0)
                        r = bus_request(request->handover, "", profile, call, on_listed_settings);
                sd_bus_message_unref(call);
        }
        return 1;
}

void networkmanager_prune(BusHandover *handover) {
        sd_bus_message *call = NULL;

        int r = bus_handover_call(handover, NM_BUS_NAME, NM_SETTINGS_PATH, NM_SETTINGS_INTERFACE, "ListConnections", &call);
        if (r >= 0)
                (void)bus_request(handover, "", "", call, on_list);
        sd_bus_message_unref(call);
}
