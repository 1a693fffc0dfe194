// org.migplane1.Manager
// SPDX-License-Identifier: GPL-2.0-or-later

#include <stddef.h>

#include "base/error.h"
#include "base/names.h"
#include "base/util.h"
#include "bus/bus.h"
#include "bus/polkit.h"
#include "daemon/manager.h"
#include "model/reason.h"
#include "planes/describe.h"
#include "planes/plane.h"

static int plane_unknown(sd_bus_error *ret_error, const char *name) {
        return sd_bus_error_setf(ret_error, BUS_ERROR_PREFIX "NoSuchPlane",
                                 "There is no plane %s; migplanectl list shows those there are.", name);
}

static int get_version(sd_bus *bus _unused_, const char *path _unused_, const char *interface _unused_,
                       const char *property _unused_, sd_bus_message *reply, void *userdata _unused_,
                       sd_bus_error *ret_error _unused_) {
        return sd_bus_message_append(reply, "s", MIGPLANE_VERSION);
}

static int messages_append(sd_bus_message *reply, const Manager *manager) {
        int r = sd_bus_message_open_container(reply, 'a', "s");
        for (size_t i = 0; i < manager->n_messages && r >= 0; i++)
                r = sd_bus_message_append(reply, "s", manager->messages[i]);
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int get_messages(sd_bus *bus _unused_, const char *path _unused_, const char *interface _unused_,
                        const char *property _unused_, sd_bus_message *reply, void *userdata,
                        sd_bus_error *ret_error _unused_) {
        return messages_append(reply, userdata);
}

static int method_get_plane(sd_bus_message *call, void *userdata, sd_bus_error *ret_error) {
        _cleanup_free_ char *path = NULL;
        const char *name;

        int r = sd_bus_message_read(call, "s", &name);
        if (r < 0)
                return r;
        const Plane *plane = manager_find(userdata, name);
        if (!plane)
                return plane_unknown(ret_error, name);
        r = bus_plane_path(plane, &path);
        return r < 0 ? r : sd_bus_reply_method_return(call, "o", path);
}

static int method_list_planes(sd_bus_message *call, void *userdata, sd_bus_error *ret_error _unused_) {
        const Manager *manager = userdata;
        __attribute__((cleanup(sd_bus_message_unrefp))) sd_bus_message *reply = NULL;

        int r = sd_bus_message_new_method_return(call, &reply);
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "(sos)");
        for (size_t i = 0; i < manager->n_planes && r >= 0; i++) {
                const Plane *plane = manager->planes[i];
                _cleanup_free_ char *path = NULL;
                r = bus_plane_path(plane, &path);
                if (r >= 0)
                        r = sd_bus_message_append(reply, "(sos)", plane->config->name, path,
                                                  health_to_string(plane->health));
        }
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

static int reload_proceed(sd_bus_message *call, Manager *manager, sd_bus_error *ret_error) {
        __attribute__((cleanup(sd_bus_message_unrefp))) sd_bus_message *reply = NULL;
        Error error = {};

        int r = manager_reload(manager, &error);
        if (r < 0)
                return bus_error(ret_error, "ConfigurationFailed", &error);
        r = sd_bus_message_new_method_return(call, &reply);
        if (r >= 0)
                r = messages_append(reply, manager);
        return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

static int method_reload(sd_bus_message *call, void *userdata, sd_bus_error *ret_error) {
        return polkit_authorize(call, "org.migplane1.manage", "", userdata, reload_proceed, ret_error);
}

static int method_describe(sd_bus_message *call, void *userdata, sd_bus_error *ret_error _unused_) {
        _cleanup_free_ char *text = describe(userdata);
        return text ? sd_bus_reply_method_return(call, "s", text) : -ENOMEM;
}

static int method_plan(sd_bus_message *call, void *userdata, sd_bus_error *ret_error) {
        _cleanup_free_ char *text = NULL;
        const char *name;
        const Plane *plane = NULL;
        Error error = {};

        int r = sd_bus_message_read(call, "s", &name);
        if (r < 0)
                return r;
        if (name[0] && !(plane = manager_find(userdata, name)))
                return plane_unknown(ret_error, name);
        r = manager_plan(userdata, plane, &text, &error);
        return r < 0 ? bus_error(ret_error, "ApplyFailed", &error) : sd_bus_reply_method_return(call, "s", text);
}

const sd_bus_vtable bus_manager_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("Version", "s", get_version, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("ConfigurationMessages", "as", get_messages, 0, 0),
        SD_BUS_METHOD_WITH_ARGS("GetPlane", SD_BUS_ARGS("s", name), SD_BUS_RESULT("o", path), method_get_plane,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ListPlanes", SD_BUS_NO_ARGS, SD_BUS_RESULT("a(sos)", planes), method_list_planes,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Reload", SD_BUS_NO_ARGS, SD_BUS_RESULT("as", messages), method_reload,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Describe", SD_BUS_NO_ARGS, SD_BUS_RESULT("s", json), method_describe,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Plan", SD_BUS_ARGS("s", plane), SD_BUS_RESULT("s", operations), method_plan,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};
