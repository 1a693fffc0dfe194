// Asks polkit whether a caller may change something.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// First the bus is asked who the caller is, then polkit whether that user may. The daemon waits for neither: a client
// that can keep the bus from reading could otherwise keep the daemon from guarding.

#include "bus/polkit.h"

#include <unistd.h>

#include "base/util.h"

enum {
        CALLS_UNKNOWN_MAX = 16, // of one connection, while the bus has not told its user
        QUESTIONS_MAX = 64,
        QUESTIONS_PER_USER_MAX = 8, // so that one user cannot keep the others from asking
};
#define BUS_ANSWER_USEC UINT64_C(10000000)
#define ANSWER_USEC UINT64_C(120000000)

struct PolkitQuestion {
        PolkitQuestion *next;
        Polkit *polkit;
        bool user_known; // polkit is being asked
        uid_t user;
        sd_bus_message *call;
        sd_bus_slot *slot;
        const char *action; // a literal
        char *plane;
        PolkitContinue proceed;
        void *userdata;
};

static PolkitQuestion *question_free(PolkitQuestion *question) {
        if (!question)
                return NULL;
        for (PolkitQuestion **link = &question->polkit->questions; *link; link = &(*link)->next)
                if (*link == question) {
                        *link = question->next;
                        break;
                }
        sd_bus_slot_unref(question->slot);
        sd_bus_message_unref(question->call);
        free(question->plane);
        free(question);
        return NULL;
}

void polkit_forget(Polkit *polkit) {
        while (polkit->questions)
                (void)question_free(polkit->questions);
}

static bool may_ask_bus(const Polkit *polkit, const char *sender) {
        unsigned n = 0;

        for (const PolkitQuestion *question = polkit->questions; question; question = question->next)
                n += !question->user_known && streq(sd_bus_message_get_sender(question->call), sender);
        return n < CALLS_UNKNOWN_MAX;
}

static bool may_ask(const Polkit *polkit, uid_t user) {
        unsigned n = 0, n_user = 0;

        for (const PolkitQuestion *question = polkit->questions; question; question = question->next) {
                n += question->user_known;
                n_user += question->user_known && question->user == user;
        }
        return n < QUESTIONS_MAX && n_user < QUESTIONS_PER_USER_MAX;
}

static int deny(sd_bus_message *call, const char *why) {
        return sd_bus_reply_method_errorf(call, SD_BUS_ERROR_ACCESS_DENIED, "Not authorised: %s.", why);
}

// Carries out the call; an error becomes its answer.
static int proceed_and_answer(PolkitQuestion *question) {
        sd_bus_error error = SD_BUS_ERROR_NULL;
        int r = question->proceed(question->call, question->userdata, &error);

        if (sd_bus_error_is_set(&error))
                r = sd_bus_reply_method_error(question->call, &error);
        else if (r < 0)
                r = sd_bus_reply_method_errno(question->call, r, NULL);
        sd_bus_error_free(&error);
        return r;
}

static int on_answer(sd_bus_message *answer, void *userdata, sd_bus_error *ret_error _unused_) {
        PolkitQuestion *question = userdata;
        int authorized = 0, challenge = 0, r;

        if (sd_bus_message_is_method_error(answer, NULL)) {
                const sd_bus_error *error = sd_bus_message_get_error(answer);
                r = deny(question->call, error && error->message ? error->message : "polkit did not answer");
        } else if (sd_bus_message_enter_container(answer, 'r', "bba{ss}") < 0 ||
                   sd_bus_message_read(answer, "bb", &authorized, &challenge) < 0)
                r = deny(question->call, "polkit's answer cannot be read");
        else if (authorized)
                r = proceed_and_answer(question);
        else if (challenge)
                r = sd_bus_reply_method_errorf(question->call, SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED,
                                               "Not authorised: an interactive authentication is needed.");
        else
                r = deny(question->call, "polkit says no");

        question_free(question);
        return r < 0 ? r : 1;
}

static int question_append(const PolkitQuestion *question, sd_bus_message *message) {
        uint32_t flags = sd_bus_message_get_allow_interactive_authorization(question->call) > 0;

        int r = sd_bus_message_append(message, "(sa{sv})s", "system-bus-name", 1, "name", "s",
                                      sd_bus_message_get_sender(question->call), question->action);
        if (r < 0)
                return r;
        r = question->plane[0] ? sd_bus_message_append(message, "a{ss}", 1, "plane", question->plane)
                               : sd_bus_message_append(message, "a{ss}", 0);
        return r < 0 ? r : sd_bus_message_append(message, "us", flags, "");
}

static int polkit_ask(PolkitQuestion *question) {
        sd_bus *bus = sd_bus_message_get_bus(question->call);
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;

        int r = sd_bus_message_new_method_call(bus, &message, "org.freedesktop.PolicyKit1",
                                               "/org/freedesktop/PolicyKit1/Authority",
                                               "org.freedesktop.PolicyKit1.Authority", "CheckAuthorization");
        if (r < 0)
                return r;
        r = question_append(question, message);
        if (r < 0)
                return r;
        question->slot = sd_bus_slot_unref(question->slot);
        return sd_bus_call_async(bus, &question->slot, message, on_answer, question, ANSWER_USEC);
}

// The caller's user, as the bus daemon got it from the kernel.
static int on_user(sd_bus_message *answer, void *userdata, sd_bus_error *ret_error _unused_) {
        PolkitQuestion *question = userdata;
        uint32_t user;
        int r;

        if (sd_bus_message_is_method_error(answer, NULL) || sd_bus_message_read(answer, "u", &user) < 0)
                r = deny(question->call, "the caller is unknown");
        else if (user == 0 || user == geteuid())
                r = proceed_and_answer(question);
        else if (!may_ask(question->polkit, user))
                r = sd_bus_reply_method_errorf(question->call, SD_BUS_ERROR_LIMITS_EXCEEDED,
                                               "Too many calls wait for polkit; try again later.");
        else {
                question->user_known = true;
                question->user = user;
                r = polkit_ask(question);
                if (r >= 0)
                        return 1;
                r = deny(question->call, "polkit cannot be asked");
        }
        question_free(question);
        return r < 0 ? r : 1;
}

static int bus_ask(PolkitQuestion *question) {
        sd_bus *bus = sd_bus_message_get_bus(question->call);
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;

        int r = sd_bus_message_new_method_call(bus, &message, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                               "org.freedesktop.DBus", "GetConnectionUnixUser");
        if (r < 0)
                return r;
        r = sd_bus_message_append(message, "s", sd_bus_message_get_sender(question->call));
        return r < 0 ? r : sd_bus_call_async(bus, &question->slot, message, on_user, question, BUS_ANSWER_USEC);
}

int polkit_authorize(Polkit *polkit, sd_bus_message *call, const char *action, const char *plane,
                     PolkitContinue proceed, void *userdata, sd_bus_error *ret_error) {
        const char *sender = sd_bus_message_get_sender(call);

        if (!sender)
                return sd_bus_error_set(ret_error, SD_BUS_ERROR_ACCESS_DENIED,
                                        "Not authorised: the caller is unknown.");
        if (!may_ask_bus(polkit, sender))
                return sd_bus_error_set(ret_error, SD_BUS_ERROR_LIMITS_EXCEEDED,
                                        "Too many calls at once; try again later.");

        PolkitQuestion *question = calloc(1, sizeof(*question));
        if (!question)
                return -ENOMEM;
        *question = (PolkitQuestion){
                .next = polkit->questions,
                .polkit = polkit,
                .call = sd_bus_message_ref(call),
                .action = action,
                .plane = strdup(plane),
                .proceed = proceed,
                .userdata = userdata,
        };
        polkit->questions = question;
        int r = question->plane ? bus_ask(question) : -ENOMEM;
        if (r < 0) {
                question_free(question);
                return sd_bus_error_set(ret_error, SD_BUS_ERROR_ACCESS_DENIED,
                                        "Not authorised: the bus cannot be asked.");
        }
        return 1;
}
