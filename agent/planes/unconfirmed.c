// Changes that the kernel accepts and does not show afterwards.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// An older kernel may ignore an attribute, or not tell it. Such a change would be made again at each look, for ever,
// and some interrupt what they change. So after the second try in a row it waits, and longer each time.

#include "planes/unconfirmed.h"

#include "base/util.h"
#include "model/object.h"

enum {
        TRIES_MAX = 2, // a change can be undone by a later one of the same plan
};
#define BACKOFF_FIRST_USEC UINT64_C(1000000)
#define BACKOFF_LAST_USEC UINT64_C(300000000)

// Not of what was observed, which may be anything.
static uint64_t operation_hash(const Operation *operation) {
        const OperationType type = operation->type;
        char text[512] = "";
        FILE *file = fmemopen(text, sizeof(text) - 1, "w");

        if (file) {
                object_print(operation_object(operation), file);
                (void)fclose(file);
        }
        return hash_bytes(hash_bytes(HASH_INIT, &type, sizeof(type)), text, strlen(text));
}

static UnconfirmedChange *change_find(const Unconfirmed *unconfirmed, const Operation *operation) {
        uint64_t hash = unconfirmed->n_changes > 0 ? operation_hash(operation) : 0;

        for (size_t i = 0; i < unconfirmed->n_changes; i++)
                if (unconfirmed->changes[i].operation == hash)
                        return &unconfirmed->changes[i];
        return NULL;
}

void unconfirmed_deinit(Unconfirmed *unconfirmed) {
        free(unconfirmed->changes);
        *unconfirmed = (Unconfirmed){};
}

// What follows a refusal on the same link was not carried out.
static bool is_refused(const ApplyFailures *failures, const Operation *operation) {
        for (size_t i = 0; i < failures->n_failures; i++)
                if (!failures->failures[i].link[0] || streq(failures->failures[i].link, operation_link(operation)))
                        return true;
        return false;
}

int unconfirmed_tried(Unconfirmed *unconfirmed, const Plan *done, const ApplyFailures *failures) {
        for (size_t i = 0; i < done->n_operations; i++) {
                const Operation *operation = &done->operations[i];
                UnconfirmedChange *change = change_find(unconfirmed, operation);

                if (is_refused(failures, operation))
                        continue;
                if (!change) {
                        if (array_reserve(&unconfirmed->changes, &unconfirmed->n_allocated,
                                          unconfirmed->n_changes + 1) < 0)
                                return -ENOMEM;
                        change = &unconfirmed->changes[unconfirmed->n_changes++];
                        *change = (UnconfirmedChange){
                                .operation = operation_hash(operation),
                                .is_ruleset = object_is_rule(operation_object(operation)),
                        };
                }
                change->was_tried = true;
        }
        return 0;
}

static void change_count(UnconfirmedChange *change, uint64_t now_usec) {
        if (++change->tries < TRIES_MAX)
                return;
        change->backoff_usec = change->backoff_usec ? change->backoff_usec * 2 : BACKOFF_FIRST_USEC;
        if (change->backoff_usec > BACKOFF_LAST_USEC)
                change->backoff_usec = BACKOFF_LAST_USEC;
        change->until_usec = now_usec + change->backoff_usec;
}

static bool is_left(const Plan *left, uint64_t operation) {
        for (size_t i = 0; i < left->n_operations; i++)
                if (operation_hash(&left->operations[i]) == operation)
                        return true;
        return false;
}

void unconfirmed_look(Unconfirmed *unconfirmed, const Plan *left, bool by_others, uint64_t now_usec) {
        size_t n = 0;

        for (size_t i = 0; i < unconfirmed->n_changes; i++) {
                UnconfirmedChange change = unconfirmed->changes[i];

                if (!is_left(left, change.operation))
                        continue;
                if (change.was_tried && !by_others)
                        change_count(&change, now_usec);
                change.was_tried = false;
                unconfirmed->changes[n++] = change;
        }
        unconfirmed->n_changes = n;
}

void unconfirmed_wake_rulesets(Unconfirmed *unconfirmed) {
        for (size_t i = 0; i < unconfirmed->n_changes; i++)
                if (unconfirmed->changes[i].is_ruleset)
                        unconfirmed->changes[i].until_usec = 0;
}

unsigned unconfirmed_tries(const Unconfirmed *unconfirmed, const Operation *operation) {
        const UnconfirmedChange *change = change_find(unconfirmed, operation);

        return change ? change->tries : 0;
}

bool unconfirmed_has(const Unconfirmed *unconfirmed, const Operation *operation) {
        return unconfirmed_tries(unconfirmed, operation) >= TRIES_MAX;
}

bool unconfirmed_is_paused(const Unconfirmed *unconfirmed, const Operation *operation, uint64_t now_usec) {
        const UnconfirmedChange *change = change_find(unconfirmed, operation);

        return change && change->until_usec > now_usec;
}

uint64_t unconfirmed_remaining(const Unconfirmed *unconfirmed, uint64_t now_usec) {
        uint64_t first = 0;

        for (size_t i = 0; i < unconfirmed->n_changes; i++) {
                uint64_t until = unconfirmed->changes[i].until_usec;
                if (until > now_usec && (first == 0 || until - now_usec < first))
                        first = until - now_usec;
        }
        return first;
}
