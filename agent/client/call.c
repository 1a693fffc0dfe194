// Connections and calls to the daemon, and what their errors mean.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "base/error.h"
#include "base/names.h"
#include "base/util.h"
#include "client/client.h"

// A change may wait for a person to type a password, which can take longer than sd-bus's 25 s.
#define CHANGE_TIMEOUT_USEC UINT64_C(300000000)

#define MATCH_DAEMON "type='signal',sender='" BUS_NAME "',path_namespace='" BUS_PATH "'"
#define MATCH_OWNER                                                                     \
        "type='signal',sender='org.freedesktop.DBus',interface='org.freedesktop.DBus'," \
        "path='/org/freedesktop/DBus',member='NameOwnerChanged',arg0='" BUS_NAME "'"

static const struct {
        const char *prefix; // of the error's name
        ClientResult result;
} bus_failures[] = {
        { BUS_ERROR_PREFIX "NoSuchPlane", CLIENT_NO_PLANE },
        { BUS_ERROR_PREFIX "ConfigurationFailed", CLIENT_BAD_CONFIGURATION },
        { BUS_ERROR_PREFIX "ApplyFailed", CLIENT_NOT_APPLIED },
        { "org.freedesktop.DBus.Error.UnknownObject", CLIENT_NO_PLANE },
        { "org.freedesktop.DBus.Error.ServiceUnknown", CLIENT_NO_DAEMON },
        { "org.freedesktop.DBus.Error.NameHasNoOwner", CLIENT_NO_DAEMON },
        { "org.freedesktop.DBus.Error.Spawn.", CLIENT_NO_DAEMON },
        { "org.freedesktop.systemd1.", CLIENT_NO_DAEMON },
        { "org.freedesktop.DBus.Error.NoServer", CLIENT_NO_BUS },
        { "org.freedesktop.DBus.Error.Disconnected", CLIENT_NO_BUS },
        { "System.Error.ENOTCONN", CLIENT_DISCONNECTED },
        { "System.Error.ECONNRESET", CLIENT_DISCONNECTED },
        { "System.Error.EPIPE", CLIENT_DISCONNECTED },
        { "org.freedesktop.DBus.Error.Timeout", CLIENT_TIMED_OUT },
        { "org.freedesktop.DBus.Error.NoReply", CLIENT_TIMED_OUT },
        { "org.freedesktop.DBus.Error.AccessDenied", CLIENT_DENIED },
        { "org.freedesktop.DBus.Error.InteractiveAuthorizationRequired", CLIENT_NEEDS_PASSWORD },
};

static ClientResult result_of(const sd_bus_error *error) {
        for (size_t i = 0; i < ELEMENTSOF(bus_failures); i++)
                if (strncmp(error->name, bus_failures[i].prefix, strlen(bus_failures[i].prefix)) == 0)
                        return bus_failures[i].result;
        return CLIENT_FAILED;
}

ClientResult client_failure(const char *what, const sd_bus_error *error, int r, Error *ret_error) {
        if (!error || !sd_bus_error_is_set(error)) {
                (void)error_set(ret_error, r, "%s: %s", what, strerror(-r));
                return r == -ETIMEDOUT ? CLIENT_TIMED_OUT : CLIENT_FAILED;
        }

        ClientResult result = result_of(error);
        if (result == CLIENT_NO_DAEMON || result == CLIENT_NO_BUS || result == CLIENT_DISCONNECTED)
                what = "Cannot reach migplaned";
        (void)error_set(ret_error, -sd_bus_error_get_errno(error), "%s: %s", what, error->message ?: error->name);
        return result;
}

static ClientResult client_open(Client *client, Error *ret_error) {
        if (client->bus)
                return CLIENT_DONE;

        int r = client->host ? sd_bus_open_system_remote(&client->bus, client->host) : sd_bus_open_system(&client->bus);
        if (r < 0) {
                (void)error_set(ret_error, r, "Cannot connect to %s: %s", client->host ?: "the system bus",
                                strerror(-r));
                return !client->host ? CLIENT_NO_BUS : r == -ETIMEDOUT ? CLIENT_TIMED_OUT : CLIENT_NO_HOST;
        }
        return CLIENT_DONE;
}

static int message_new(const Client *client, const ClientCall *call, sd_bus_message **ret) {
        _cleanup_message_ sd_bus_message *message = NULL;

        int r = sd_bus_message_new_method_call(client->bus, &message, BUS_NAME, call->path, call->interface,
                                               call->member);
        if (r < 0)
                return r;
        r = sd_bus_message_set_auto_start(message, client->may_start);
        if (r < 0)
                return r;
        r = call->is_change ? sd_bus_message_set_allow_interactive_authorization(message, client->ask_password) : 0;
        if (r < 0)
                return r;
        *ret = TAKE(message);
        return 0;
}

ClientResult client_message_new(Client *client, const ClientCall *call, sd_bus_message **ret, Error *ret_error) {
        ClientResult result = client_open(client, ret_error);
        if (result != CLIENT_DONE)
                return result;
        int r = message_new(client, call, ret);
        return r < 0 ? client_failure(call->member, NULL, r, ret_error) : CLIENT_DONE;
}

ClientResult client_message_send(Client *client, const ClientCall *call, sd_bus_message *message,
                                 sd_bus_message **ret_reply, Error *ret_error) {
        _cleanup_bus_error_ sd_bus_error error = SD_BUS_ERROR_NULL;
        uint64_t timeout = call->is_change && client->ask_password ? CHANGE_TIMEOUT_USEC : 0;

        int r = sd_bus_call(client->bus, message, timeout, &error, ret_reply);
        return r < 0 ? client_failure(call->member, &error, r, ret_error) : CLIENT_DONE;
}

ClientResult client_callv(Client *client, const ClientCall *call, sd_bus_message **ret_reply, Error *ret_error,
                          const char *types, va_list arguments) {
        _cleanup_message_ sd_bus_message *message = NULL;

        ClientResult result = client_message_new(client, call, &message, ret_error);
        if (result != CLIENT_DONE)
                return result;
        int r = types ? sd_bus_message_appendv(message, types, arguments) : 0;
        if (r < 0)
                return client_failure(call->member, NULL, r, ret_error);
        return client_message_send(client, call, message, ret_reply, ret_error);
}

ClientResult client_call(Client *client, const ClientCall *call, sd_bus_message **ret_reply, Error *ret_error,
                         const char *types, ...) {
        va_list arguments;

        va_start(arguments, types);
        ClientResult result = client_callv(client, call, ret_reply, ret_error, types, arguments);
        va_end(arguments);
        return result;
}

static int bus_start_local(sd_bus **ret) {
        const char *address = secure_getenv("DBUS_SYSTEM_BUS_ADDRESS") ?: "unix:path=/run/dbus/system_bus_socket";
        _cleanup_(sd_bus_unrefp) sd_bus *bus = NULL;

        int r = sd_bus_new(&bus);
        if (r < 0)
                return r;
        r = sd_bus_set_address(bus, address);
        if (r < 0)
                return r;
        r = sd_bus_set_bus_client(bus, true);
        if (r < 0)
                return r;
        r = sd_bus_set_watch_bind(bus, true);
        if (r < 0)
                return r;
        r = sd_bus_start(bus);
        if (r < 0)
                return r;
        *ret = TAKE(bus);
        return 0;
}

int client_start(Client *client) {
        client_deinit(client);
        return client->host ? sd_bus_open_system_remote(&client->bus, client->host) : bus_start_local(&client->bus);
}

// Both matches are sent before any later call, so that no change is missed after it.
int client_watch(Client *client, sd_bus_message_handler_t on_signal, sd_bus_message_handler_t on_owner,
                 void *userdata) {
        int r = sd_bus_add_match_async(client->bus, NULL, MATCH_DAEMON, on_signal, NULL, userdata);

        return r < 0 ? r : sd_bus_add_match_async(client->bus, NULL, MATCH_OWNER, on_owner, NULL, userdata);
}

void client_deinit(Client *client) {
        client->bus = sd_bus_flush_close_unref(client->bus);
}
