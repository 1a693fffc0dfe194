// NetworkManager: given a profile in memory for each plane that is its, which it then makes and addresses.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// The profile's UUID follows from the plane's name, and its user data carry a hash of what it says: so that a profile of
// an earlier daemon is known again, and rewritten only where it says something else.

#include <inttypes.h>

#include "bus-handover.h"
#include "log.h"

#define NM_SETTINGS_PATH NM_BUS_PATH "/Settings"
#define NM_SETTINGS_INTERFACE NM_BUS_NAME ".Settings"
#define NM_CONNECTION_INTERFACE NM_BUS_NAME ".Settings.Connection"
#define NM_DEVICE_INTERFACE NM_BUS_NAME ".Device"
#define NM_USER_HASH "migplane.hash"

// NMManagerReloadFlags, NMSettingsAddConnection2Flags and NMSettingsUpdate2Flags, NMVlanFlags, NMSettingMacvlanMode
enum { RELOAD_CONF = 1, IN_MEMORY = 2, VLAN_REORDER_HEADERS = 1, MACVLAN_PRIVATE = 3 };

enum { UUID_SIZE = 37 };

int networkmanager_reload(BusHandover *handover, sd_bus_message **ret_call) {
        int r = bus_handover_call(handover, NM_BUS_NAME, NM_BUS_PATH, NM_BUS_NAME, "Reload", ret_call);

        return r < 0 ? r : sd_bus_message_append(*ret_call, "u", (uint32_t)RELOAD_CONF);
}

static const char *profile_uuid(const char *plane, char ret[static UUID_SIZE]) {
        uint64_t high = hash_bytes(HASH_INIT, "migplane", strlen("migplane"));
        high = hash_bytes(high, plane, strlen(plane));
        uint64_t low = hash_bytes(high, plane, strlen(plane));

        // Version 8, of our own making; RFC 9562.
        (void)snprintf(ret, UUID_SIZE, "%08x-%04x-8%03x-%04x-%012" PRIx64, (unsigned)(high >> 32),
                       (unsigned)(high >> 16) & 0xffff, (unsigned)high & 0xfff, (unsigned)(low >> 48 & 0x3fff) | 0x8000,
                       low & UINT64_C(0xffffffffffff));
        return ret;
}

// --- What the profile says ------------------------------------------------------------------------------------------

static int setting_open(sd_bus_message *m, const char *name) {
        int r = sd_bus_message_open_container(m, 'e', "sa{sv}");
        if (r >= 0)
                r = sd_bus_message_append(m, "s", name);
        return r < 0 ? r : sd_bus_message_open_container(m, 'a', "{sv}");
}

static int setting_close(sd_bus_message *m) {
        int r = sd_bus_message_close_container(m);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

static int connection_append(sd_bus_message *m, const PlaneConfig *plane) {
        char id[300], uuid[UUID_SIZE];
        const char *type = plane->kind == PLANE_KIND_VLAN ? "vlan" : plane->kind == PLANE_KIND_MACVLAN ? "macvlan" : "802-3-ethernet";

        (void)snprintf(id, sizeof(id), "migplane %s", plane->name);
        int r = setting_open(m, "connection");
        if (r >= 0) // mdns, llmnr, lldp: nothing that speaks by itself
                r = sd_bus_message_append(m, "{sv}{sv}{sv}{sv}{sv}{sv}{sv}{sv}", "id", "s", id, "uuid", "s",
                                          profile_uuid(plane->name, uuid), "type", "s", type, "interface-name", "s",
                                          plane->interface, "autoconnect", "b", 1, "mdns", "i", 0, "llmnr", "i", 0, "lldp",
                                          "i", 0);
        return r < 0 ? r : setting_close(m);
}

static int device_append(sd_bus_message *m, const PlaneConfig *plane) {
        int r = 0;

        if (plane->kind == PLANE_KIND_VLAN) {
                r = setting_open(m, "vlan");
                if (r >= 0)
                        r = sd_bus_message_append(m, "{sv}{sv}{sv}", "parent", "s", plane->parent, "id", "u",
                                                  (uint32_t)plane->vlan_id, "flags", "u", (uint32_t)VLAN_REORDER_HEADERS);
        } else if (plane->kind == PLANE_KIND_MACVLAN) {
                r = setting_open(m, "macvlan");
                if (r >= 0)
                        r = sd_bus_message_append(m, "{sv}{sv}", "parent", "s", plane->parent, "mode", "u",
                                                  (uint32_t)MACVLAN_PRIVATE);
        }
        if (r >= 0 && plane->kind != PLANE_KIND_DEVICE)
                r = setting_close(m);
        if (r >= 0)
                r = setting_open(m, "802-3-ethernet");
        if (r >= 0 && plane->mtu)
                r = sd_bus_message_append(m, "{sv}", "mtu", "u", plane->mtu);
        return r < 0 ? r : setting_close(m);
}

static int addresses_append(sd_bus_message *m, const PlaneConfig *plane, int family) {
        char text[ADDRESS_TEXT_MAX];
        int r = 0;

        for (size_t i = 0; i < plane->n_addresses && r >= 0; i++) {
                const Prefix *prefix = &plane->addresses[i].prefix;
                if (prefix->address.family == family)
                        r = sd_bus_message_append(m, "a{sv}", 2, "address", "s", format_address(&prefix->address, text),
                                                  "prefix", "u", (uint32_t)prefix->length);
        }
        return r;
}

static int routes_append(sd_bus_message *m, const PlaneConfig *plane, int family) {
        char destination[ADDRESS_TEXT_MAX], gateway[ADDRESS_TEXT_MAX];
        int r = 0;

        for (size_t i = 0; i < plane->n_routes && r >= 0; i++) {
                const PlaneRoute *route = &plane->routes[i];
                if (route->destination.address.family != family)
                        continue;
                (void)format_address(&route->destination.address, destination);
                r = route->gateway.family == AF_UNSPEC ?
                        sd_bus_message_append(m, "a{sv}", 2, "dest", "s", destination, "prefix", "u",
                                              (uint32_t)route->destination.length) :
                        sd_bus_message_append(m, "a{sv}", 3, "dest", "s", destination, "prefix", "u",
                                              (uint32_t)route->destination.length, "next-hop", "s",
                                              format_address(&route->gateway, gateway));
        }
        return r;
}

static int list_append(sd_bus_message *m, const char *key, int (*append)(sd_bus_message *, const PlaneConfig *, int),
                       const PlaneConfig *plane, int family) {
        int r = sd_bus_message_open_container(m, 'e', "sv");
        if (r >= 0)
                r = sd_bus_message_append(m, "s", key);
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'v', "aa{sv}");
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "a{sv}");
        if (r >= 0)
                r = append(m, plane, family);
        for (unsigned i = 0; i < 3 && r >= 0; i++)
                r = sd_bus_message_close_container(m);
        return r;
}

static int ip_append(sd_bus_message *m, const PlaneConfig *plane, const char *setting, int family) {
        bool wanted = false;

        for (size_t i = 0; i < plane->n_addresses; i++)
                wanted |= plane->addresses[i].prefix.address.family == family;
        int r = setting_open(m, setting);
        if (r >= 0)
                r = sd_bus_message_append(m, "{sv}{sv}{sv}", "method", "s", wanted ? "manual" : "disabled", "never-default",
                                          "b", 1, "ignore-auto-dns", "b", 1);
        if (r >= 0 && wanted)
                r = list_append(m, "address-data", addresses_append, plane, family);
        if (r >= 0 && wanted)
                r = list_append(m, "route-data", routes_append, plane, family);
        return r < 0 ? r : setting_close(m);
}

static int user_append(sd_bus_message *m, const char *hash) {
        int r = setting_open(m, "user");
        if (r >= 0)
                r = sd_bus_message_append(m, "{sv}", "data", "a{ss}", 1, NM_USER_HASH, hash);
        return r < 0 ? r : setting_close(m);
}

static int profile_append(sd_bus_message *m, const PlaneConfig *plane, const char *hash) {
        int r = sd_bus_message_open_container(m, 'a', "{sa{sv}}");
        if (r >= 0)
                r = connection_append(m, plane);
        if (r >= 0)
                r = device_append(m, plane);
        if (r >= 0)
                r = ip_append(m, plane, "ipv4", AF_INET);
        if (r >= 0)
                r = ip_append(m, plane, "ipv6", AF_INET6);
        if (r >= 0)
                r = user_append(m, hash);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

// Of all that profile_append writes.
static const char *profile_hash(const PlaneConfig *plane, char ret[static 17]) {
        uint64_t hash = hash_bytes(HASH_INIT, plane->interface, strlen(plane->interface));
        char text[ADDRESS_TEXT_MAX + PREFIX_TEXT_MAX + 8];
        const uint32_t numbers[] = { plane->kind, plane->vlan_id, plane->mtu };

        hash = hash_bytes(hash, plane->parent, strlen(plane->parent) + 1);
        hash = hash_bytes(hash, numbers, sizeof(numbers));
        for (size_t i = 0; i < plane->n_addresses; i++)
                hash = hash_bytes(hash, text, strlen(format_prefix(&plane->addresses[i].prefix, text)) + 1);
        for (size_t i = 0; i < plane->n_routes; i++) {
                hash = hash_bytes(hash, text, strlen(format_prefix(&plane->routes[i].destination, text)) + 1);
                if (plane->routes[i].gateway.family != AF_UNSPEC)
                        hash = hash_bytes(hash, text, strlen(format_address(&plane->routes[i].gateway, text)) + 1);
        }
        (void)snprintf(ret, 17, "%016" PRIx64, hash);
        return ret;
}

// --- Asking for it --------------------------------------------------------------------------------------------------

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
                r = bus_request(handover, plane, profile, call, on_done);
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
                r = bus_request(request->handover, plane, request->text, call, on_reapplied);
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
                r = bus_request(handover, plane, profile, call, on_device);
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
        char hash[17];

        int r = profile ? bus_handover_call(handover, NM_BUS_NAME, profile, NM_CONNECTION_INTERFACE, "Update2", &call)
                        : bus_handover_call(handover, NM_BUS_NAME, NM_SETTINGS_PATH, NM_SETTINGS_INTERFACE,
                                            "AddConnection2", &call);
        if (r >= 0)
                r = profile_append(call, plane->config, profile_hash(plane->config, hash));
        if (r >= 0)
                r = sd_bus_message_append(call, "ua{sv}", (uint32_t)IN_MEMORY, 0);
        if (r >= 0)
                r = bus_request(handover, plane, profile ?: "", call, profile ? on_updated : on_added);
        sd_bus_message_unref(call);
        return r;
}

static int user_data_read(sd_bus_message *m, char ret_hash[static 17]) {
        const char *key, *value;

        int r = sd_bus_message_enter_container(m, 'v', "a{ss}");
        if (r >= 0)
                r = sd_bus_message_enter_container(m, 'a', "{ss}");
        while (r >= 0 && (r = sd_bus_message_read(m, "{ss}", &key, &value)) > 0)
                if (streq(key, NM_USER_HASH))
                        (void)snprintf(ret_hash, 17, "%s", value);
        if (r >= 0)
                r = sd_bus_message_exit_container(m);
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

// The hash that a profile carries; "" when it carries none.
static int settings_read_hash(sd_bus_message *m, char ret_hash[static 17]) {
        const char *setting, *key;

        ret_hash[0] = '\0';
        int r = sd_bus_message_enter_container(m, 'a', "{sa{sv}}");
        while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sa{sv}")) > 0) {
                r = sd_bus_message_read(m, "s", &setting);
                bool user = r >= 0 && streq(setting, "user");
                if (r >= 0)
                        r = sd_bus_message_enter_container(m, 'a', "{sv}");
                while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                        r = sd_bus_message_read(m, "s", &key);
                        if (r >= 0)
                                r = user && streq(key, "data") ? user_data_read(m, ret_hash) : sd_bus_message_skip(m, "v");
                        if (r >= 0)
                                r = sd_bus_message_exit_container(m);
                }
                for (unsigned i = 0; i < 2 && r >= 0; i++)
                        r = sd_bus_message_exit_container(m);
        }
        return r;
}

static int on_settings(sd_bus_message *answer, void *userdata, sd_bus_error *ret_error _unused_) {
        const BusRequest *request = userdata;
        const Plane *plane = bus_request_plane(request, answer);
        char is[17], shall[17];

        if (!plane)
                return 1;
        if (settings_read_hash(answer, is) < 0 || !streq(is, profile_hash(plane->config, shall)))
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
                (void)bus_request(request->handover, plane, profile, call, on_settings);
        sd_bus_message_unref(call);
        return 1;
}

static int profile_find(BusHandover *handover, const Plane *plane, sd_bus_message_handler_t callback) {
        sd_bus_message *call = NULL;
        char uuid[UUID_SIZE];

        int r = bus_handover_call(handover, NM_BUS_NAME, NM_SETTINGS_PATH, NM_SETTINGS_INTERFACE, "GetConnectionByUuid", &call);
        if (r >= 0)
                r = sd_bus_message_append(call, "s", profile_uuid(plane->config->name, uuid));
        if (r >= 0)
                r = bus_request(handover, plane, "", call, callback);
        sd_bus_message_unref(call);
        return r;
}

int networkmanager_request(BusHandover *handover, const Plane *plane) {
        return profile_find(handover, plane, on_profile);
}

static int on_forgotten(sd_bus_message *answer, void *userdata, sd_bus_error *ret_error _unused_) {
        const BusRequest *request = userdata;
        sd_bus_message *call = NULL;
        const char *profile;

        if (sd_bus_message_is_method_error(answer, NULL) || sd_bus_message_read(answer, "o", &profile) < 0)
                return 1;
        if (bus_handover_call(request->handover, NM_BUS_NAME, profile, NM_CONNECTION_INTERFACE, "Delete", &call) >= 0)
                (void)sd_bus_send(NULL, call, NULL);
        sd_bus_message_unref(call);
        return 1;
}

void networkmanager_forget(BusHandover *handover, const Plane *plane) {
        (void)profile_find(handover, plane, on_forgotten);
}
