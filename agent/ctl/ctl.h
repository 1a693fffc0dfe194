// migplanectl: what its verbs share. It sees L0, the bus and, for `check` alone, config.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// What the daemon says is kept as JSON: --json prints it as it is, tables and status lines pick from it, and a property
// that this program does not know yet is shown all the same. Functions that return a CtlExit have told the reason of a
// failure on standard error.
#pragma once

#include <jansson.h>
#include <libsmartcols.h>
#include <systemd/sd-bus.h>

#include "base/inet.h"
#include "base/names.h"
#include "base/util.h"

// Exit codes, numbered as nmcli's.
typedef enum CtlExit {
        CTL_DONE = 0,
        CTL_FAILED = 1,
        CTL_USAGE = 2,
        CTL_TIMED_OUT = 3,
        CTL_NO_DAEMON = 8,
        CTL_NOT_FOUND = 10,
} CtlExit;

typedef enum CtlJson {
        CTL_JSON_OFF,
        CTL_JSON_SHORT,
        CTL_JSON_PRETTY,
} CtlJson;

typedef enum CtlColour {
        CTL_PLAIN,
        CTL_RED,
        CTL_GREEN,
        CTL_YELLOW,
        CTL_GREY,
        CTL_COLOUR_MAX,
} CtlColour;

// The command line, and the connection once there is one.
typedef struct Ctl {
        CtlJson json;
        bool pager, legend, ask_password, runtime;
        const char *host; // NULL: this machine
        bool has_network;
        Prefix network;
        uint64_t egress, ingress; // bits per second; 0: not given
        uint64_t timeout_usec;    // of wait-online; 0: none
        bool any;
        bool colours;
        sd_bus *bus;
} Ctl;

typedef CtlExit (*CtlVerb)(Ctl *ctl, int n_arguments, char **arguments);

CtlExit ctl_verb_list(Ctl *ctl, int n_arguments, char **arguments);
CtlExit ctl_verb_status(Ctl *ctl, int n_arguments, char **arguments);
CtlExit ctl_verb_address(Ctl *ctl, int n_arguments, char **arguments);
CtlExit ctl_verb_uri(Ctl *ctl, int n_arguments, char **arguments);
CtlExit ctl_verb_verify(Ctl *ctl, int n_arguments, char **arguments);
CtlExit ctl_verb_plan(Ctl *ctl, int n_arguments, char **arguments);
CtlExit ctl_verb_check(Ctl *ctl, int n_arguments, char **arguments);
CtlExit ctl_verb_reload(Ctl *ctl, int n_arguments, char **arguments);
CtlExit ctl_verb_set_bandwidth(Ctl *ctl, int n_arguments, char **arguments);
CtlExit ctl_verb_down(Ctl *ctl, int n_arguments, char **arguments);
CtlExit ctl_verb_up(Ctl *ctl, int n_arguments, char **arguments);
CtlExit ctl_verb_wait_online(Ctl *ctl, int n_arguments, char **arguments);
CtlExit ctl_verb_monitor(Ctl *ctl, int n_arguments, char **arguments);

// --- ctl-bus.c: calls and their errors

// Whatever the daemon announces, and its start and end.
#define CTL_MATCH_DAEMON "type='signal',sender='" BUS_NAME "',path_namespace='" BUS_PATH "'"
#define CTL_MATCH_OWNER                                                                              \
        "type='signal',sender='org.freedesktop.DBus',interface='org.freedesktop.DBus',"              \
        "path='/org/freedesktop/DBus',member='NameOwnerChanged',arg0='" BUS_NAME "'"

CtlExit ctl_connect(Ctl *ctl);
// Calls a method of the daemon; connects first where that has not been done. A change may ask for a password, and then
// waits longer for its answer. ret_reply may be NULL.
CtlExit ctl_call(Ctl *ctl, bool change, const char *path, const char *interface, const char *member,
                 sd_bus_message **ret_reply, const char *types, ...);
// Tells what failed, why, and what to do about it.
CtlExit ctl_bus_failure(const char *what, const sd_bus_error *error, int r);
// Any complete value at the message's read position. Dictionaries become objects, arrays and structures arrays.
int ctl_message_read_json(sd_bus_message *message, json_t **ret);

// --- ctl-planes.c: the planes and their properties

// All planes, an array sorted by name; each is an object of its properties and its "ObjectPath".
CtlExit ctl_planes_read(Ctl *ctl, json_t **ret_planes);
// The same from an answer of GetManagedObjects.
int ctl_planes_take(sd_bus_message *answer, json_t **ret_planes);
// Adds the properties that the daemon tells only when asked for by name; one that cannot be had is left out.
void ctl_plane_read_counters(Ctl *ctl, json_t *plane);
// The plane of that name; without a name the default plane, else the only one. The result is borrowed from planes.
CtlExit ctl_plane_pick(const json_t *planes, const char *name, json_t **ret_plane);

// Appends the planes of these names, or all, once every name has been found.
CtlExit ctl_planes_choose(const json_t *planes, int n_names, char **names, json_t *chosen);

// A missing property reads as "", 0 and false.
const char *ctl_plane_string(const json_t *plane, const char *property);
uint64_t ctl_plane_number(const json_t *plane, const char *property);
bool ctl_plane_flag(const json_t *plane, const char *property);
// The whole rule for initiators: healthy or degraded.
bool ctl_plane_is_usable(const json_t *plane);
// The text of the gravest of HealthReasons, or "no reason given".
const char *ctl_plane_reason(const json_t *plane);

// --- ctl-output.c: terminals, colours, numbers for people

void ctl_output_init(Ctl *ctl);

typedef struct CtlColumn {
        const char *title;
        const char *key; // of the objects that lines are made of
        int flags;       // SCOLS_FL_*
} CtlColumn;

// A table with these columns, coloured and with a heading where that is wanted; NULL without memory.
struct libscols_table *ctl_table_new(const Ctl *ctl, const CtlColumn *columns, size_t n_columns);
// From here on standard output goes through the pager, if there is a person to page for.
void ctl_pager_open(Ctl *ctl);
void ctl_pager_close(void);
CtlExit ctl_json_print(const Ctl *ctl, const json_t *value);
// Escape sequences; "" where no colours are wanted.
const char *ctl_colour(const Ctl *ctl, CtlColour colour);
CtlColour ctl_health_colour(const char *health);
const char *ctl_health_dot(const char *health);

enum {
        CTL_NUMBER_MAX = 40
};
// "2.5 Gbit/s", exact, or "not capped"; "12.4 GB", rounded.
const char *ctl_format_rate(uint64_t bits_per_second, char ret[static CTL_NUMBER_MAX]);
const char *ctl_format_bytes(uint64_t bytes, char ret[static CTL_NUMBER_MAX]);

static inline void ctl_json_unref(json_t **value) {
        json_decref(*value);
        *value = NULL;
}
static inline void ctl_message_unref(sd_bus_message **message) {
        *message = sd_bus_message_unref(*message);
}
static inline void ctl_table_unref(struct libscols_table **table) {
        scols_unref_table(*table);
}
#define _cleanup_table_ _cleanup_(ctl_table_unref)
#define _cleanup_json_ _cleanup_(ctl_json_unref)
#define _cleanup_message_ _cleanup_(ctl_message_unref)
#define _cleanup_bus_error_ _cleanup_(sd_bus_error_free)
