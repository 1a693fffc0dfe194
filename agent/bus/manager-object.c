// org.migplane1.Manager
// SPDX-License-Identifier: GPL-2.0-or-later

#include "bus/manager-object.h"

#include <stddef.h>

#include "base/error.h"
#include "base/inet.h"
#include "base/names.h"
#include "base/util.h"
#include "bus/answer.h"
#include "bus/context.h"
#include "bus/migration-object.h"
#include "bus/plane-object.h"
#include "bus/polkit.h"
#include "daemon/answers.h"
#include "daemon/manager.h"
#include "daemon/reload.h"
#include "model/reason.h"
#include "planes/describe.h"
#include "planes/edited.h"
#include "planes/plane-set.h"
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

static int messages_append(sd_bus_message *reply, const Messages *messages) {
        int r = sd_bus_message_open_container(reply, 'a', "s");
        for (size_t i = 0; i < messages->n_texts && r >= 0; i++)
                r = sd_bus_message_append(reply, "s", messages->texts[i]);
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int get_messages(sd_bus *bus _unused_, const char *path _unused_, const char *interface _unused_,
                        const char *property _unused_, sd_bus_message *reply, void *userdata,
                        sd_bus_error *ret_error _unused_) {
        const BusContext *context = userdata;
        return messages_append(reply, &context->manager->messages);
}

static int get_need_reload(sd_bus *bus _unused_, const char *path _unused_, const char *interface _unused_,
                           const char *property _unused_, sd_bus_message *reply, void *userdata,
                           sd_bus_error *ret_error _unused_) {
        const BusContext *context = userdata;
        const Config *files;
        bool edited = answers_files(&context->manager->answers, &files, NULL) >= 0 &&
                      edited_any(&context->manager->planes, files);

        return sd_bus_message_append(reply, "b", edited);
}

static int get_loaded(sd_bus *bus _unused_, const char *path _unused_, const char *interface _unused_,
                      const char *property _unused_, sd_bus_message *reply, void *userdata,
                      sd_bus_error *ret_error _unused_) {
        const BusContext *context = userdata;
        return sd_bus_message_append(reply, "t", context->manager->loaded_usec);
}

static int off_plane_append(sd_bus_message *reply, const OffPlane *entry) {
        char peer[ADDRESS_TEXT_MAX];

        return sd_bus_message_append(reply, "(ssqss)", entry->is_outgoing ? "outgoing" : "incoming",
                                     address_format(&entry->peer, peer), (int)entry->port, entry->guest,
                                     entry->interface);
}

static int get_off_plane(sd_bus *bus _unused_, const char *path _unused_, const char *interface _unused_,
                         const char *property _unused_, sd_bus_message *reply, void *userdata,
                         sd_bus_error *ret_error _unused_) {
        const BusContext *context = userdata;
        const OffPlanes *off_plane = &context->manager->migrations.set.off_plane;

        int r = sd_bus_message_open_container(reply, 'a', "(ssqss)");
        for (size_t i = 0; i < off_plane->n_entries && r >= 0; i++)
                r = off_plane_append(reply, &off_plane->entries[i]);
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int method_get_plane(sd_bus_message *call, void *userdata, sd_bus_error *ret_error) {
        const BusContext *context = userdata;
        _cleanup_free_ char *path = NULL;
        const char *name;

        int r = sd_bus_message_read(call, "s", &name);
        if (r < 0)
                return r;
        const Plane *plane = planes_find(&context->manager->planes, name);
        if (!plane)
                return plane_unknown(ret_error, name);
        r = plane_object_path(plane, &path);
        return r < 0 ? r : sd_bus_reply_method_return(call, "o", path);
}

static int plane_append(sd_bus_message *reply, const Plane *plane) {
        _cleanup_free_ char *path = NULL;

        int r = plane_object_path(plane, &path);
        if (r < 0)
                return r;
        return sd_bus_message_append(reply, "(sos)", plane->config->name, path, health_to_string(plane->status.health));
}

static int method_list_planes(sd_bus_message *call, void *userdata, sd_bus_error *ret_error _unused_) {
        const BusContext *context = userdata;
        const PlaneSet *planes = &context->manager->planes;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;

        int r = sd_bus_message_new_method_return(call, &reply);
        if (r < 0)
                return r;
        r = sd_bus_message_open_container(reply, 'a', "(sos)");
        for (size_t i = 0; i < planes->n_planes && r >= 0; i++)
                r = plane_append(reply, planes->planes[i]);
        if (r < 0)
                return r;
        r = sd_bus_message_close_container(reply);
        return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

static int reload_proceed(sd_bus_message *call, void *userdata, sd_bus_error *ret_error) {
        BusContext *context = userdata;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        Error error = {};

        int r = manager_reload(context->manager, &error);
        if (r < 0)
                return answer_error(ret_error, "ConfigurationFailed", &error);
        r = sd_bus_message_new_method_return(call, &reply);
        if (r < 0)
                return r;
        r = messages_append(reply, &context->manager->messages);
        return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

static int method_reload(sd_bus_message *call, void *userdata, sd_bus_error *ret_error) {
        BusContext *context = userdata;
        return polkit_authorize(&context->polkit, &context->callers, call, "org.migplane1.manage", "", reload_proceed,
                                context, ret_error);
}

static int method_describe(sd_bus_message *call, void *userdata, sd_bus_error *ret_error _unused_) {
        static const AnswerKind kinds[] = { ANSWER_DROPS, ANSWER_BYTES };
        BusContext *context = userdata;
        Manager *manager = context->manager;

        for (size_t i = 0; i < ELEMENTSOF(kinds); i++)
                (void)answers_read(&manager->answers, kinds[i], NULL);
        _cleanup_free_ char *text = describe(&manager->planes, &manager->answers.counters, manager->messages.texts,
                                             manager->messages.n_texts);
        return text ? sd_bus_reply_method_return(call, "s", text) : -ENOMEM;
}

static int method_plan(sd_bus_message *call, void *userdata, sd_bus_error *ret_error) {
        BusContext *context = userdata;
        const char *name, *text;
        Error error = {};

        int r = sd_bus_message_read(call, "s", &name);
        if (r < 0)
                return r;
        if (name[0] && !planes_find(&context->manager->planes, name))
                return plane_unknown(ret_error, name);
        r = answers_preview(&context->manager->answers, name, &text, &error);
        return r < 0 ? answer_error(ret_error, "ApplyFailed", &error) : sd_bus_reply_method_return(call, "s", text);
}

static int preview_append(sd_bus_message *reply, const Preview *preview, const char *text) {
        int r = sd_bus_message_append(reply, "s", text);
        if (r < 0)
                return r;
        r = sd_bus_message_open_container(reply, 'a', "s");
        for (size_t i = 0; i < preview->n_messages && r >= 0; i++)
                r = sd_bus_message_append(reply, "s", preview->messages[i]);
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int method_plan_files(sd_bus_message *call, void *userdata, sd_bus_error *ret_error) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        BusContext *context = userdata;
        const Preview *preview;
        const char *name, *text;
        Error error = {};

        int r = sd_bus_message_read(call, "s", &name);
        if (r < 0)
                return r;
        r = answers_preview_files(&context->manager->answers, name, &preview, &text, &error);
        if (r < 0)
                return answer_error(ret_error, "ApplyFailed", &error);
        if (!text)
                return plane_unknown(ret_error, name);
        r = sd_bus_message_new_method_return(call, &reply);
        if (r < 0)
                return r;
        r = preview_append(reply, preview, text);
        return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

static int method_list_migrations(sd_bus_message *call, void *userdata, sd_bus_error *ret_error) {
        const BusContext *context = userdata;
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        const char *plane;
        int ended;

        int r = sd_bus_message_read(call, "sb", &plane, &ended);
        if (r < 0)
                return r;
        r = sd_bus_message_new_method_return(call, &reply);
        if (r < 0)
                return r;
        r = migration_object_append_list(reply, &context->manager->migrations.set, plane, ended);
        if (r == 0)
                return plane_unknown(ret_error, plane);
        return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("Version", "s", get_version, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("ConfigurationMessages", "as", get_messages, 0, 0),
        SD_BUS_PROPERTY("NeedReload", "b", get_need_reload, 0, 0),
        SD_BUS_PROPERTY("ReloadSuccessTimestamp", "t", get_loaded, 0, 0),
        SD_BUS_PROPERTY("OffPlaneMigrations", "a(ssqss)", get_off_plane, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_METHOD_WITH_ARGS("GetPlane", SD_BUS_ARGS("s", name), SD_BUS_RESULT("o", path), method_get_plane,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ListPlanes", SD_BUS_NO_ARGS, SD_BUS_RESULT("a(sos)", planes), method_list_planes,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ListMigrations", SD_BUS_ARGS("s", plane, "b", ended),
                                SD_BUS_RESULT("aa{sv}", migrations), method_list_migrations,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Reload", SD_BUS_NO_ARGS, SD_BUS_RESULT("as", messages), method_reload,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Describe", SD_BUS_NO_ARGS, SD_BUS_RESULT("s", json), method_describe,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Plan", SD_BUS_ARGS("s", plane), SD_BUS_RESULT("s", operations), method_plan,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("PlanFiles", SD_BUS_ARGS("s", plane), SD_BUS_RESULT("s", operations, "as", messages),
                                method_plan_files, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_SIGNAL_WITH_ARGS("MigrationEnded", SD_BUS_ARGS("a{sv}", migration), 0),
        SD_BUS_VTABLE_END,
};

void manager_object_announce_ended(sd_bus *bus, const Plane *plane, const MigrationFigures *figures) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *signal = NULL;

        if (sd_bus_message_new_signal(bus, &signal, BUS_PATH, BUS_INTERFACE_MANAGER, "MigrationEnded") >= 0 &&
            migration_object_append(signal, plane, figures) >= 0)
                (void)sd_bus_send(bus, signal, NULL);
}

int manager_object_add(sd_bus *bus, BusContext *context) {
        return sd_bus_add_object_vtable(bus, NULL, BUS_PATH, BUS_INTERFACE_MANAGER, vtable, context);
}
