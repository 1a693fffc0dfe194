// The planes and their properties.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "base/names.h"
#include "base/util.h"
#include "client/client.h"

// Properties that GetManagedObjects and PropertiesChanged leave out; the daemon reads them on request.
static const char *const counters[] = { "BytesSent", "BytesReceived", "PacketsDropped", "RecentDrops", "Repairs" };

const char *client_plane_string(const json_t *plane, const char *property) {
        const char *text = json_string_value(json_object_get(plane, property));
        return text ? text : "";
}

uint64_t client_plane_number(const json_t *plane, const char *property) {
        json_int_t number = json_integer_value(json_object_get(plane, property));
        return number > 0 ? (uint64_t)number : 0;
}

bool client_plane_flag(const json_t *plane, const char *property) {
        return json_is_true(json_object_get(plane, property));
}

bool client_plane_is_usable(const json_t *plane) {
        const char *health = client_plane_string(plane, "Health");
        return streq(health, "healthy") || streq(health, "degraded");
}

bool client_plane_is_down(const json_t *plane) {
        size_t i;
        json_t *reason;

        json_array_foreach(json_object_get(plane, "HealthReasons"), i, reason) {
                const char *code = json_string_value(json_array_get(reason, 0));
                if (code && streq(code, "taken-down"))
                        return true;
        }
        return false;
}

const char *client_plane_reason(const json_t *plane) {
        const char *text =
                json_string_value(json_array_get(json_array_get(json_object_get(plane, "HealthReasons"), 0), 1));
        return text ? text : "no reason given";
}

// Inserts the plane by name, so that the array stays sorted.
static int planes_insert(json_t *planes, json_t *plane) {
        const char *name = client_plane_string(plane, "Name");
        size_t i = json_array_size(planes);

        while (i > 0 && strcmp(client_plane_string(json_array_get(planes, i - 1), "Name"), name) > 0)
                i--;
        return json_array_insert(planes, i, plane);
}

// From {path: {interface: {property: value}}} to an array of planes.
static int planes_collect(json_t *objects, json_t **ret_planes) {
        _cleanup_json_ json_t *planes = json_array();
        const char *path;
        json_t *interfaces;

        if (!planes)
                return -ENOMEM;
        json_object_foreach(objects, path, interfaces) {
                json_t *plane = json_object_get(interfaces, BUS_INTERFACE_PLANE);
                if (!plane)
                        continue;
                if (json_object_set_new(plane, "ObjectPath", json_string(path)) < 0 || planes_insert(planes, plane) < 0)
                        return -ENOMEM;
        }
        *ret_planes = TAKE(planes);
        return 0;
}

int client_planes_take(sd_bus_message *answer, json_t **ret_planes) {
        _cleanup_json_ json_t *objects = NULL;

        int r = client_read_json(answer, &objects);
        return r < 0 ? r : planes_collect(objects, ret_planes);
}

static const ClientCall read_call = {
        .path = BUS_PATH,
        .interface = "org.freedesktop.DBus.ObjectManager",
        .member = "GetManagedObjects",
};

ClientResult client_planes_read(Client *client, json_t **ret_planes, Error *ret_error) {
        _cleanup_message_ sd_bus_message *reply = NULL;

        ClientResult result = client_call(client, &read_call, &reply, ret_error, NULL);
        if (result != CLIENT_DONE)
                return result;
        int r = client_planes_take(reply, ret_planes);
        return r < 0 ? client_failure("Cannot read the list of planes", NULL, r, ret_error) : CLIENT_DONE;
}

int client_planes_ask(Client *client, sd_bus_message_handler_t on_answer, void *userdata) {
        _cleanup_message_ sd_bus_message *message = NULL;

        int r = sd_bus_message_new_method_call(client->bus, &message, BUS_NAME, read_call.path, read_call.interface,
                                               read_call.member);
        if (r < 0)
                return r;
        r = sd_bus_message_set_auto_start(message, false);
        if (r < 0)
                return r;
        return sd_bus_call_async(client->bus, NULL, message, on_answer, userdata, UINT64_MAX);
}

ClientResult client_manager_read(Client *client, json_t **ret_manager, Error *ret_error) {
        static const ClientCall call = {
                .path = BUS_PATH,
                .interface = "org.freedesktop.DBus.Properties",
                .member = "GetAll",
        };
        _cleanup_message_ sd_bus_message *reply = NULL;

        ClientResult result = client_call(client, &call, &reply, ret_error, "s", BUS_INTERFACE_MANAGER);
        if (result != CLIENT_DONE)
                return result;
        int r = client_read_json(reply, ret_manager);
        return r < 0 ? client_failure("Cannot read the properties of migplaned", NULL, r, ret_error) : CLIENT_DONE;
}

bool client_need_reload(Client *client) {
        static const ClientCall call = {
                .path = BUS_PATH,
                .interface = "org.freedesktop.DBus.Properties",
                .member = "Get",
        };
        _cleanup_message_ sd_bus_message *reply = NULL;
        int value = 0;

        if (client_call(client, &call, &reply, NULL, "ss", BUS_INTERFACE_MANAGER, "NeedReload") != CLIENT_DONE)
                return false;
        return sd_bus_message_read(reply, "v", "b", &value) >= 0 && value;
}

void client_plane_read_counters(Client *client, json_t *plane) {
        for (size_t i = 0; i < ELEMENTSOF(counters); i++) {
                const ClientCall call = {
                        .path = client_plane_string(plane, "ObjectPath"),
                        .interface = "org.freedesktop.DBus.Properties",
                        .member = "Get",
                };
                _cleanup_message_ sd_bus_message *reply = NULL;
                json_t *value;

                if (client_call(client, &call, &reply, NULL, "ss", BUS_INTERFACE_PLANE, counters[i]) != CLIENT_DONE)
                        continue;
                if (client_read_json(reply, &value) >= 0)
                        (void)json_object_set_new(plane, counters[i], value);
        }
}

json_t *client_planes_find(const json_t *planes, const char *name) {
        size_t i;
        json_t *plane;

        json_array_foreach(planes, i, plane)
                if (streq(client_plane_string(plane, "Name"), name))
                        return plane;
        return NULL;
}

json_t *client_planes_find_default(const json_t *planes) {
        size_t i;
        json_t *plane;

        json_array_foreach(planes, i, plane)
                if (client_plane_flag(plane, "Default"))
                        return plane;
        return json_array_size(planes) == 1 ? json_array_get(planes, 0) : NULL;
}
