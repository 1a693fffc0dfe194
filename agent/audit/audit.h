// The audit: what the kernel applies now, held against the promise of isolation, check by check.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// It looks at the kernel anew, changes nothing, and arranges no repair. The health of a plane is another thing: what
// the last look of the loop came to.
#pragma once

#include "base/error.h"
#include "base/util.h"
#include "daemon/manager.h"
#include "planes/plane.h"

typedef enum Verdict {
        VERDICT_OK,      // it holds
        VERDICT_WARNING, // it holds, and somebody should know of something
        VERDICT_FAILED,  // it does not hold
} Verdict;

typedef struct Finding {
        const char *check;   // its name, for programs
        const char *promise; // what it stands for
        Verdict verdict;
        char *text; // what was seen, and what to do about it; owned; printable ASCII
} Finding;

typedef struct Findings {
        Finding *findings;
        size_t n_findings, n_allocated;
} Findings;

const char *verdict_to_string(Verdict verdict);

// All planes are looked at together, once a second at most, so that nobody can keep the daemon busy with it: an answer
// can be a second old. *ret is valid until the next call.
int verify_plane(Manager *manager, const Plane *plane, const Findings **ret, Error *ret_error);

Verification *verification_free(Verification *verification);
