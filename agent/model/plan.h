// The difference between a desired and an observed State, as ordered operations.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// One merge of two sorted States. Deletions come first, in reverse order of kind; then additions, changes and
// replacements in order. The enum ObjectKind is the only ordering. Rulesets are the exception: they are loaded in one
// transaction, so their deletions are among their additions.
#pragma once

#include "base/util.h"
#include "model/object.h"
#include "model/state.h"

typedef enum OperationType {
        OPERATION_DELETE,  // -
        OPERATION_ADD,     // +
        OPERATION_CHANGE,  // ~ in place
        OPERATION_REPLACE, // ! deleted and added
} OperationType;

// The objects belong to the compared States, which must outlive the Plan.
typedef struct Operation {
        OperationType type;
        const Object *desired;  // NULL for a deletion
        const Object *observed; // NULL for an addition
} Operation;

typedef struct Plan {
        Operation *operations;
        size_t n_operations, n_allocated;
} Plan;

// The object of an operation: as desired, or, for a deletion, as observed.
static inline const Object *operation_object(const Operation *operation) {
        return operation->desired ?: operation->observed;
}

int plan_diff(const State *desired, const State *observed, Plan *ret);
// One line without the line feed: "+ link mig0 kind vlan parent eno1 id 100"
void operation_print(const Operation *operation, FILE *file);
// The same into an array, shortened where it is longer.
void operation_format(const Operation *operation, char *ret, size_t size);
void plan_print(const Plan *plan, FILE *file);
const char *operation_link(const Operation *operation);
void plan_deinit(Plan *plan);
#define _cleanup_plan_ _cleanup_(plan_deinit)
