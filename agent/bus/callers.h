// The user of each caller, and each user's share of the daemon's time.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <sys/types.h>
#include <systemd/sd-bus.h>

#include "base/util.h"

#define CALLER_UNKNOWN ((uid_t)-1)

enum {
        CALLERS_MAX = 1024, // connections whose user is remembered
        CALLER_USERS_MAX = 64,
};

// What a user has left of his share.
typedef struct CallerUser {
        uid_t user;
        int64_t budget_usec;
        uint64_t at_usec; // when that was counted; 0: a free place
} CallerUser;

typedef struct Caller {
        char *name; // of the connection; NULL: a free place
        uid_t user;
} Caller;

typedef struct HeldCalls HeldCalls;

typedef struct Callers {
        sd_bus *bus;
        sd_bus_slot *filter;
        sd_event_source *handled; // after each call
        Caller *callers;          // CALLERS_MAX, by the hash of the name
        CallerUser users[CALLER_USERS_MAX];
        HeldCalls *held;     // one for each connection that the bus is asked about
        uid_t user;          // whose call is being handled, or CALLER_UNKNOWN
        CallerUser *charged; // pays for the call that is being handled; NULL: no limit
        uint64_t began_usec;
} Callers;

// From then on a call reaches the objects only while its user has time left. Others are answered LimitsExceeded. 0 or a
// negative errno; deinit is needed in both cases.
int callers_init(Callers *callers, sd_bus *bus, sd_event *event);
void callers_deinit(Callers *callers);
// For a call that is being handled and needs its user, who is unknown: it is handled again when the bus has told him.
// To be returned from the handler.
int callers_hold(Callers *callers, sd_bus_message *call, sd_bus_error *ret_error);
