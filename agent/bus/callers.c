// The user of each caller, and each user's share of the daemon's time.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// Every user may read, and one thread answers and repairs. So each user has a share of that thread's time, however many
// connections the user has; root and the daemon's own user have no limit. A message does not name its user, so the
// daemon asks the bus once for each connection. Until the bus answers, all such connections share one budget, and
// further calls are held. The daemon refuses a call faster than dbus-daemon delivers the next one, so refused calls do
// not delay other users.

#include "bus/callers.h"

#include <unistd.h>

#include "base/clock.h"
#include "base/util.h"

enum {
        HELD_MAX = 32, // calls of one connection
        BUDGET_USEC = 250000,
        CHARGE_MAX_USEC = 10000, // for one call: what takes longer reads the kernel, and others share that answer
        SHARE = 4,               // a user gets the fourth part of the time
};
#define ANSWER_USEC UINT64_C(10000000)

struct HeldCalls {
        HeldCalls *next;
        Callers *callers;
        char *name;
        sd_bus_slot *slot;
        sd_bus_message *calls[HELD_MAX];
        size_t n_calls;
};

// --- whose connection it is ---

// Connections that share a place push each other out, and the bus is asked again. Names are never used twice.
static Caller *caller_place(const Callers *callers, const char *name) {
        return &callers->callers[hash_bytes(HASH_INIT, name, strlen(name)) % CALLERS_MAX];
}

static int caller_remember(const Callers *callers, const char *name, uid_t user) {
        Caller *caller = caller_place(callers, name);
        char *copy = strdup(name);

        if (!copy)
                return -ENOMEM;
        free(caller->name);
        *caller = (Caller){ .name = copy, .user = user };
        return 0;
}

static HeldCalls *held_free(HeldCalls *held) {
        if (!held)
                return NULL;
        for (HeldCalls **link = &held->callers->held; *link; link = &(*link)->next)
                if (*link == held) {
                        *link = held->next;
                        break;
                }
        sd_bus_slot_unref(held->slot);
        for (size_t i = 0; i < held->n_calls; i++)
                sd_bus_message_unref(held->calls[i]);
        free(held->name);
        free(held);
        return NULL;
}

// The caller's user, as the bus daemon got it from the kernel. The calls are handled after this answer, in their order
// and before what is still to be read.
static int on_user(sd_bus_message *answer, void *userdata, sd_bus_error *ret_error _unused_) {
        HeldCalls *held = userdata;
        uint32_t user;
        bool known = !sd_bus_message_is_method_error(answer, NULL) && sd_bus_message_read(answer, "u", &user) >= 0 &&
                     caller_remember(held->callers, held->name, user) >= 0;

        for (size_t i = 0; i < held->n_calls; i++)
                if (!known || sd_bus_enqueue_for_read(held->callers->bus, held->calls[i]) < 0)
                        (void)sd_bus_reply_method_errorf(held->calls[i], SD_BUS_ERROR_ACCESS_DENIED,
                                                         "The bus does not say whose call this is.");
        held_free(held);
        return 1;
}

static int bus_ask(HeldCalls *held) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;

        int r = sd_bus_message_new_method_call(held->callers->bus, &message, "org.freedesktop.DBus",
                                               "/org/freedesktop/DBus", "org.freedesktop.DBus",
                                               "GetConnectionUnixUser");
        if (r < 0)
                return r;
        r = sd_bus_message_append(message, "s", held->name);
        return r < 0 ? r : sd_bus_call_async(held->callers->bus, &held->slot, message, on_user, held, ANSWER_USEC);
}

static int held_new(Callers *callers, const char *name, HeldCalls **ret) {
        HeldCalls *held = calloc(1, sizeof(*held));

        if (!held)
                return -ENOMEM;
        *held = (HeldCalls){ .next = callers->held, .callers = callers, .name = strdup(name) };
        callers->held = held;
        int r = held->name ? bus_ask(held) : -ENOMEM;
        if (r < 0) {
                held_free(held);
                return r;
        }
        *ret = held;
        return 0;
}

// Asks the bus, unless it has been asked.
static int held_get(Callers *callers, const char *name, HeldCalls **ret) {
        HeldCalls *held = callers->held;

        while (held && !streq(held->name, name))
                held = held->next;
        *ret = held;
        return held ? 0 : held_new(callers, name, ret);
}

static int too_many(sd_bus_error *ret_error) {
        return sd_bus_error_set(ret_error, SD_BUS_ERROR_LIMITS_EXCEEDED, "Too many calls at once; try again later.");
}

int callers_hold(Callers *callers, sd_bus_message *call, sd_bus_error *ret_error) {
        HeldCalls *held;

        int r = held_get(callers, sd_bus_message_get_sender(call), &held);
        if (r < 0)
                return r;
        if (held->n_calls == HELD_MAX)
                return too_many(ret_error);
        held->calls[held->n_calls++] = sd_bus_message_ref(call);
        return 1;
}

// --- what a user may take ---

// The user whose last call is the oldest loses the place.
static CallerUser *user_find(Callers *callers, uid_t user, uint64_t now_usec) {
        CallerUser *oldest = &callers->users[0];

        for (size_t i = 0; i < ELEMENTSOF(callers->users); i++) {
                CallerUser *found = &callers->users[i];
                if (found->at_usec > 0 && found->user == user)
                        return found;
                if (found->at_usec < oldest->at_usec)
                        oldest = found;
        }
        *oldest = (CallerUser){ .user = user, .budget_usec = BUDGET_USEC, .at_usec = now_usec };
        return oldest;
}

static bool has_time(CallerUser *user, uint64_t now_usec) {
        const uint64_t more_usec = (now_usec - user->at_usec) / SHARE;

        // Less than a microsecond is left for the next time.
        if (more_usec > 0)
                user->at_usec = now_usec;
        user->budget_usec = more_usec > BUDGET_USEC ? BUDGET_USEC : user->budget_usec + (int64_t)more_usec;
        if (user->budget_usec > BUDGET_USEC)
                user->budget_usec = BUDGET_USEC;
        return user->budget_usec > 0;
}

// After the call was handled, and before anything else is.
static int on_handled(sd_event_source *source _unused_, void *userdata) {
        Callers *callers = userdata;

        if (callers->charged) {
                const uint64_t taken_usec = clock_now_usec() - callers->began_usec;
                callers->charged->budget_usec -= taken_usec < CHARGE_MAX_USEC ? (int64_t)taken_usec : CHARGE_MAX_USEC;
                callers->charged = NULL;
        }
        return 0;
}

// Whether the user has time left, from which the call is taken.
static bool call_charge(Callers *callers, uid_t user) {
        if (user == 0 || user == geteuid())
                return true;
        callers->began_usec = clock_now_usec();
        callers->charged = user_find(callers, user, callers->began_usec);
        if (has_time(callers->charged, callers->began_usec))
                return sd_event_source_set_enabled(callers->handled, SD_EVENT_ONESHOT) >= 0;
        callers->charged = NULL;
        return false;
}

static int call_of_user(Callers *callers, uid_t user, sd_bus_error *ret_error) {
        callers->user = user;
        if (call_charge(callers, user))
                return 0;
        return sd_bus_error_setf(ret_error, SD_BUS_ERROR_LIMITS_EXCEEDED,
                                 "User %u calls too often: a user gets a fourth of the daemon's time; try again later.",
                                 user);
}

// A call with another signature may be large, so it is refused instead of held.
static bool may_be_held(sd_bus_message *call) {
        static const char *const signatures[] = { "", "s", "sb", "ss", "ssv", "ttb", "a{sv}" };

        for (size_t i = 0; i < ELEMENTSOF(signatures); i++)
                if (sd_bus_message_has_signature(call, signatures[i]) > 0)
                        return true;
        return false;
}

// The calls of a connection stay in order.
static int call_of_stranger(Callers *callers, sd_bus_message *call, const char *name, sd_bus_error *ret_error) {
        HeldCalls *held;

        int r = held_get(callers, name, &held);
        if (r < 0)
                return r;
        if (held->n_calls == 0 && call_charge(callers, CALLER_UNKNOWN))
                return 0;
        return may_be_held(call) ? callers_hold(callers, call, ret_error) : too_many(ret_error);
}

// --- calls ---

static int on_message(sd_bus_message *message, void *userdata, sd_bus_error *ret_error) {
        const char *name = sd_bus_message_get_sender(message);
        Callers *callers = userdata;

        callers->user = CALLER_UNKNOWN;
        if (!sd_bus_message_is_method_call(message, NULL, NULL) || !name)
                return 0;
        const Caller *caller = caller_place(callers, name);
        return caller->name && streq(caller->name, name) ? call_of_user(callers, caller->user, ret_error)
                                                         : call_of_stranger(callers, message, name, ret_error);
}

int callers_init(Callers *callers, sd_bus *bus, sd_event *event) {
        *callers = (Callers){ .bus = bus, .user = CALLER_UNKNOWN, .callers = calloc(CALLERS_MAX, sizeof(Caller)) };
        if (!callers->callers)
                return -ENOMEM;
        int r = sd_event_add_defer(event, &callers->handled, on_handled, callers);
        if (r < 0)
                return r;
        r = sd_event_source_set_enabled(callers->handled, SD_EVENT_OFF);
        if (r < 0)
                return r;
        r = sd_event_source_set_priority(callers->handled, SD_EVENT_PRIORITY_IMPORTANT - 1);
        return r < 0 ? r : sd_bus_add_filter(bus, &callers->filter, on_message, callers);
}

void callers_deinit(Callers *callers) {
        callers->filter = sd_bus_slot_unref(callers->filter);
        callers->handled = sd_event_source_unref(callers->handled);
        while (callers->held)
                (void)held_free(callers->held);
        for (size_t i = 0; i < CALLERS_MAX && callers->callers; i++)
                free(callers->callers[i].name);
        free(callers->callers);
        callers->callers = NULL;
}
