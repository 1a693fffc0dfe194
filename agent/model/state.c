// A sorted array of objects.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "model/state.h"

#include "base/util.h"
#include "model/object.h"

int state_add(State *state, const Object *object) {
        if (array_reserve(&state->objects, &state->n_allocated, state->n_objects + 1) < 0) {
                Object copy = *object;
                object_deinit(&copy);
                return -ENOMEM;
        }
        state->objects[state->n_objects++] = *object;
        return 0;
}

static int object_compare_void(const void *a, const void *b) {
        return object_compare(a, b);
}

void state_sort(State *state) {
        if (state->n_objects > 0)
                qsort(state->objects, state->n_objects, sizeof(Object), object_compare_void);
}

const Object *state_find(const State *state, const Object *key) {
        if (state->n_objects == 0)
                return NULL;
        return bsearch(key, state->objects, state->n_objects, sizeof(Object), object_compare_void);
}

void state_deinit(State *state) {
        for (size_t i = 0; i < state->n_objects; i++)
                object_deinit(&state->objects[i]);
        free(state->objects);
        *state = (State){};
}
