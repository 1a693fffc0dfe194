// What callers ask about the kernel: one answer for all of them, at most a second old.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// Reading is open to everybody, and the thread that answers is the one that repairs: however often and by however many
// an answer is asked for, the kernel is read for it once a second. What the daemon itself changes, and what the kernel
// reports as changed, puts all answers out of date, so that somebody who has just changed something does not read how
// it was before.
#pragma once

#include "audit/audit.h"
#include "base/error.h"
#include "base/util.h"
#include "config/config.h"
#include "daemon/preview.h"
#include "daemon/reconcile.h"
#include "planes/counters.h"
#include "planes/plane.h"

typedef enum AnswerKind {
        ANSWER_DROPS, // counters.drops
        ANSWER_BYTES, // counters.bytes
        ANSWER_PREVIEW,
        ANSWER_AUDIT,
        ANSWER_FILES,
        ANSWER_FILES_PREVIEW,
        ANSWER_KIND_MAX,
} AnswerKind;

// A failure is an answer as well, for as long.
typedef struct Answer {
        uint64_t at_usec;   // 0: never asked for
        uint64_t n_changes; // the reconciler's, then
        int result;
        Error error;
} Answer;

typedef struct Answers {
        const Reconciler *reconciler; // not owned
        Answer answers[ANSWER_KIND_MAX];
        Counters counters;
        Preview preview;
        Audit audit;
        Config *files; // as they are now
        Preview files_preview;
} Answers;

void answers_init(Answers *answers, const Reconciler *reconciler);
void answers_deinit(Answers *answers);

// Brings an answer up to date, where it is older than a second. Returns what came of that reading.
int answers_read(Answers *answers, AnswerKind kind, Error *ret_error);

// Valid until the next call of any of these.
int answers_preview(Answers *answers, const char *plane, const char **ret_text, Error *ret_error); // plane "": all
// The same for the files as they are now, and what a reload would say about them.
int answers_preview_files(Answers *answers, const char *plane, const Preview **ret, const char **ret_text,
                          Error *ret_error);
int answers_files(Answers *answers, const Config **ret, Error *ret_error);
int answers_audit(Answers *answers, const Plane *plane, const Findings **ret, Error *ret_error);
