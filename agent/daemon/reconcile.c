// The loop: inventory, derive, observe, diff, apply, and observe again, until the diff is empty.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// One round is usually enough; more are needed when an operation takes others' objects with it (a link that is made
// again loses its addresses and qdiscs). After the last one, a snapshot that finds nothing to do is the verification.

#include "daemon/reconcile.h"

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/util.h"
#include "daemon/migration-watch.h"
#include "daemon/schedule.h"
#include "daemon/watch.h"
#include "engine/apply.h"
#include "engine/kernel.h"
#include "engine/snapshot.h"
#include "engine/unguarded.h"
#include "engine/usable.h"
#include "handover/handover.h"
#include "kernel/link.h"
#include "model/object.h"
#include "model/plan.h"
#include "model/state.h"
#include "planes/drops.h"
#include "planes/health.h"
#include "planes/peer-recovery.h"
#include "planes/plane-set.h"
#include "planes/plane.h"
#include "planes/repair.h"
#include "planes/unconfirmed.h"

enum {
        ROUNDS_MAX = 4,
        UNSEEN_MIN = 2, // snapshots that fail before the planes' health says so
};
#define RETRY_FIRST_USEC UINT64_C(100000)
#define RETRY_LAST_USEC UINT64_C(30000000)

// --- one round ---

static bool reports_opens(const Reconciler *reconciler) {
        return migration_watch_reports(reconciler->migrations) && !drops_are_refused(reconciler->drops);
}

int reconcile_snapshot_of(const Reconciler *reconciler, const PlaneSet *planes, Snapshot *ret, Error *ret_error) {
        const SnapshotFacts facts = {
                .machine_id = reconciler->machine_id,
                .reports = drops_reports(reconciler->drops),
                .reports_opens = reports_opens(reconciler),
                .is_plain = drops_are_refused(reconciler->drops),
                .hold = handover_hold_remaining(reconciler->handover, clock_now_usec()) > 0,
        };

        return planes_snapshot(planes, reconciler->kernel, &facts, ret, ret_error);
}

int reconcile_snapshot(const Reconciler *reconciler, Snapshot *ret, Error *ret_error) {
        return reconcile_snapshot_of(reconciler, reconciler->planes, ret, ret_error);
}

// A plan is logged before it is carried out: a daemon that is killed halfway has said what it was about to do.
static void plan_log(const Plan *plan) {
        for (size_t i = 0; i < plan->n_operations; i++) {
                char text[512];
                operation_format(&plan->operations[i], text, sizeof(text));
                log_info("will: %s", text);
        }
}

// Whether it was done is what the last snapshot shows.
static void outcome_log(const Plan *left) {
        if (left->n_operations == 0)
                log_info("done: the kernel is as configured");
        else
                log_info("not done: %zu change(s) are left, see migplanectl plan", left->n_operations);
}

static uint64_t plan_hash(const Plan *plan) {
        uint64_t hash = HASH_INIT;

        for (size_t i = 0; i < plan->n_operations; i++) {
                char text[512];
                operation_format(&plan->operations[i], text, sizeof(text));
                hash = hash_bytes(hash, text, strlen(text));
        }
        return hash;
}

// Reports and resets are worth less than the rules that they stand beside.
static void refusals_count(const Reconciler *reconciler, const ApplyFailures *failures) {
        for (size_t i = 0; i < failures->n_failures; i++) {
                if (!failures->failures[i].is_ruleset)
                        continue;
                drops_refuse(reconciler->drops, failures->failures[i].error.text);
                return;
        }
        drops_accept(reconciler->drops);
}

static bool is_unconfirmed(const Unconfirmed *unconfirmed, const Plan *plan) {
        for (size_t i = 0; i < plan->n_operations; i++)
                if (!unconfirmed_has(unconfirmed, &plan->operations[i]))
                        return false;
        return true;
}

// Carries out what a snapshot found, except what a backoff pauses. Returns how many operations that were. ret_foreign:
// how many changes by others were read before.
static int round_run(Reconciler *reconciler, const Snapshot *snapshot, bool is_first, ReconcileCause cause,
                     ApplyFailures *failures, unsigned *ret_foreign) {
        _cleanup_plan_ Plan active = {};

        int r = repair_select(reconciler->planes, snapshot, &reconciler->unconfirmed, cause == RECONCILE_INTENT,
                              clock_now_usec(), &active);
        if (r < 0 || active.n_operations == 0)
                return r;
        if (is_first)
                reconciler->first_plan = plan_hash(&active);
        // A plan that was refused before is another try: nothing has changed, and the log has it already.
        // Nor is a change that the kernel has not confirmed before.
        bool is_news = is_first && reconciler->first_plan != reconciler->refused_plan &&
                       !is_unconfirmed(&reconciler->unconfirmed, &active);
        if (is_news)
                plan_log(&active);
        reconciler->plan_logged |= is_news;
        watch_drain(reconciler->watch);
        *ret_foreign = reconciler->watch->n_foreign;
        apply_failures_deinit(failures);
        r = apply(reconciler->kernel, &active, failures);
        if (r < 0)
                return r;
        reconciler->n_changes++;
        r = unconfirmed_tried(&reconciler->unconfirmed, &active, failures);
        if (r < 0)
                return r;
        refusals_count(reconciler, failures);
        if (is_news && cause != RECONCILE_INTENT) {
                // A snapshot can show a change before its notification is read; that of our answer to it comes after,
                // in order.
                watch_drain(reconciler->watch);
                repair_note(reconciler->planes, snapshot, &active, &reconciler->watch->suspect, clock_now_usec());
        }
        return (int)active.n_operations;
}

// A snapshot is many readings. If another program changes something between two of them, the snapshot shows a part of
// that: it is taken once more, so that the change is repaired and logged as one.
static int first_snapshot(const Reconciler *reconciler, Snapshot *ret, Error *ret_error) {
        watch_drain(reconciler->watch);
        unsigned n_changes = reconciler->watch->n_changes;
        int r = reconcile_snapshot(reconciler, ret, ret_error);
        if (r < 0 || ret->plan.n_operations == 0)
                return r;
        watch_drain(reconciler->watch);
        if (reconciler->watch->n_changes == n_changes)
                return 0;
        snapshot_deinit(ret);
        return reconcile_snapshot(reconciler, ret, ret_error);
}

// Before anything that takes long with many peers.
static void planes_shut(const Reconciler *reconciler) {
        Error error = {};

        int r = planes_close(reconciler->planes, reconciler->kernel, &error);
        if (r < 0)
                log_warning("cannot close the planes that have lost their rules: %s", error.text);
        else if (r > 0)
                log_warning("rules of migplane are missing; the planes are closed until the rules are loaded again");
}

// Rounds until a snapshot finds nothing that can be done now. Gives that snapshot, and what the kernel refused.
static int rounds_run(Reconciler *reconciler, ReconcileCause cause, Snapshot *snapshot, ApplyFailures *failures,
                      Error *ret_error) {
        planes_shut(reconciler);
        int r = first_snapshot(reconciler, snapshot, ret_error);
        if (r < 0)
                return r;
        // What others have put right, or what is not desired any more, is forgotten.
        unconfirmed_look(&reconciler->unconfirmed, &snapshot->plan, true, clock_now_usec());
        for (unsigned round = 0; round < ROUNDS_MAX; round++) {
                // What was refused may have been about an object that went with another: it gets a second round. Rules
                // get a third one, without reports and resets.
                if (failures->n_failures > 0 && round > 1 && reconciler->drops->n_refusals != DROPS_REFUSALS_MAX)
                        break;
                unsigned n_foreign = 0;
                planes_shut(reconciler); // a snapshot takes a while as well
                r = round_run(reconciler, snapshot, round == 0, cause, failures, &n_foreign);
                if (r < 0)
                        return error_set(ret_error, r, "out of memory");
                if (r == 0)
                        break;
                snapshot_deinit(snapshot);
                r = reconcile_snapshot(reconciler, snapshot, ret_error);
                if (r < 0)
                        return r;
                // What is read here and is not in the snapshot would be forgotten.
                if (snapshot->plan.n_operations > 0)
                        watch_drain(reconciler->watch);
                unconfirmed_look(&reconciler->unconfirmed, &snapshot->plan, reconciler->watch->n_foreign != n_foreign,
                                 clock_now_usec());
        }
        if (snapshot->plan.n_operations == 0)
                apply_failures_deinit(failures);
        return 0;
}

// Health says of the others that they are not isolated.
static void unguarded_shut(const Reconciler *reconciler, const Snapshot *snapshot, const ApplyFailures *failures) {
        for (size_t i = 0; i < snapshot->n_planes; i++) {
                const PlaneFacts *facts = &snapshot->planes[i];
                Error error = {};

                if (!unguarded_may_shut(facts, &snapshot->plan, failures))
                        continue;
                log_warning("%s: %s is up without its rules; setting it down", facts->config->name, facts->link->name);
                if (link_up_delete(reconciler->kernel->netlink, facts->link->index, NULL, &error) < 0)
                        log_error("%s: cannot set %s down: %s", facts->config->name, facts->link->name, error.text);
        }
}

// --- what came of it ---

// The same refusals are logged once.
static void failures_log(Reconciler *reconciler, const ApplyFailures *failures) {
        uint64_t hash = HASH_INIT;

        for (size_t i = 0; i < failures->n_failures; i++)
                hash = hash_bytes(hash, failures->failures[i].error.text, strlen(failures->failures[i].error.text));
        for (size_t i = 0; i < failures->n_failures && hash != reconciler->failures_logged; i++)
                log_error("%s", failures->failures[i].error.text);
        reconciler->failures_logged = hash;
}

static void neighbours_watch(Watch *watch, const State *desired) {
        bool wanted = false;

        for (size_t i = 0; i < desired->n_objects; i++)
                wanted |= desired->objects[i].kind == OBJECT_NEIGHBOUR;
        watch_neighbours(watch, wanted);
}

static void statuses_store(const Reconciler *reconciler, Snapshot *snapshot, const ApplyFailures *failures) {
        HealthFacts facts = { .snapshot = snapshot,
                              .failures = failures,
                              .unconfirmed = &reconciler->unconfirmed,
                              .migrations_fault = drops_are_refused(reconciler->drops)
                                                          ? reconciler->drops->fault
                                                          : migration_watch_fault(reconciler->migrations),
                              .now_usec = clock_now_usec() };
        _cleanup_usable_host_ UsableHost host = {};

        usable_host_read(reconciler->kernel, &snapshot->inventory, &host);
        for (size_t i = 0; i < reconciler->planes->n_planes; i++) {
                Plane *plane = reconciler->planes->planes[i];

                usable_read(reconciler->kernel->netlink, &host, &snapshot->planes[i], false, &plane->usable,
                            &facts.reading);
                facts.drops_fault = drops_fault(reconciler->drops, plane);
                PlaneStatus status = health_assess(plane, i, &facts, &snapshot->planes[i].reasons);
                planes_store_status(reconciler->planes, plane, &status);
        }
}

// A plane that cannot be observed is not healthy. One failure is passed over: memory can be short, or a dump
// interrupted, for a moment.
static void unseen_store(Reconciler *reconciler, const Error *error) {
        if (++reconciler->n_unseen < UNSEEN_MIN)
                return;
        for (size_t i = 0; i < reconciler->planes->n_planes; i++) {
                Plane *plane = reconciler->planes->planes[i];
                PlaneStatus status = plane->status;

                status.reasons = (Reasons){};
                reasons_add(&status.reasons, REASON_NOT_SEEN,
                            "the state of this host could not be read %u times in a row: %s", UNSEEN_MIN, error->text);
                planes_store_status(reconciler->planes, plane, &status);
        }
}

static uint64_t retry_next(uint64_t retry_usec) {
        uint64_t next = retry_usec ? retry_usec * 2 : RETRY_FIRST_USEC;

        return next < RETRY_LAST_USEC ? next : RETRY_LAST_USEC;
}

// When to look again without a notification: some time after a refusal, at the end of a backoff, and when another
// manager has had its moment.
static void next_arrange(Reconciler *reconciler, bool is_refused) {
        uint64_t now = clock_now_usec();

        reconciler->retry_usec = is_refused ? retry_next(reconciler->retry_usec) : 0;
        const uint64_t delays[] = {
                reconciler->retry_usec,
                repair_backoff_remaining(reconciler->planes, now),
                unconfirmed_remaining(&reconciler->unconfirmed, now),
                handover_hold_remaining(reconciler->handover, now),
        };
        for (size_t i = 0; i < ELEMENTSOF(delays); i++)
                if (delays[i] > 0)
                        schedule_look(reconciler->schedule, delays[i]);
}

// That the daemon listens to reports again, or no longer, changes what is desired, and is no drift.
static ReconcileCause reports_update(const Reconciler *reconciler, ReconcileCause cause) {
        Drops *drops = reconciler->drops;
        bool drops_before = drops_reports(drops), opens_before = reports_opens(reconciler);

        if (cause == RECONCILE_INTENT)
                drops_retry(drops);
        drops_update(drops);
        migration_watch_listen(reconciler->migrations);
        bool is_same = drops_reports(drops) == drops_before && reports_opens(reconciler) == opens_before;
        return is_same ? cause : RECONCILE_INTENT;
}

int reconcile(Reconciler *reconciler, ReconcileCause cause, Error *ret_error) {
        _cleanup_snapshot_ Snapshot snapshot = {};
        _cleanup_apply_failures_ ApplyFailures failures = {};
        Error error = {};

        peer_recovery_pin_peers(reconciler->recovery);
        reconciler->n_changes += cause == RECONCILE_INTENT;
        reconciler->first_plan = 0;
        reconciler->plan_logged = false;
        if (cause == RECONCILE_INTENT)
                unconfirmed_deinit(&reconciler->unconfirmed);
        if (reconciler->watch->suspect.pid)
                unconfirmed_wake_rulesets(&reconciler->unconfirmed);
        cause = reports_update(reconciler, cause);
        int r = rounds_run(reconciler, cause, &snapshot, &failures, &error);
        if (r >= 0) { // what follows happens either way
                reconciler->n_unseen = 0;
                reconciler->refused_plan = failures.n_failures > 0 ? reconciler->first_plan : 0;
                failures_log(reconciler, &failures);
                if (reconciler->plan_logged)
                        outcome_log(&snapshot.plan);
                unguarded_shut(reconciler, &snapshot, &failures);
                neighbours_watch(reconciler->watch, &snapshot.desired);
                statuses_store(reconciler, &snapshot, &failures);
                watch_forget(reconciler->watch);
        } else {
                unseen_store(reconciler, &error);
                (void)error_set(ret_error, r, "%s", error.text);
        }
        next_arrange(reconciler, r < 0 || failures.n_failures > 0);
        planes_announce_reconciled(reconciler->planes);
        // What we just did, and looked at, was announced to us as well: read it now rather than wake up for it.
        watch_drain(reconciler->watch);
        return r;
}
