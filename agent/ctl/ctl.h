// migplanectl: what its verbs share.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// The daemon's answers are kept as JSON: --json prints them unchanged, with properties that are newer than this
// program; tables and status lines pick from them. A function that returns a CtlExit prints the reason of a failure on
// standard error.
#pragma once

#include <jansson.h>
#include <libsmartcols.h>

#include "base/inet.h"
#include "base/util.h"
#include "client/client.h"

// Exit codes with nmcli's numbers.
typedef enum CtlExit {
        CTL_DONE = 0,
        CTL_FAILED = 1,
        CTL_USAGE = 2,
        CTL_TIMED_OUT = 3,
        CTL_UNUSABLE = 3, // of status, as systemctl's
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

typedef struct CtlRate {
        bool is_given;
        uint64_t bits_per_second; // 0: no cap
} CtlRate;

// The options of the command line, and the connection.
typedef struct Ctl {
        Client client;
        CtlJson json;
        bool pager, legend;
        bool has_network;
        Prefix network;
        CtlRate egress, ingress;
        bool reset, runtime;
        bool files;            // of plan
        bool force;            // of address and uri
        bool bits;             // rates as numbers
        uint64_t timeout_usec; // of wait-online; 0: none
        bool any;
        bool all; // of release: all planes; of migrations: those that have ended as well
        bool colours;
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
CtlExit ctl_verb_release(Ctl *ctl, int n_arguments, char **arguments);
CtlExit ctl_verb_up(Ctl *ctl, int n_arguments, char **arguments);
CtlExit ctl_verb_wait_online(Ctl *ctl, int n_arguments, char **arguments);
CtlExit ctl_verb_migrations(Ctl *ctl, int n_arguments, char **arguments);
CtlExit ctl_verb_monitor(Ctl *ctl, int n_arguments, char **arguments);

// --- call.c: calls to the daemon, and what their failures mean to a person

// client_call and client_planes_read, with a message on standard error for a failure.
CtlExit ctl_call(Ctl *ctl, const ClientCall *call, sd_bus_message **ret_reply, const char *types, ...);
CtlExit ctl_planes_read(Ctl *ctl, json_t **ret_planes);
// Prints what failed, why, and what to do about it.
CtlExit ctl_failure(ClientResult result, const Error *error);
// The same for a negative errno of this program's own.
CtlExit ctl_failure_errno(const char *what, int r);

// --- password.c: polkit's agent on a terminal

// Starts an agent that asks for a password on this terminal, and waits until polkit knows it. Does nothing for root,
// for another host, without a terminal, with --no-ask-password, and where pkttyagent(1) is not installed.
void ctl_password_agent_start(const Ctl *ctl);
void ctl_password_agent_stop(void);

// --- pick.c: the planes that the command line names

// The plane of that name; without a name the default plane, else the only one. The result is borrowed from planes.
CtlExit ctl_plane_pick(const json_t *planes, const char *name, json_t **ret_plane);
// Appends the planes of these names, or all without names. An unknown name is a failure.
CtlExit ctl_planes_choose(json_t *planes, int n_names, char **names, json_t *chosen);

// --- messages.c: errors and warnings about the planes' files

// "PATH:LINE: error: TEXT" as an object of Plane, Severity (error, warning or note), Path, Line (0: the file as a
// whole) and Text. NULL when out of memory.
json_t *ctl_message_parse(const char *message);
// Appends the messages of the planes of these names, or all, from an array of strings; each also has its whole Message.
int ctl_messages_read(sd_bus_message *reply, int n_names, char **names, json_t *messages);
// Of this plane; NULL: of any.
bool ctl_messages_have_error(const json_t *messages, const char *plane);
void ctl_messages_log(const json_t *messages);

// --- output.c: terminals, colours, numbers for people

void ctl_output_init(Ctl *ctl);
// Prints "KEY: " and the text, which continues below itself where the terminal is too narrow for it.
void ctl_line_print(const char *key, const char *text);

typedef struct CtlColumn {
        const char *title;
        const char *key; // of the JSON object that gives a line
        int flags;       // SCOLS_FL_*
} CtlColumn;

// Prints a table with these columns, with colours and a heading as the options say, and a line or more for each element
// of rows. add_row: 0, or a negative errno, which is returned.
int ctl_table_print(const Ctl *ctl, const CtlColumn *columns, size_t n_columns, const json_t *rows,
                    int (*add_row)(const Ctl *ctl, struct libscols_table *table, const json_t *row));
// Sends standard output through the pager from now on, if it is a terminal and a pager is wanted.
void ctl_pager_open(Ctl *ctl);
void ctl_pager_close(void);
CtlExit ctl_json_print(const Ctl *ctl, const json_t *value);
// The escape sequence; "" without colours.
const char *ctl_colour(const Ctl *ctl, CtlColour colour);
// What a person reads as the health: "down" for a plane that was taken down, whose health is failed.
const char *ctl_health_word(const json_t *plane);
CtlColour ctl_health_colour(const char *health);
const char *ctl_health_dot(const char *health);

enum { CTL_NUMBER_MAX = 40 };
// "2.5 Gbit/s" (exact) or "not capped"; "12.4 GB" (rounded).
const char *ctl_format_rate(uint64_t bits_per_second, char ret[static CTL_NUMBER_MAX]);
const char *ctl_format_bytes(uint64_t bytes, char ret[static CTL_NUMBER_MAX]);

static inline void ctl_table_unref(struct libscols_table **table) {
        scols_unref_table(*table);
}
#define _cleanup_table_ _cleanup_(ctl_table_unref)
