// The loop: inventory, derive, observe, diff, apply, and observe again, until the diff is empty.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// One round is usually enough; more are needed when an operation takes others' objects with it (a link that is made again
// loses its addresses and qdiscs), and after the last one a look that finds nothing to do is the verification.

#include "daemon/reconcile.h"

#include "base/error.h"
#include "base/log.h"
#include "base/text-file.h"
#include "base/util.h"
#include "daemon/manager.h"
#include "engine/kernel.h"
#include "engine/snapshot.h"
#include "kernel/monitor.h"
#include "model/object.h"
#include "model/plan.h"
#include "model/state.h"
#include "planes/drift.h"
#include "planes/drops.h"
#include "planes/health.h"
#include "planes/plane.h"

enum { ROUNDS_MAX = 4 };
#define RETRY_FIRST_USEC UINT64_C(100000)
#define RETRY_LAST_USEC UINT64_C(30000000)

static void plan_log(const Plan *plan) {
        for (size_t i = 0; i < plan->n_operations; i++) {
                char text[512];
                operation_format(&plan->operations[i], text, sizeof(text));
                log_info("%s", text);
        }
}

uint64_t reconcile_retry_delay(Manager *manager) {
        manager->retry_usec = manager->retry_usec ? manager->retry_usec * 2 : RETRY_FIRST_USEC;
        if (manager->retry_usec > RETRY_LAST_USEC)
                manager->retry_usec = RETRY_LAST_USEC;
        return manager->retry_usec;
}

// When to look again by ourselves: at the end of a backoff, or some time after a refusal.
static void retry_arm(Manager *manager, const Look *look, const ApplyFailures *failures) {
        uint64_t delay = drift_backoff_remaining(look);

        if (failures->n_failures == 0)
                manager->retry_usec = 0;
        else {
                uint64_t retry = reconcile_retry_delay(manager);
                if (delay == 0 || retry < delay)
                        delay = retry;
        }
        if (delay > 0)
                manager_look_again(manager, delay);
}

static void neighbours_watch(Manager *manager, const State *desired) {
        bool watch = false;

        for (size_t i = 0; i < desired->n_objects; i++)
                watch |= desired->objects[i].kind == OBJECT_NEIGHBOUR;
        if (watch != manager->watches_neighbours && monitor_watch_neighbours(manager->monitor, watch) >= 0)
                manager->watches_neighbours = watch;
}

// What is refused again and again is said once.
static void failures_log(Manager *manager, const ApplyFailures *failures) {
        uint64_t hash = HASH_INIT;

        for (size_t i = 0; i < failures->n_failures; i++)
                hash = hash_bytes(hash, failures->failures[i].error.text, strlen(failures->failures[i].error.text));
        for (size_t i = 0; i < failures->n_failures && hash != manager->failures_logged; i++)
                log_error("%s", failures->failures[i].error.text);
        manager->failures_logged = hash;
}

// Reports are worth less than the rules that they stand beside: the next round is without.
static void reports_check(Manager *manager, const ApplyFailures *failures) {
        for (size_t i = 0; i < failures->n_failures && evidence_reports(manager); i++)
                if (!failures->failures[i].link[0])
                        evidence_refuse(manager, failures->failures[i].error.text);
}

// Carries out what a look found, except what a backoff holds back. Returns how many operations that were.
static int look_apply(Manager *manager, const Look *look, unsigned round, ReconcileCause cause,
                      ApplyFailures *ret_failures) {
        _cleanup_plan_ Plan active = {};

        int r = drift_hold_back(look, cause == RECONCILE_INTENT, &active);
        if (r < 0 || active.n_operations == 0)
                return r;
        if (round == 0)
                plan_log(&active);
        apply_failures_deinit(ret_failures);
        r = kernel_apply(&manager->kernel, &active, ret_failures);
        reports_check(manager, ret_failures);
        if (round == 0 && cause != RECONCILE_INTENT) {
                // A look can come upon a change before the news of it, but not our answer to it: that is in order.
                for (unsigned i = 0; i < MONITOR_SOURCES; i++)
                        (void)monitor_dispatch(manager->monitor, i);
                drift_note(&manager->suspect, look, &active);
        }
        return r < 0 ? r : (int)active.n_operations;
}

int reconcile(Manager *manager, ReconcileCause cause, Error *ret_error) {
        _cleanup_look_ Look look = {};
        _cleanup_apply_failures_ ApplyFailures failures = {};

        if (cause == RECONCILE_INTENT)
                evidence_retry(manager);
        // That somebody listens again, or no longer, changes what is desired, and is no drift.
        bool reports = evidence_reports(manager);
        evidence_update(manager);
        if (evidence_reports(manager) != reports)
                cause = RECONCILE_INTENT;

        int r = look_new(manager, &look, ret_error);
        for (unsigned round = 0; r >= 0 && round < ROUNDS_MAX; round++) {
                // What was refused may have been about an object that went with another: it gets a second look.
                if (failures.n_failures > 0 && round > 1)
                        break;
                r = look_apply(manager, &look, round, cause, &failures);
                if (r < 0)
                        return error_set(ret_error, r, "out of memory");
                if (r == 0)
                        break;
                look_deinit(&look);
                r = look_new(manager, &look, ret_error);
        }
        if (r < 0)
                return r;
        if (look.plan.n_operations == 0)
                apply_failures_deinit(&failures);

        failures_log(manager, &failures);
        neighbours_watch(manager, &look.desired);
        retry_arm(manager, &look, &failures);
        assess_planes(manager, &look, &failures);
        manager->suspect = (MonitorEvent){};
        return 0;
}

int reconcile_preview(Manager *manager, const Plane *plane, char **ret_text, Error *ret_error) {
        _cleanup_look_ Look look = {};
        _cleanup_free_ char *text = NULL;
        size_t size = 0;

        int r = look_new(manager, &look, ret_error);
        if (r < 0)
                return r;
        FILE *file = text_file_open(&text, &size);
        if (!file)
                return error_set(ret_error, -ENOMEM, "out of memory");
        for (size_t i = 0; i < look.plan.n_operations; i++) {
                if (plane && !operation_concerns(&look.plan.operations[i], plane))
                        continue;
                operation_print(&look.plan.operations[i], file);
                fputc('\n', file);
        }
        if (fclose(file) != 0)
                return error_set(ret_error, -ENOMEM, "out of memory");
        *ret_text = TAKE(text);
        return 0;
}
