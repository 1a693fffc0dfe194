// org.freedesktop.LogControl1
// SPDX-License-Identifier: GPL-2.0-or-later

#include "bus/log-control.h"

#include <stddef.h>

#include "base/log.h"
#include "base/util.h"
#include "bus/context.h"
#include "bus/polkit.h"

#define PATH "/org/freedesktop/LogControl1"
#define INTERFACE "org.freedesktop.LogControl1"

static int get_log_level(sd_bus *bus _unused_, const char *path _unused_, const char *interface _unused_,
                         const char *property _unused_, sd_bus_message *reply, void *userdata _unused_,
                         sd_bus_error *ret_error _unused_) {
        return sd_bus_message_append(reply, "s", log_level_to_string(log_get_max_level()));
}

static int get_log_target(sd_bus *bus _unused_, const char *path _unused_, const char *interface _unused_,
                          const char *property _unused_, sd_bus_message *reply, void *userdata _unused_,
                          sd_bus_error *ret_error _unused_) {
        return sd_bus_message_append(reply, "s", log_is_journal() ? "journal" : "console");
}

static int get_identifier(sd_bus *bus _unused_, const char *path _unused_, const char *interface _unused_,
                          const char *property _unused_, sd_bus_message *reply, void *userdata _unused_,
                          sd_bus_error *ret_error _unused_) {
        return sd_bus_message_append(reply, "s", "migplaned");
}

// Never called: on_call comes first.
static int set_nothing(sd_bus *bus _unused_, const char *path _unused_, const char *interface _unused_,
                       const char *property _unused_, sd_bus_message *value _unused_, void *userdata _unused_,
                       sd_bus_error *ret_error _unused_) {
        return -EOPNOTSUPP;
}

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_WRITABLE_PROPERTY("LogLevel", "s", get_log_level, set_nothing, 0, 0),
        SD_BUS_WRITABLE_PROPERTY("LogTarget", "s", get_log_target, set_nothing, 0, 0),
        SD_BUS_PROPERTY("SyslogIdentifier", "s", get_identifier, 0, 0),
        SD_BUS_VTABLE_END,
};

// The level that a call sets, or a negative errno.
static int level_read(sd_bus_message *call, sd_bus_error *ret_error) {
        const char *interface, *property, *value;

        int r = sd_bus_message_rewind(call, true);
        if (r < 0)
                return r;
        if (!sd_bus_message_has_signature(call, "ssv"))
                return -EINVAL;
        r = sd_bus_message_read(call, "ss", &interface, &property);
        if (r < 0)
                return r;
        if (!streq(interface, INTERFACE) || !streq(property, "LogLevel"))
                return sd_bus_error_set(ret_error, SD_BUS_ERROR_NOT_SUPPORTED,
                                        "Only LogLevel can be set; the log always goes to standard error.");
        r = sd_bus_message_read(call, "v", "s", &value);
        if (r < 0)
                return r;
        int level = log_level_from_string(value);
        return level < 0 ? sd_bus_error_set(ret_error, SD_BUS_ERROR_INVALID_ARGS, "This is not a log level.") : level;
}

static int set_proceed(sd_bus_message *call, void *userdata _unused_, sd_bus_error *ret_error) {
        int level = level_read(call, ret_error);
        if (level < 0)
                return level;
        log_set_max_level(level);
        return sd_bus_reply_method_return(call, "");
}

// sd-bus itself would ask the bus who the caller is, and block until the answer.
static int on_call(sd_bus_message *call, void *userdata, sd_bus_error *ret_error) {
        BusContext *context = userdata;

        if (!sd_bus_message_is_method_call(call, "org.freedesktop.DBus.Properties", "Set"))
                return 0;
        int level = level_read(call, ret_error);
        if (level < 0)
                return level;
        return polkit_authorize(&context->polkit, &context->callers, call, "org.migplane1.manage", "", set_proceed,
                                context, ret_error);
}

int log_control_add(sd_bus *bus, BusContext *context) {
        int r = sd_bus_add_object(bus, NULL, PATH, on_call, context);
        return r < 0 ? r : sd_bus_add_object_vtable(bus, NULL, PATH, INTERFACE, vtable, NULL);
}
