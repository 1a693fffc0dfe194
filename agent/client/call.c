// migplanectl: calls to the daemon, what their errors mean to a person, and values read as JSON.
// SPDX-License-Identifier: GPL-2.0-or-later

#include <stdarg.h>

#include "base/log.h"
#include "base/names.h"
#include "base/util.h"
#include "ctl/ctl.h"

// A change may wait for somebody to type a password, which takes longer than sd-bus's 25 s.
#define CHANGE_TIMEOUT_USEC UINT64_C(300000000)

#define START_THE_DAEMON "is it running? systemctl status migplaned"
#define CONNECTION_CLOSED "with --host: does ssh to it work?"

static const struct {
        const char *prefix; // of the error's name
        CtlExit exit;
        const char *advice;
} bus_failures[] = {
        { BUS_ERROR_PREFIX "NoSuchPlane", CTL_NOT_FOUND, "migplanectl list shows the planes there are" },
        { "org.freedesktop.DBus.Error.UnknownObject", CTL_NOT_FOUND, "migplanectl list shows the planes there are" },
        { "org.freedesktop.DBus.Error.ServiceUnknown", CTL_NO_DAEMON, START_THE_DAEMON },
        { "org.freedesktop.DBus.Error.NameHasNoOwner", CTL_NO_DAEMON, START_THE_DAEMON },
        { "org.freedesktop.DBus.Error.Spawn.", CTL_NO_DAEMON, START_THE_DAEMON },
        { "org.freedesktop.systemd1.", CTL_NO_DAEMON, START_THE_DAEMON },
        { "org.freedesktop.DBus.Error.NoServer", CTL_NO_DAEMON, "is the system bus running?" },
        { "org.freedesktop.DBus.Error.Disconnected", CTL_NO_DAEMON, "is the system bus running?" },
        { "System.Error.ENOTCONN", CTL_NO_DAEMON, CONNECTION_CLOSED },
        { "System.Error.ECONNRESET", CTL_NO_DAEMON, CONNECTION_CLOSED },
        { "System.Error.EPIPE", CTL_NO_DAEMON, CONNECTION_CLOSED },
        { "org.freedesktop.DBus.Error.Timeout", CTL_TIMED_OUT, "the journal may say more: journalctl -u migplaned" },
        { "org.freedesktop.DBus.Error.NoReply", CTL_TIMED_OUT, "the journal may say more: journalctl -u migplaned" },
        { "org.freedesktop.DBus.Error.AccessDenied", CTL_FAILED,
          "run it as root, or have polkit allow you the actions org.migplane1.*" },
        { "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired", CTL_FAILED,
          "run it as root, or without --no-ask-password on a terminal" },
        { BUS_ERROR_PREFIX "ConfigurationFailed", CTL_FAILED, "migplanectl check names files and lines" },
        { BUS_ERROR_PREFIX "ApplyFailed", CTL_FAILED, "migplanectl status tells what holds now" },
};

CtlExit ctl_bus_failure(const char *what, const sd_bus_error *error, int r) {
        if (!error || !sd_bus_error_is_set(error)) {
                log_error("%s: %s", what, strerror(-r));
                return r == -ETIMEDOUT ? CTL_TIMED_OUT : CTL_FAILED;
        }

        const char *text = error->message ? error->message : error->name;
        for (size_t i = 0; i < ELEMENTSOF(bus_failures); i++) {
                if (strncmp(error->name, bus_failures[i].prefix, strlen(bus_failures[i].prefix)) != 0)
                        continue;
                if (bus_failures[i].exit == CTL_NO_DAEMON)
                        what = "Cannot reach migplaned";
                log_error("%s: %s (%s)", what, text, bus_failures[i].advice);
                return bus_failures[i].exit;
        }
        log_error("%s: %s", what, text);
        return CTL_FAILED;
}

CtlExit ctl_connect(Ctl *ctl) {
        if (ctl->bus)
                return CTL_DONE;

        int r = ctl->host ? sd_bus_open_system_remote(&ctl->bus, ctl->host) : sd_bus_open_system(&ctl->bus);
        if (r >= 0)
                return CTL_DONE;
        if (ctl->host) {
                log_error("Cannot connect to %s: %s (does 'ssh %s' work?)", ctl->host, strerror(-r), ctl->host);
                return r == -ETIMEDOUT ? CTL_TIMED_OUT : CTL_FAILED;
        }
        log_error("Cannot connect to the system bus: %s (is dbus running?)", strerror(-r));
        return CTL_NO_DAEMON;
}

CtlExit ctl_call(Ctl *ctl, bool change, const char *path, const char *interface, const char *member,
                 sd_bus_message **ret_reply, const char *types, ...) {
        CtlExit code = ctl_connect(ctl);
        if (code != CTL_DONE)
                return code;

        _cleanup_message_ sd_bus_message *call = NULL;
        int r = sd_bus_message_new_method_call(ctl->bus, &call, BUS_NAME, path, interface, member);
        if (r >= 0 && types) {
                va_list arguments;
                va_start(arguments, types);
                r = sd_bus_message_appendv(call, types, arguments);
                va_end(arguments);
        }
        if (r >= 0 && change)
                r = sd_bus_message_set_allow_interactive_authorization(call, ctl->ask_password);
        if (r < 0)
                return ctl_bus_failure(member, NULL, r);

        _cleanup_bus_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        r = sd_bus_call(ctl->bus, call, change && ctl->ask_password ? CHANGE_TIMEOUT_USEC : 0, &error, ret_reply);
        if (r < 0)
                return ctl_bus_failure(member, &error, r);
        return CTL_DONE;
}

static int message_read_basic(sd_bus_message *message, char type, json_t **ret) {
        union {
                const char *string;
                uint8_t byte;
                int boolean;
                int16_t int16;
                uint16_t uint16;
                int32_t int32;
                uint32_t uint32;
                int64_t int64;
                uint64_t uint64;
                double real;
        } value = {};

        int r = sd_bus_message_read_basic(message, type, &value);
        if (r < 0)
                return r;

        json_t *json = NULL;
        switch (type) {
        case SD_BUS_TYPE_STRING:
        case SD_BUS_TYPE_OBJECT_PATH:
        case SD_BUS_TYPE_SIGNATURE: json = json_string(value.string); break;
        case SD_BUS_TYPE_BOOLEAN: json = json_boolean(value.boolean); break;
        case SD_BUS_TYPE_BYTE: json = json_integer(value.byte); break;
        case SD_BUS_TYPE_INT16: json = json_integer(value.int16); break;
        case SD_BUS_TYPE_UINT16: json = json_integer(value.uint16); break;
        case SD_BUS_TYPE_INT32: json = json_integer(value.int32); break;
        case SD_BUS_TYPE_UINT32: json = json_integer(value.uint32); break;
        case SD_BUS_TYPE_INT64: json = json_integer(value.int64); break;
        case SD_BUS_TYPE_UINT64:
                json = json_integer(value.uint64 > INT64_MAX ? INT64_MAX : (json_int_t)value.uint64);
                break;
        case SD_BUS_TYPE_DOUBLE: json = json_real(value.real); break;
        }
        if (!json)
                return -ENOMEM;
        *ret = json;
        return 0;
}

static int message_read_item(sd_bus_message *message, json_t *array) {
        json_t *value;

        int r = ctl_message_read_json(message, &value);
        if (r < 0)
                return r;
        return json_array_append_new(array, value) < 0 ? -ENOMEM : 0;
}

static int message_read_entry(sd_bus_message *message, json_t *object) {
        _cleanup_json_ json_t *key = NULL;
        json_t *value;

        int r = sd_bus_message_enter_container(message, SD_BUS_TYPE_DICT_ENTRY, NULL);
        if (r < 0)
                return r;
        r = ctl_message_read_json(message, &key);
        if (r < 0)
                return r;
        if (!json_is_string(key))
                return -EBADMSG;
        r = ctl_message_read_json(message, &value);
        if (r < 0)
                return r;
        if (json_object_set_new(object, json_string_value(key), value) < 0)
                return -ENOMEM;
        return sd_bus_message_exit_container(message);
}

static int message_read_container(sd_bus_message *message, char type, const char *contents, json_t **ret) {
        bool dictionary = type == SD_BUS_TYPE_ARRAY && contents[0] == SD_BUS_TYPE_DICT_ENTRY_BEGIN;
        _cleanup_json_ json_t *json = dictionary ? json_object() : json_array();
        int r;

        if (!json)
                return -ENOMEM;
        r = sd_bus_message_enter_container(message, type, contents);
        while (r >= 0) {
                r = sd_bus_message_at_end(message, false);
                if (r != 0)
                        break;
                r = dictionary ? message_read_entry(message, json) : message_read_item(message, json);
        }
        if (r >= 0)
                r = sd_bus_message_exit_container(message);
        if (r < 0)
                return r;
        *ret = TAKE(json);
        return 0;
}

static int message_read_variant(sd_bus_message *message, const char *contents, json_t **ret) {
        _cleanup_json_ json_t *json = NULL;

        int r = sd_bus_message_enter_container(message, SD_BUS_TYPE_VARIANT, contents);
        if (r >= 0)
                r = ctl_message_read_json(message, &json);
        if (r >= 0)
                r = sd_bus_message_exit_container(message);
        if (r < 0)
                return r;
        *ret = TAKE(json);
        return 0;
}

int ctl_message_read_json(sd_bus_message *message, json_t **ret) {
        const char *contents;
        char type;

        int r = sd_bus_message_peek_type(message, &type, &contents);
        if (r < 0)
                return r;
        if (r == 0)
                return -EBADMSG;

        switch (type) {
        case SD_BUS_TYPE_ARRAY:
        case SD_BUS_TYPE_STRUCT: return message_read_container(message, type, contents, ret);
        case SD_BUS_TYPE_VARIANT: return message_read_variant(message, contents, ret);
        default: return message_read_basic(message, type, ret);
        }
}
