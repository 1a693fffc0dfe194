// A State is a sorted array of kernel objects, desired or observed.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/util.h"
#include "model/object.h"

typedef struct State {
        Object *objects;
        size_t n_objects, n_allocated;
} State;

// Adds a copy, which owns as_ruleset.text from now on. Returns 0, or -ENOMEM, and the text is freed.
int state_add(State *state, const Object *object);
// Sorts by kind and key. The engine only hands out sorted States.
void state_sort(State *state);
const Object *state_find(const State *state, const Object *key);
void state_deinit(State *state);
#define _cleanup_state_ _cleanup_(state_deinit)
