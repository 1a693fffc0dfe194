// What callers ask about the kernel: one answer for all of them.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "daemon/answers.h"

#include "audit/audit.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/util.h"
#include "config/plane-config.h"
#include "daemon/preview.h"
#include "daemon/reconcile.h"
#include "daemon/watch.h"
#include "engine/snapshot.h"
#include "planes/counters.h"
#include "planes/edited.h"
#include "planes/plane.h"

#define FRESH_USEC UINT64_C(1000000)

void answers_init(Answers *answers, const Reconciler *reconciler) {
        *answers = (Answers){ .reconciler = reconciler };
}

void answers_deinit(Answers *answers) {
        counters_deinit(&answers->counters);
        preview_deinit(&answers->preview);
        audit_deinit(&answers->audit);
        answers->files = config_free(answers->files);
        preview_deinit(&answers->files_preview);
}

// --- how each is read ---

static int drops_read(Answers *answers, Error *ret_error) {
        return counters_read_drops(&answers->counters, answers->reconciler->kernel, ret_error);
}

static int bytes_read(Answers *answers, Error *ret_error) {
        return counters_read_bytes(&answers->counters, answers->reconciler->kernel, answers->reconciler->planes,
                                   ret_error);
}

static int previews_read(Answers *answers, Error *ret_error) {
        preview_deinit(&answers->preview);
        return preview_read(answers->reconciler, &answers->preview, ret_error);
}

static int files_read(Answers *answers, Error *ret_error) {
        answers->files = config_free(answers->files);
        return edited_read_files(&answers->files, ret_error);
}

static int files_previews_read(Answers *answers, Error *ret_error) {
        preview_deinit(&answers->files_preview);
        return preview_read_files(answers->reconciler, &answers->files_preview, ret_error);
}

static int audits_read(Answers *answers, Error *ret_error) {
        const Reconciler *reconciler = answers->reconciler;
        _cleanup_snapshot_ Snapshot snapshot = {};

        int r = reconcile_snapshot(reconciler, &snapshot, ret_error);
        if (r < 0)
                return r;
        return audit_run(&answers->audit, reconciler->kernel, reconciler->planes, &snapshot, ret_error);
}

static int (*const readers[ANSWER_KIND_MAX])(Answers *answers, Error *ret_error) = {
        [ANSWER_DROPS] = drops_read,      [ANSWER_BYTES] = bytes_read,
        [ANSWER_FILES] = files_read,      [ANSWER_FILES_PREVIEW] = files_previews_read,
        [ANSWER_PREVIEW] = previews_read, [ANSWER_AUDIT] = audits_read,
};

// --- how often ---

static bool is_fresh(const Answer *answer, uint64_t n_changes, uint64_t now_usec) {
        return answer->at_usec > 0 && now_usec < answer->at_usec + FRESH_USEC && answer->n_changes == n_changes;
}

int answers_read(Answers *answers, AnswerKind kind, Error *ret_error) {
        Answer *answer = &answers->answers[kind];

        // The kernel may have reported a change before somebody asked.
        watch_drain(answers->reconciler->watch);
        uint64_t n_changes = answers->reconciler->n_changes;

        if (!is_fresh(answer, n_changes, clock_now_usec())) {
                answer->error = (Error){};
                answer->result = readers[kind](answers, &answer->error);
                answer->n_changes = n_changes;
                // The second begins when the reading has ended: one that takes long does not follow upon itself.
                answer->at_usec = clock_now_usec();
        }
        return answer->result < 0 ? error_set(ret_error, answer->result, "%s", answer->error.text) : answer->result;
}

// --- what is in them ---

static int plane_unread(const char *plane, Error *ret_error) {
        return error_set(ret_error, -EAGAIN, "%s is too new to be known; try again", plane);
}

int answers_preview(Answers *answers, const char *plane, const char **ret_text, Error *ret_error) {
        int r = answers_read(answers, ANSWER_PREVIEW, ret_error);
        if (r < 0)
                return r;
        const char *text = preview_find(&answers->preview, plane);
        if (!text)
                return plane_unread(plane, ret_error);
        *ret_text = text;
        return 0;
}

int answers_preview_files(Answers *answers, const char *plane, const Preview **ret, const char **ret_text,
                          Error *ret_error) {
        int r = answers_read(answers, ANSWER_FILES_PREVIEW, ret_error);
        if (r < 0)
                return r;
        *ret = &answers->files_preview;
        *ret_text = preview_find(&answers->files_preview, plane);
        return 0;
}

int answers_files(Answers *answers, const Config **ret, Error *ret_error) {
        int r = answers_read(answers, ANSWER_FILES, ret_error);
        if (r < 0)
                return r;
        *ret = answers->files;
        return 0;
}

int answers_audit(Answers *answers, const Plane *plane, const Findings **ret, Error *ret_error) {
        int r = answers_read(answers, ANSWER_AUDIT, ret_error);
        if (r < 0)
                return r;
        const Findings *findings = audit_find(&answers->audit, plane);
        if (!findings)
                return plane_unread(plane->config->name, ret_error);
        *ret = findings;
        return 0;
}
