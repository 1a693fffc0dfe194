// The difference between what is desired and what is observed, as ordered operations.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// One sort-merge of two sorted States. Deletions come first, in reverse order of kind; then additions, changes and
// replacements in order. There is no other ordering: the enum ObjectKind carries it all. One kind stands apart: the
// rulesets are loaded in one transaction, so that their deletions stand with their additions.
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

// Both objects belong to the States that were compared, which must outlive the Plan.
typedef struct Operation {
        OperationType type;
        const Object *desired;  // NULL for a deletion
        const Object *observed; // NULL for an addition
} Operation;

typedef struct Plan {
        Operation *operations;
        size_t n_operations, n_allocated;
} Plan;

// The object that an operation is about: as desired, or as observed where it is deleted.
static inline const Object *operation_object(const Operation *operation) {
        return operation->desired ?: operation->observed;
}

int plan_diff(const State *desired, const State *observed, Plan *ret);
// One line without the line feed: "+ link mig0 kind vlan parent eno1 id 100"
void operation_print(const Operation *operation, FILE *file);
void plan_print(const Plan *plan, FILE *file);
const char *operation_link(const Operation *operation);
void plan_deinit(Plan *plan);
#define _cleanup_plan_ _cleanup_(plan_deinit)
