// Calls to org.migplane1: what every program that asks the daemon shares.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// Nothing here prints or exits. A call returns a ClientResult, the kind of failure, and fills an Error with a text for
// a person. Values are kept as JSON, so that properties which are newer than the program are included.
#pragma once

#include <jansson.h>
#include <stdarg.h>
#include <systemd/sd-bus.h>

#include "base/error.h"
#include "base/util.h"

typedef enum ClientResult {
        CLIENT_DONE,
        CLIENT_FAILED,       // for a reason that only the text gives
        CLIENT_NO_PLANE,     // the daemon has no plane of that name
        CLIENT_NO_DAEMON,    // the daemon does not run
        CLIENT_NO_BUS,       // there is no system bus
        CLIENT_NO_HOST,      // the connection to the other host could not be started
        CLIENT_DISCONNECTED, // the connection ended before the answer came
        CLIENT_TIMED_OUT,
        CLIENT_DENIED,            // not authorised
        CLIENT_NEEDS_PASSWORD,    // authorised with a password, and none may be asked for
        CLIENT_BAD_CONFIGURATION, // the files have errors
        CLIENT_NOT_APPLIED,       // the kernel did not take all of the change
        CLIENT_RESULT_MAX,
} ClientResult;

typedef struct Client {
        sd_bus *bus;       // NULL until the first call
        const char *host;  // [USER@]HOST, over SSH; NULL: this machine
        bool ask_password; // whether a change may ask for one
        bool may_start;    // whether a call may start the daemon, which works only while its unit is enabled
} Client;

typedef struct ClientCall {
        const char *path, *interface, *member;
        bool is_change; // may ask for a password, and then waits longer for the answer
} ClientCall;

// --- call.c

// Calls a method of the daemon; the first call connects. types describes the arguments as for sd_bus_message_append;
// NULL: no arguments. ret_reply may be NULL.
ClientResult client_call(Client *client, const ClientCall *call, sd_bus_message **ret_reply, Error *ret_error,
                         const char *types, ...);
ClientResult client_callv(Client *client, const ClientCall *call, sd_bus_message **ret_reply, Error *ret_error,
                          const char *types, va_list arguments);
// The same in two steps, for arguments that types cannot describe.
ClientResult client_message_new(Client *client, const ClientCall *call, sd_bus_message **ret, Error *ret_error);
ClientResult client_message_send(Client *client, const ClientCall *call, sd_bus_message *message,
                                 sd_bus_message **ret_reply, Error *ret_error);
// The kind of failure of an error reply, or, without an error, of the negative errno r. what: what was attempted.
ClientResult client_failure(const char *what, const sd_bus_error *error, int r, Error *ret_error);

// Starts a new connection and does not wait for it. A system bus without a socket is connected to when it appears.
int client_start(Client *client);
// Has on_signal called for every signal of the daemon, and on_owner (NameOwnerChanged) when the daemon starts or stops.
int client_watch(Client *client, sd_bus_message_handler_t on_signal, sd_bus_message_handler_t on_owner, void *userdata);
void client_deinit(Client *client);

// --- value.c

// Reads one complete value of any type. Dictionaries become objects; arrays and structures become arrays.
int client_read_json(sd_bus_message *message, json_t **ret);

// --- planes.c

// All planes, as an array sorted by name. Each is an object of the plane's properties and its "ObjectPath".
ClientResult client_planes_read(Client *client, json_t **ret_planes, Error *ret_error);
// Requests the same without waiting and without starting the daemon. client_planes_take reads the answer.
int client_planes_ask(Client *client, sd_bus_message_handler_t on_answer, void *userdata);
int client_planes_take(sd_bus_message *answer, json_t **ret_planes);
// Whether files of planes were edited since the daemon read them; false if it cannot be asked.
bool client_need_reload(Client *client);
// The properties of org.migplane1.Manager, as an object.
ClientResult client_manager_read(Client *client, json_t **ret_manager, Error *ret_error);
// Adds the properties that GetManagedObjects leaves out. One that cannot be read stays missing.
void client_plane_read_counters(Client *client, json_t *plane);

// Borrowed from planes; NULL if there is none. The default plane is the one with Default=yes, else the only one.
json_t *client_planes_find(const json_t *planes, const char *name);
json_t *client_planes_find_default(const json_t *planes);

// A missing property reads as "", 0 and false.
const char *client_plane_string(const json_t *plane, const char *property);
uint64_t client_plane_number(const json_t *plane, const char *property);
bool client_plane_flag(const json_t *plane, const char *property);
// The rule for initiators: the plane is healthy or degraded.
bool client_plane_is_usable(const json_t *plane);
// Taken down by request, and so not to be waited for.
bool client_plane_is_down(const json_t *plane);
// The text of the gravest reason, or "no reason given".
const char *client_plane_reason(const json_t *plane);

#define _cleanup_json_ _cleanup_(json_decrefp)
#define _cleanup_message_ _cleanup_(sd_bus_message_unrefp)
#define _cleanup_bus_error_ _cleanup_(sd_bus_error_free)
