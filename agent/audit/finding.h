// What the audit finds.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/util.h"

typedef enum Verdict {
        VERDICT_OK,      // it holds
        VERDICT_WARNING, // it holds, and the operator should know of something
        VERDICT_FAILED,  // it does not hold
} Verdict;

const char *verdict_to_string(Verdict verdict);

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

// check and promise are literals; text is copied. -ENOMEM.
int findings_add(Findings *findings, const char *check, const char *promise, Verdict verdict, const char *text);
void findings_deinit(Findings *findings);
