// The difference between a desired and an observed State, as ordered operations.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "model/plan.h"

#include "base/text-file.h"
#include "base/text.h"
#include "base/util.h"
#include "model/object.h"
#include "model/state.h"

static int operation_add(Plan *plan, OperationType type, const Object *desired, const Object *observed) {
        if (array_reserve(&plan->operations, &plan->n_allocated, plan->n_operations + 1) < 0)
                return -ENOMEM;
        plan->operations[plan->n_operations++] = (Operation){ type, desired, observed };
        return 0;
}

// Whether a deletion comes before all additions.
static bool deleted_first(const Object *observed) {
        return observed->kind != OBJECT_RULESET;
}

// Several observed objects can have the key of the desired one, such as routes to one network. The first that is as
// desired is kept, or else the first is changed; the others are deleted after that, so that the desired object exists
// at all times.
static int plan_key(const Object *want, const Object *have, size_t n, Plan *plan) {
        size_t meant = 0;

        for (size_t i = n; i-- > 0;)
                if (object_satisfies(&have[i], want))
                        meant = i;
        if (!object_satisfies(&have[meant], want)) {
                OperationType type = object_is_fixed(&have[meant], want) ? OPERATION_REPLACE : OPERATION_CHANGE;
                int r = operation_add(plan, type, want, &have[meant]);
                if (r < 0)
                        return r;
        }
        for (size_t i = 0; i < n; i++) {
                int r = i == meant ? 0 : operation_add(plan, OPERATION_DELETE, NULL, &have[i]);
                if (r < 0)
                        return r;
        }
        return 0;
}

static size_t same_key(const State *state, size_t first, const Object *key) {
        size_t n = 0;

        while (first + n < state->n_objects && object_compare(key, &state->objects[first + n]) == 0)
                n++;
        return n;
}

// Walks both States side by side. An object that only the observed State has is a deletion.
static int plan_walk(const State *desired, const State *observed, bool deletions, Plan *plan) {
        size_t d = 0, o = 0;

        while (d < desired->n_objects || o < observed->n_objects) {
                const Object *want = d < desired->n_objects ? &desired->objects[d] : NULL;
                const Object *have = o < observed->n_objects ? &observed->objects[o] : NULL;
                int order = !want ? 1 : !have ? -1 : object_compare(want, have), r = 0;

                if (order < 0 && !deletions)
                        r = operation_add(plan, OPERATION_ADD, want, NULL);
                else if (order > 0 && deletions == deleted_first(have))
                        r = operation_add(plan, OPERATION_DELETE, NULL, have);
                else if (order == 0 && !deletions)
                        r = plan_key(want, have, same_key(observed, o, want), plan);
                if (r < 0)
                        return r;
                d += order <= 0;
                o += order == 0 ? same_key(observed, o, want) : order > 0;
        }
        return 0;
}

int plan_diff(const State *desired, const State *observed, Plan *ret) {
        _cleanup_plan_ Plan plan = {};

        int r = plan_walk(desired, observed, true, &plan);
        if (r < 0)
                return r;
        for (size_t i = 0, n = plan.n_operations; i < n / 2; i++) {
                Operation swapped = plan.operations[i];
                plan.operations[i] = plan.operations[n - 1 - i];
                plan.operations[n - 1 - i] = swapped;
        }
        r = plan_walk(desired, observed, false, &plan);
        if (r < 0)
                return r;

        *ret = plan;
        plan = (Plan){};
        return 0;
}

static void operation_write(const Operation *operation, FILE *file) {
        static const char signs[] = {
                [OPERATION_DELETE] = '-',
                [OPERATION_ADD] = '+',
                [OPERATION_CHANGE] = '~',
                [OPERATION_REPLACE] = '!',
        };

        fprintf(file, "%c ", signs[operation->type]);
        object_print(operation_object(operation), file);
        if (operation->desired && operation->observed) {
                fputs(" (was: ", file);
                object_print(operation->observed, file);
                fputc(')', file);
        }
}

// In memory of the caller's; NULL: memory is out. Names of links are arbitrary bytes.
static char *operation_text(const Operation *operation) {
        char *text = NULL;
        size_t size;
        FILE *file = text_file_open(&text, &size);

        if (!file)
                return NULL;
        operation_write(operation, file);
        if (fclose(file) != 0)
                return NULL;
        text_make_printable(text);
        return text;
}

void operation_print(const Operation *operation, FILE *file) {
        _cleanup_free_ char *text = operation_text(operation);

        fputs(text ?: "?", file);
}

void operation_format(const Operation *operation, char *ret, size_t size) {
        _cleanup_free_ char *text = operation_text(operation);

        text_copy(ret, size, text ?: "?");
}

void plan_print(const Plan *plan, FILE *file) {
        for (size_t i = 0; i < plan->n_operations; i++) {
                operation_print(&plan->operations[i], file);
                fputc('\n', file);
        }
}

const char *operation_link(const Operation *operation) {
        return operation_object(operation)->link;
}

void plan_deinit(Plan *plan) {
        free(plan->operations);
        *plan = (Plan){};
}
