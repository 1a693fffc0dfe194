// Asks polkit whether a caller may change something.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// The daemon does not wait for polkit: a client that can keep the bus from reading could otherwise keep the daemon from
// guarding.

#include "bus/polkit.h"

#include <unistd.h>

#include "base/util.h"

enum {
        QUESTIONS_MAX = 64,
        QUESTIONS_PER_USER_MAX = 8, // so that one user cannot keep the others from asking
};
#define ANSWER_USEC UINT64_C(120000000)

struct PolkitQuestion {
        PolkitQuestion *next;
        Polkit *polkit;
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

static bool may_ask(const Polkit *polkit, uid_t user) {
        unsigned n = 0, n_user = 0;

        for (const PolkitQuestion *question = polkit->questions; question; question = question->next) {
                n++;
                n_user += question->user == user;
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
        return sd_bus_call_async(bus, &question->slot, message, on_answer, question, ANSWER_USEC);
}

int polkit_authorize(Polkit *polkit, Callers *callers, sd_bus_message *call, const char *action, const char *plane,
                     PolkitContinue proceed, void *userdata, sd_bus_error *ret_error) {
        const uid_t user = callers->user;

        if (!sd_bus_message_get_sender(call))
                return sd_bus_error_set(ret_error, SD_BUS_ERROR_ACCESS_DENIED,
                                        "Not authorised: the caller is unknown.");
        if (user == CALLER_UNKNOWN)
                return callers_hold(callers, call, ret_error);
        if (user == 0 || user == geteuid())
                return proceed(call, userdata, ret_error);
        if (!may_ask(polkit, user))
                return sd_bus_error_set(ret_error, SD_BUS_ERROR_LIMITS_EXCEEDED,
                                        "Too many calls wait for polkit; try again later.");

        PolkitQuestion *question = calloc(1, sizeof(*question));
        if (!question)
                return -ENOMEM;
        *question = (PolkitQuestion){
                .next = polkit->questions,
                .polkit = polkit,
                .user = user,
                .call = sd_bus_message_ref(call),
                .action = action,
                .plane = strdup(plane),
                .proceed = proceed,
                .userdata = userdata,
        };
        polkit->questions = question;
        int r = question->plane ? polkit_ask(question) : -ENOMEM;
        if (r < 0) {
                question_free(question);
                return sd_bus_error_set(ret_error, SD_BUS_ERROR_ACCESS_DENIED,
                                        "Not authorised: polkit cannot be asked.");
        }
        return 1;
}
