// The loop: how many rounds, what a refusal leads to, what is logged, and when it looks again.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// Snapshots come from a script. The linker calls the __wrap_ functions instead of the kernel's (--wrap, see
// meson.build).

#include <stdarg.h>
#include <time.h>

#include "base/log.h"
#include "base/util.h"
#include "daemon/reconcile.h"
#include "engine/apply.h"
#include "planes.h"
#include "planes/health.h"

#define SECOND UINT64_C(1000000)

// --- the kernel ---

enum { NOTHING, ADDRESS, CHAIN, BOTH }; // what there is to do

static struct {
        uint64_t now_usec;
        int to_do[8]; // at each snapshot, in turn; NOTHING after the last
        unsigned n_snapshots, n_scripted;
        unsigned crossed; // the first snapshots, which others' changes cross
        unsigned *n_changes;
        bool reports[8]; // whether the rules of that snapshot report
        bool reports_opens[8];
        int snapshot_error;     // 0: none
        const char *refused[8]; // the link that each apply fails on, in turn; "": the ruleset; NULL: none
        char text[64];          // of the refusal
        unsigned n_applied;
        char applied[8][8]; // what, as letters: "A" the address, "C" the chain
        char errors[512];   // what was logged as an error
        char log[512];      // what was logged for information, a line each
        uint64_t look_usec; // the earliest look that is arranged; 0: none
        Object objects[2];
} kernel;

int __wrap_clock_gettime(clockid_t clock, struct timespec *ret);
int __wrap_clock_gettime(clockid_t clock _unused_, struct timespec *ret) {
        *ret = (struct timespec){ .tv_sec = (time_t)(kernel.now_usec / SECOND),
                                  .tv_nsec = (long)(kernel.now_usec % SECOND * 1000) };
        return 0;
}

int __wrap_planes_snapshot(const PlaneSet *planes, Kernel *unused, const SnapshotFacts *facts, Snapshot *ret,
                           Error *ret_error);
int __wrap_planes_snapshot(const PlaneSet *planes, Kernel *unused _unused_, const SnapshotFacts *facts, Snapshot *ret,
                           Error *ret_error) {
        unsigned n = kernel.n_snapshots++;
        int to_do = n < kernel.n_scripted ? kernel.to_do[n] : NOTHING;

        if (kernel.snapshot_error < 0)
                return error_set(ret_error, kernel.snapshot_error, "cannot read");
        if (n < kernel.crossed)
                ++*kernel.n_changes;
        *ret = snapshot_of(planes, NULL, 0);
        if (n < ELEMENTSOF(kernel.reports))
                kernel.reports[n] = facts->reports;
        if (n < ELEMENTSOF(kernel.reports_opens))
                kernel.reports_opens[n] = facts->reports_opens;
        ret->plan.operations = calloc(ELEMENTSOF(kernel.objects), sizeof(*ret->plan.operations));
        assert_non_null(ret->plan.operations);
        for (size_t i = 0; i < ELEMENTSOF(kernel.objects); i++)
                if (to_do & (int)(i + 1))
                        ret->plan.operations[ret->plan.n_operations++] =
                                (Operation){ .type = OPERATION_ADD, .desired = &kernel.objects[i] };
        return 0;
}

int __wrap_apply(Kernel *unused, const Plan *plan, ApplyFailures *ret_failures);
int __wrap_apply(Kernel *unused _unused_, const Plan *plan, ApplyFailures *ret_failures) {
        unsigned n = kernel.n_applied++;

        assert_true(n < ELEMENTSOF(kernel.applied));
        for (size_t i = 0; i < plan->n_operations; i++)
                kernel.applied[n][i] = plan->operations[i].desired == &kernel.objects[0] ? 'A' : 'C';
        *ret_failures = (ApplyFailures){};
        if (!kernel.refused[n])
                return 0;
        ret_failures->failures = calloc(1, sizeof(*ret_failures->failures));
        assert_non_null(ret_failures->failures);
        ret_failures->n_failures = 1;
        strcpy_fixed(ret_failures->failures[0].link, kernel.refused[n]);
        ret_failures->failures[0].is_ruleset = !kernel.refused[n][0];
        strcpy_fixed(ret_failures->failures[0].error.text, kernel.text);
        return 0;
}

void __wrap_usable_host_read(const Kernel *unused, const Inventory *inventory, UsableHost *ret);
void __wrap_usable_host_read(const Kernel *unused _unused_, const Inventory *inventory _unused_, UsableHost *ret) {
        *ret = (UsableHost){};
}

void __wrap_usable_read(Netlink *netlink, const UsableHost *host, const PlaneFacts *facts, bool all,
                        UsableMemory *memory, UsableReading *ret);
void __wrap_usable_read(Netlink *netlink _unused_, const UsableHost *host _unused_, const PlaneFacts *facts _unused_,
                        bool all _unused_, UsableMemory *memory _unused_, UsableReading *ret) {
        *ret = (UsableReading){};
}

bool __wrap_usable_has_address(const UsableReading *reading, size_t i);
bool __wrap_usable_has_address(const UsableReading *reading _unused_, size_t i _unused_) {
        return true;
}

void __wrap_usable_assess(const UsableReading *reading, Reasons *reasons);
void __wrap_usable_assess(const UsableReading *reading _unused_, Reasons *reasons _unused_) {
}

void __wrap_schedule_look(Schedule *schedule, uint64_t delay_usec);
void __wrap_schedule_look(Schedule *schedule _unused_, uint64_t delay_usec) {
        if (kernel.look_usec == 0 || delay_usec < kernel.look_usec)
                kernel.look_usec = delay_usec;
}

void __wrap_log_line(int level, const char *format, ...);
void __wrap_log_line(int level, const char *format, ...) {
        char *const text = level == LOG_ERR ? kernel.errors : kernel.log;
        size_t n = strlen(text);
        va_list arguments;

        if (level != LOG_ERR && level != LOG_INFO)
                return;
        va_start(arguments, format);
        (void)vsnprintf(text + n, sizeof(kernel.log) - n, format, arguments);
        va_end(arguments);
        if (level == LOG_INFO)
                (void)strncat(kernel.log, "\n", sizeof(kernel.log) - strlen(kernel.log) - 1);
}

int __wrap_monitor_dispatch(Monitor *monitor, unsigned source);
int __wrap_monitor_dispatch(Monitor *monitor _unused_, unsigned source _unused_) {
        return 0;
}

// --- one plane with LogDrops=, whose rules report ---

typedef struct Lab {
        PlaneSet planes;
        Plane *plane;
        Kernel kernel;
        Watch watch;
        Schedule schedule;
        Drops drops;
        Handover handover;
        PeerRecovery recovery;
        MigrationWatch migrations;
        Reconciler reconciler;
} Lab;

static void lab_init(Lab *lab) {
        static char log; // its address alone counts

        memset(&kernel, 0, sizeof(kernel));
        kernel.now_usec = 100 * SECOND;
        kernel.objects[0] = object_on(OBJECT_ADDRESS, "mig0");
        kernel.objects[1] = chain_on("mig0", RULESET_NETDEV, "mig0-in");
        strcpy_fixed(kernel.text, "cannot load the ruleset: no");
        *lab = (Lab){};
        lab->plane = planes_add_text(&lab->planes, "blue",
                                     ON_DEVICE("mig0", "172.150.1.5/24") "[Isolation]\nLogDrops=yes\n");
        kernel.n_changes = &lab->watch.n_changes;
        lab->drops = (Drops){ .planes = &lab->planes, .log = (Nflog *)&log };
        lab->recovery.planes = &lab->planes;
        lab->migrations = (MigrationWatch){ .planes = &lab->planes, .opens = (Nflog *)&log };
        lab->reconciler = (Reconciler){
                .kernel = &lab->kernel,
                .planes = &lab->planes,
                .watch = &lab->watch,
                .schedule = &lab->schedule,
                .drops = &lab->drops,
                .handover = &lab->handover,
                .recovery = &lab->recovery,
                .migrations = &lab->migrations,
        };
}

static void lab_deinit(Lab *lab) {
        planes_deinit(&lab->planes);
        unconfirmed_deinit(&lab->reconciler.unconfirmed);
}
#define _cleanup_lab_ _cleanup_(lab_deinit)

// Reconciles, with this to do at the first snapshots.
#define RUN(lab, cause, ...) \
        run(lab, cause, (const int[]){ __VA_ARGS__ }, sizeof((const int[]){ __VA_ARGS__ }) / sizeof(int))
static int run(Lab *lab, ReconcileCause cause, const int *to_do, size_t n) {
        Error error = {};

        assert_true(n <= ELEMENTSOF(kernel.to_do));
        memcpy(kernel.to_do, to_do, n * sizeof(*to_do));
        kernel.n_scripted = (unsigned)n;
        kernel.n_snapshots = kernel.n_applied = 0;
        memset(kernel.applied, 0, sizeof(kernel.applied));
        kernel.errors[0] = kernel.log[0] = '\0';
        kernel.look_usec = 0;
        return reconcile(&lab->reconciler, cause, &error);
}

static void refuse(const char *link, unsigned n_times) {
        for (unsigned i = 0; i < ELEMENTSOF(kernel.refused); i++)
                kernel.refused[i] = i < n_times ? link : NULL;
}

// --- rounds ---

static void test_a_snapshot_after_the_operations_confirms_them(void **state _unused_) {
        _cleanup_lab_ Lab lab;

        lab_init(&lab);
        assert_int_equal(RUN(&lab, RECONCILE_INTENT, BOTH), 0);
        assert_int_equal(kernel.n_applied, 1);
        assert_string_equal(kernel.applied[0], "AC");
        assert_int_equal(kernel.n_snapshots, 2);
        assert_int_equal(kernel.look_usec, 0);
}

static void test_what_takes_other_objects_with_it_gets_four_rounds(void **state _unused_) {
        _cleanup_lab_ Lab lab;

        lab_init(&lab);
        assert_int_equal(RUN(&lab, RECONCILE_INTENT, CHAIN, ADDRESS, CHAIN, ADDRESS, CHAIN, ADDRESS), 0);
        assert_int_equal(kernel.n_applied, 4);
        assert_true(reasons_have(&lab.plane->status.reasons, REASON_NO_ISOLATION));
}

static void test_what_does_not_hold_is_tried_twice_and_then_later(void **state _unused_) {
        _cleanup_lab_ Lab lab;

        lab_init(&lab);
        assert_int_equal(RUN(&lab, RECONCILE_INTENT, CHAIN, CHAIN, CHAIN, CHAIN, CHAIN, CHAIN), 0);
        assert_int_equal(kernel.n_applied, 2);
        assert_int_equal(kernel.look_usec, SECOND);
        assert_true(reasons_have(&lab.plane->status.reasons, REASON_NO_ISOLATION));
        assert_true(reasons_have(&lab.plane->status.reasons, REASON_UNCONFIRMED));
}

static void test_what_is_refused_gets_a_second_round_and_no_third(void **state _unused_) {
        _cleanup_lab_ Lab lab;

        lab_init(&lab);
        refuse("mig0", 8);
        assert_int_equal(RUN(&lab, RECONCILE_INTENT, ADDRESS, ADDRESS, ADDRESS, ADDRESS), 0);
        assert_int_equal(kernel.n_applied, 2);
        assert_true(reasons_have(&lab.plane->status.reasons, REASON_APPLY_FAILED));
}

static void test_a_refusal_that_the_second_round_mends_is_none(void **state _unused_) {
        _cleanup_lab_ Lab lab;

        lab_init(&lab);
        refuse("mig0", 1);
        assert_int_equal(RUN(&lab, RECONCILE_INTENT, ADDRESS, ADDRESS), 0);
        assert_int_equal(kernel.n_applied, 2);
        assert_false(reasons_have(&lab.plane->status.reasons, REASON_APPLY_FAILED));
        assert_string_equal(kernel.errors, "");
        assert_int_equal(kernel.look_usec, 0);
}

// Another program had done it meanwhile, or the answer was wrong.
static void test_a_refusal_after_which_all_is_as_it_should_be_is_none(void **state _unused_) {
        _cleanup_lab_ Lab lab;

        lab_init(&lab);
        refuse("mig0", 1);
        assert_int_equal(RUN(&lab, RECONCILE_INTENT, ADDRESS), 0);
        assert_int_equal(kernel.n_applied, 1);
        assert_false(reasons_have(&lab.plane->status.reasons, REASON_APPLY_FAILED));
        assert_string_equal(kernel.errors, "");
        assert_int_equal(kernel.look_usec, 0);
}

// It shows a part of the change.
static void test_a_snapshot_that_a_change_crosses_is_taken_once_more(void **state _unused_) {
        _cleanup_lab_ Lab lab;

        lab_init(&lab);
        lab.plane->status.verified = true;
        kernel.crossed = 2;
        assert_int_equal(RUN(&lab, RECONCILE_EVENT, ADDRESS, BOTH), 0);
        assert_int_equal(kernel.n_applied, 1);
        assert_string_equal(kernel.applied[0], "AC");
        assert_int_equal(lab.plane->drift.repairs, 2);
        // What crosses a snapshot that finds nothing to do is looked at after its notification.
        kernel.crossed = 1;
        assert_int_equal(RUN(&lab, RECONCILE_EVENT, NOTHING), 0);
        assert_int_equal(kernel.n_snapshots, 1);
}

// --- rules that report ---

static void test_rules_with_reports_that_are_refused_are_tried_without(void **state _unused_) {
        _cleanup_lab_ Lab lab;

        lab_init(&lab);
        refuse("", 2);
        assert_int_equal(RUN(&lab, RECONCILE_INTENT, CHAIN, CHAIN, CHAIN), 0);
        assert_true(kernel.reports[1] && kernel.reports_opens[1]);
        assert_false(kernel.reports[2] || kernel.reports_opens[2]);
        assert_int_equal(kernel.n_applied, 3);
        const Reasons *reasons = &lab.plane->status.reasons;
        assert_false(reasons_have(reasons, REASON_NO_ISOLATION));
        assert_string_equal(reasons_text(reasons, REASON_DROPS_NOT_LOGGED),
                            "LogDrops= has no effect: cannot load the ruleset: no");
        assert_string_equal(reasons_text(reasons, REASON_MIGRATIONS_LATE),
                            "migrations are noticed some seconds late: cannot load the ruleset: no");
        // As long as nobody asks for something.
        refuse("", 0);
        assert_int_equal(RUN(&lab, RECONCILE_EVENT, CHAIN), 0);
        assert_false(kernel.reports[0] || kernel.reports_opens[0]);
        assert_int_equal(RUN(&lab, RECONCILE_INTENT, CHAIN), 0);
        assert_true(kernel.reports[0] && kernel.reports_opens[0]);
}

// A daemon without a plane loads no rule that reports, and learns nothing of the kernel.
static void test_reports_are_refused_also_when_all_was_well_before(void **state _unused_) {
        _cleanup_lab_ Lab lab;

        lab_init(&lab);
        assert_int_equal(RUN(&lab, RECONCILE_INTENT, NOTHING), 0);
        refuse("", 2);
        assert_int_equal(RUN(&lab, RECONCILE_INTENT, CHAIN, CHAIN, CHAIN), 0);
        assert_false(kernel.reports[2] || kernel.reports_opens[2]);
        assert_false(reasons_have(&lab.plane->status.reasons, REASON_NO_ISOLATION));
}

static void test_rules_that_are_refused_once_keep_their_reports(void **state _unused_) {
        _cleanup_lab_ Lab lab;

        lab_init(&lab);
        refuse("", 1);
        assert_int_equal(RUN(&lab, RECONCILE_INTENT, CHAIN, CHAIN), 0);
        refuse("", 1);
        assert_int_equal(RUN(&lab, RECONCILE_EVENT, CHAIN, CHAIN), 0);
        assert_true(kernel.reports[1]);
}

static void test_a_refusal_of_something_else_leaves_the_reports(void **state _unused_) {
        _cleanup_lab_ Lab lab;

        lab_init(&lab);
        refuse("mig0", 8);
        assert_int_equal(RUN(&lab, RECONCILE_INTENT, BOTH, BOTH, BOTH), 0);
        assert_true(kernel.reports[1]);
}

static void test_rules_that_are_refused_every_time_leave_the_plane_without_isolation(void **state _unused_) {
        _cleanup_lab_ Lab lab;

        lab_init(&lab);
        refuse("", 8);
        assert_int_equal(RUN(&lab, RECONCILE_INTENT, BOTH, BOTH, BOTH, BOTH), 0);
        assert_int_equal(kernel.n_applied, 3);
        assert_string_equal(reasons_text(&lab.plane->status.reasons, REASON_NO_ISOLATION),
                            "cannot load the ruleset: no");
        assert_int_equal(lab.plane->status.health, HEALTH_FAILED);
}

// --- the log ---

static void test_the_same_refusal_is_logged_once(void **state _unused_) {
        _cleanup_lab_ Lab lab;

        lab_init(&lab);
        refuse("mig0", 8);
        strcpy_fixed(kernel.text, "no address");
        (void)RUN(&lab, RECONCILE_INTENT, ADDRESS, ADDRESS, ADDRESS);
        assert_string_equal(kernel.errors, "no address");
        (void)RUN(&lab, RECONCILE_EVENT, ADDRESS, ADDRESS, ADDRESS);
        assert_string_equal(kernel.errors, "");
        strcpy_fixed(kernel.text, "no memory");
        (void)RUN(&lab, RECONCILE_EVENT, ADDRESS, ADDRESS, ADDRESS);
        assert_string_equal(kernel.errors, "no memory");
        // It went away, and comes again.
        (void)RUN(&lab, RECONCILE_EVENT, NOTHING);
        (void)RUN(&lab, RECONCILE_EVENT, ADDRESS, ADDRESS, ADDRESS);
        assert_string_equal(kernel.errors, "no memory");
}

static void test_a_plan_is_logged_as_a_plan_and_then_what_came_of_it(void **state _unused_) {
        _cleanup_lab_ Lab lab;

        lab_init(&lab);
        (void)RUN(&lab, RECONCILE_INTENT, ADDRESS);
        assert_non_null(strstr(kernel.log, "will: + address mig0"));
        assert_non_null(strstr(kernel.log, "\ndone: the kernel is as configured\n"));
        (void)RUN(&lab, RECONCILE_EVENT, NOTHING);
        assert_string_equal(kernel.log, "");
}

static void test_a_plan_that_is_refused_is_not_logged_as_done(void **state _unused_) {
        _cleanup_lab_ Lab lab;

        lab_init(&lab);
        refuse("mig0", 8);
        (void)RUN(&lab, RECONCILE_INTENT, ADDRESS, ADDRESS, ADDRESS);
        assert_non_null(strstr(kernel.log, "will: + address mig0"));
        assert_non_null(strstr(kernel.log, "\nnot done: 1 change(s) are left, see migplanectl plan\n"));
        assert_null(strstr(kernel.log, "\ndone"));
        // Another try of the same plan says nothing new.
        (void)RUN(&lab, RECONCILE_EVENT, ADDRESS, ADDRESS, ADDRESS);
        assert_string_equal(kernel.log, "");
}

// --- when it looks again ---

static void test_after_a_refusal_the_delay_doubles_up_to_thirty_seconds(void **state _unused_) {
        static const uint64_t milliseconds[] = { 100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 30000, 30000 };
        _cleanup_lab_ Lab lab;

        lab_init(&lab);
        refuse("mig0", 8);
        for (size_t i = 0; i < ELEMENTSOF(milliseconds); i++) {
                (void)RUN(&lab, RECONCILE_EVENT, ADDRESS, ADDRESS, ADDRESS);
                assert_int_equal(kernel.look_usec, milliseconds[i] * 1000);
                lab.plane->drift = (Drift){};
        }
        (void)RUN(&lab, RECONCILE_EVENT, NOTHING);
        assert_int_equal(kernel.look_usec, 0);
        (void)RUN(&lab, RECONCILE_EVENT, ADDRESS, ADDRESS, ADDRESS);
        assert_int_equal(kernel.look_usec, 100000);
}

static void test_a_kernel_that_cannot_be_read_is_looked_at_again(void **state _unused_) {
        _cleanup_lab_ Lab lab;

        lab_init(&lab);
        kernel.snapshot_error = -EIO;
        assert_int_equal(RUN(&lab, RECONCILE_EVENT, NOTHING), -EIO);
        assert_int_equal(kernel.n_applied, 0);
        assert_int_equal(kernel.look_usec, 100000);
        // Once is left out of the health.
        assert_false(reasons_have(&lab.plane->status.reasons, REASON_NOT_SEEN));
        assert_int_equal(RUN(&lab, RECONCILE_EVENT, NOTHING), -EIO);
        assert_int_equal(kernel.look_usec, 200000);
        assert_string_equal(reasons_text(&lab.plane->status.reasons, REASON_NOT_SEEN),
                            "the state of this host could not be read 2 times in a row: cannot read");
        kernel.snapshot_error = 0;
        assert_int_equal(RUN(&lab, RECONCILE_EVENT, NOTHING), 0);
        kernel.snapshot_error = -EIO;
        assert_int_equal(RUN(&lab, RECONCILE_EVENT, NOTHING), -EIO);
        assert_false(reasons_have(&lab.plane->status.reasons, REASON_NOT_SEEN));
}

static void test_during_a_backoff_isolation_comes_back_at_once_and_the_rest_at_its_end(void **state _unused_) {
        _cleanup_lab_ Lab lab;

        lab_init(&lab);
        lab.plane->drift = (Drift){ .backoff_usec = 30 * SECOND, .backoff_until_usec = kernel.now_usec + 20 * SECOND };
        assert_int_equal(RUN(&lab, RECONCILE_EVENT, BOTH, ADDRESS), 0);
        assert_int_equal(kernel.n_applied, 1);
        assert_string_equal(kernel.applied[0], "C");
        assert_int_equal(kernel.look_usec, 20 * SECOND);
        kernel.now_usec += 20 * SECOND;
        assert_int_equal(RUN(&lab, RECONCILE_EVENT, ADDRESS), 0);
        assert_string_equal(kernel.applied[0], "A");
}

// --- drift ---

static void test_only_what_nobody_asked_for_is_drift(void **state _unused_) {
        _cleanup_lab_ Lab lab;

        lab_init(&lab);
        lab.plane->status.verified = true;
        assert_int_equal(RUN(&lab, RECONCILE_INTENT, ADDRESS), 0);
        assert_int_equal(lab.plane->drift.repairs, 0);
        assert_int_equal(RUN(&lab, RECONCILE_EVENT, ADDRESS), 0);
        assert_int_equal(lab.plane->drift.repairs, 1);
        lab.plane->status.verified = true;
        assert_int_equal(RUN(&lab, RECONCILE_AUDIT, BOTH), 0);
        assert_int_equal(lab.plane->drift.repairs, 3);
}

static void test_the_suspect_is_named_and_forgotten(void **state _unused_) {
        _cleanup_lab_ Lab lab;

        lab_init(&lab);
        lab.plane->status.verified = true;
        lab.watch.suspect = (MonitorEvent){ .pid = 12, .process = "ip" };
        assert_int_equal(RUN(&lab, RECONCILE_EVENT, ADDRESS), 0);
        assert_non_null(strstr(lab.plane->drift.repaired, "changed by ip, pid 12"));
        assert_int_equal(lab.watch.suspect.pid, 0);
}

static void test_another_try_of_what_was_refused_is_no_drift(void **state _unused_) {
        _cleanup_lab_ Lab lab;

        lab_init(&lab);
        lab.plane->status.verified = true;
        refuse("", 8);
        for (unsigned i = 0; i < 10; i++) {
                (void)RUN(&lab, RECONCILE_EVENT, CHAIN, CHAIN, CHAIN, CHAIN);
                assert_int_equal(lab.plane->drift.repairs, 1);
        }
        assert_false(drift_is_backing_off(&lab.plane->drift, kernel.now_usec));
        // Something else has changed as well.
        (void)RUN(&lab, RECONCILE_EVENT, BOTH, BOTH, BOTH, BOTH);
        assert_int_equal(lab.plane->drift.repairs, 3);
        // It was mended, and comes again.
        refuse("", 0);
        (void)RUN(&lab, RECONCILE_EVENT, BOTH);
        lab.plane->status.verified = true;
        (void)RUN(&lab, RECONCILE_EVENT, BOTH);
        assert_int_equal(lab.plane->drift.repairs, 5);
}

// --- answers to callers ---

static void test_what_is_asked_for_and_what_is_done_puts_answers_out_of_date(void **state _unused_) {
        _cleanup_lab_ Lab lab;

        lab_init(&lab);
        (void)RUN(&lab, RECONCILE_EVENT, NOTHING);
        assert_int_equal(lab.reconciler.n_changes, 0);
        (void)RUN(&lab, RECONCILE_INTENT, NOTHING);
        assert_int_equal(lab.reconciler.n_changes, 1);
        (void)RUN(&lab, RECONCILE_EVENT, ADDRESS);
        assert_int_equal(lab.reconciler.n_changes, 2);
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_snapshot_after_the_operations_confirms_them),
                cmocka_unit_test(test_what_takes_other_objects_with_it_gets_four_rounds),
                cmocka_unit_test(test_what_does_not_hold_is_tried_twice_and_then_later),
                cmocka_unit_test(test_what_is_refused_gets_a_second_round_and_no_third),
                cmocka_unit_test(test_a_refusal_that_the_second_round_mends_is_none),
                cmocka_unit_test(test_a_refusal_after_which_all_is_as_it_should_be_is_none),
                cmocka_unit_test(test_a_snapshot_that_a_change_crosses_is_taken_once_more),
                cmocka_unit_test(test_rules_with_reports_that_are_refused_are_tried_without),
                cmocka_unit_test(test_reports_are_refused_also_when_all_was_well_before),
                cmocka_unit_test(test_rules_that_are_refused_once_keep_their_reports),
                cmocka_unit_test(test_a_refusal_of_something_else_leaves_the_reports),
                cmocka_unit_test(test_rules_that_are_refused_every_time_leave_the_plane_without_isolation),
                cmocka_unit_test(test_the_same_refusal_is_logged_once),
                cmocka_unit_test(test_a_plan_is_logged_as_a_plan_and_then_what_came_of_it),
                cmocka_unit_test(test_a_plan_that_is_refused_is_not_logged_as_done),
                cmocka_unit_test(test_after_a_refusal_the_delay_doubles_up_to_thirty_seconds),
                cmocka_unit_test(test_a_kernel_that_cannot_be_read_is_looked_at_again),
                cmocka_unit_test(test_during_a_backoff_isolation_comes_back_at_once_and_the_rest_at_its_end),
                cmocka_unit_test(test_only_what_nobody_asked_for_is_drift),
                cmocka_unit_test(test_the_suspect_is_named_and_forgotten),
                cmocka_unit_test(test_another_try_of_what_was_refused_is_no_drift),
                cmocka_unit_test(test_what_is_asked_for_and_what_is_done_puts_answers_out_of_date),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
