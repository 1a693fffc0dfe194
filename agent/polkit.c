// Asking polkit whether a caller may change something; without an answer, no.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "polkit.h"

enum {
        QUESTIONS_MAX = 64,
        QUESTIONS_PER_USER_MAX = 8, // so that one user cannot keep the others from asking
};
#define ANSWER_USEC UINT64_C(120000000)

typedef struct Question Question;

struct Question {
        Question *next;
        uid_t user;
        sd_bus_message *call;
        sd_bus_slot *slot;
        Manager *manager;
        PolkitContinue proceed;
};

static Question *questions;

static Question *question_free(Question *question) {
        if (!question)
                return NULL;
        for (Question **link = &questions; *link; link = &(*link)->next)
                if (*link == question) {
                        *link = question->next;
                        break;
                }
        sd_bus_slot_unref(question->slot);
        sd_bus_message_unref(question->call);
        free(question);
        return NULL;
}

static bool may_ask(uid_t user) {
        unsigned n = 0, n_user = 0;

        for (const Question *question = questions; question; question = question->next) {
                n++;
                n_user += question->user == user;
        }
        return n < QUESTIONS_MAX && n_user < QUESTIONS_PER_USER_MAX;
}

static int sender_user(sd_bus_message *call, uid_t *ret) {
        sd_bus_creds *creds = NULL;

        int r = sd_bus_query_sender_creds(call, SD_BUS_CREDS_EUID, &creds);
        if (r >= 0)
                r = sd_bus_creds_get_euid(creds, ret);
        sd_bus_creds_unref(creds);
        return r;
}

static int deny(sd_bus_message *call, const char *why) {
        return sd_bus_reply_method_errorf(call, SD_BUS_ERROR_ACCESS_DENIED, "Not authorised: %s.", why);
}

// Continues the call, with what went wrong as its answer.
static int proceed_and_answer(Question *question) {
        sd_bus_error error = SD_BUS_ERROR_NULL;
        int r = question->proceed(question->call, question->manager, &error);

        if (sd_bus_error_is_set(&error))
                r = sd_bus_reply_method_error(question->call, &error);
        else if (r < 0)
                r = sd_bus_reply_method_errno(question->call, r, NULL);
        sd_bus_error_free(&error);
        return r;
}

static int on_answer(sd_bus_message *answer, void *userdata, sd_bus_error *ret_error _unused_) {
        Question *question = userdata;
        int authorized = 0, challenge = 0, r;

        if (sd_bus_message_is_method_error(answer, NULL)) {
                const sd_bus_error *error = sd_bus_message_get_error(answer);
                r = deny(question->call, error && error->message ? error->message : "polkit did not answer");
        } else if (sd_bus_message_enter_container(answer, 'r', "bba{ss}") < 0 ||
                   sd_bus_message_read(answer, "bb", &authorized, &challenge) < 0)
                r = deny(question->call, "polkit's answer cannot be read");
        else if (authorized)
                r = proceed_and_answer(question);
        else
                r = deny(question->call, challenge ? "an interactive authentication is needed" : "polkit says no");

        question_free(question);
        return r < 0 ? r : 1;
}

static int question_send(Question *question, const char *action, const char *plane) {
        sd_bus *bus = sd_bus_message_get_bus(question->call);
        __attribute__((cleanup(sd_bus_message_unrefp))) sd_bus_message *message = NULL;
        uint32_t flags = sd_bus_message_get_allow_interactive_authorization(question->call) > 0;

        int r = sd_bus_message_new_method_call(bus, &message, "org.freedesktop.PolicyKit1",
                                               "/org/freedesktop/PolicyKit1/Authority",
                                               "org.freedesktop.PolicyKit1.Authority", "CheckAuthorization");
        if (r >= 0)
                r = sd_bus_message_append(message, "(sa{sv})s", "system-bus-name", 1, "name", "s",
                                          sd_bus_message_get_sender(question->call), action);
        if (r >= 0)
                r = plane[0] ? sd_bus_message_append(message, "a{ss}", 1, "plane", plane)
                             : sd_bus_message_append(message, "a{ss}", 0);
        if (r >= 0)
                r = sd_bus_message_append(message, "us", flags, "");
        return r < 0 ? r : sd_bus_call_async(bus, &question->slot, message, on_answer, question, ANSWER_USEC);
}

int polkit_authorize(sd_bus_message *call, const char *action, const char *plane, Manager *manager,
                     PolkitContinue proceed, sd_bus_error *ret_error) {
        // Root, and the daemon's own user. The kernel or the bus daemon says who the caller is, not the caller.
        uid_t user;
        int r = sd_bus_query_sender_privilege(call, -1);
        if (r > 0)
                return proceed(call, manager, ret_error);
        if (r < 0 || sender_user(call, &user) < 0)
                return sd_bus_error_set(ret_error, SD_BUS_ERROR_ACCESS_DENIED, "Not authorised: the caller is unknown.");
        if (!may_ask(user))
                return sd_bus_error_set(ret_error, SD_BUS_ERROR_LIMITS_EXCEEDED,
                                        "Too many calls wait for polkit; try again later.");

        Question *question = calloc(1, sizeof(*question));
        if (!question)
                return -ENOMEM;
        *question = (Question){
                .next = questions,
                .user = user,
                .call = sd_bus_message_ref(call),
                .manager = manager,
                .proceed = proceed,
        };
        questions = question;
        r = question_send(question, action, plane);
        if (r < 0) {
                question_free(question);
                return sd_bus_error_set(ret_error, SD_BUS_ERROR_ACCESS_DENIED,
                                        "Not authorised: polkit cannot be asked.");
        }
        return 1;
}
