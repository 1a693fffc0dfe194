// How often the kernel is read for those who ask: once a second, and anew after a change of ours.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// The linker calls the __wrap_ functions instead of those that read, and of the clock's (--wrap, see meson.build).

#include <time.h>

#include "audit/audit.h"
#include "base/util.h"
#include "daemon/answers.h"
#include "firewall/firewall.h"
#include "kernel/link.h"
#include "planes.h"

#define SECOND UINT64_C(1000000)

// --- the kernel ---

static struct {
        uint64_t now_usec;
        uint64_t reading_takes_usec;
        unsigned n_reads[ANSWER_KIND_MAX];
        unsigned n_snapshots;
        int error; // of every reading; 0: none
        Object object;
        Operation operation;  // to be done
        Reconciler *reported; // a notification waits for it
} kernel;

static int reading(AnswerKind kind, Error *ret_error) {
        kernel.n_reads[kind]++;
        kernel.now_usec += kernel.reading_takes_usec;
        return kernel.error < 0 ? error_set(ret_error, kernel.error, "reading number %u failed", kernel.n_reads[kind])
                                : 0;
}

int __wrap_clock_gettime(clockid_t clock, struct timespec *ret);
int __wrap_clock_gettime(clockid_t clock _unused_, struct timespec *ret) {
        *ret = (struct timespec){ .tv_sec = (time_t)(kernel.now_usec / SECOND),
                                  .tv_nsec = (long)(kernel.now_usec % SECOND * 1000) };
        return 0;
}

int __wrap_monitor_dispatch(Monitor *monitor, unsigned source);
int __wrap_monitor_dispatch(Monitor *monitor _unused_, unsigned source _unused_) {
        if (kernel.reported)
                kernel.reported->n_changes++;
        kernel.reported = NULL;
        return 0;
}

int __wrap_firewall_read_counters(Firewall *firewall, unsigned families, FirewallCounter **ret_counters, size_t *ret_n,
                                  Error *ret_error);
int __wrap_firewall_read_counters(Firewall *firewall _unused_, unsigned families _unused_,
                                  FirewallCounter **ret_counters, size_t *ret_n, Error *ret_error) {
        int r = reading(ANSWER_DROPS, ret_error);

        if (r < 0)
                return r;
        *ret_counters = calloc(1, sizeof(**ret_counters));
        *ret_n = 1;
        return 0;
}

int __wrap_link_read_bytes(Netlink *netlink, int ifindex, uint64_t *ret_sent, uint64_t *ret_received, Error *ret_error);
int __wrap_link_read_bytes(Netlink *netlink _unused_, int ifindex, uint64_t *ret_sent, uint64_t *ret_received,
                           Error *ret_error) {
        int r = reading(ANSWER_BYTES, ret_error);

        if (r < 0)
                return r;
        *ret_sent = (uint64_t)ifindex * 100;
        *ret_received = (uint64_t)ifindex * 1000;
        return 0;
}

int __wrap_reconcile_snapshot(const Reconciler *reconciler, Snapshot *ret, Error *ret_error);
int __wrap_reconcile_snapshot(const Reconciler *reconciler, Snapshot *ret, Error *ret_error) {
        int r = reading(ANSWER_PREVIEW, ret_error);

        kernel.n_snapshots++;
        if (r < 0)
                return r;
        *ret = snapshot_of(reconciler->planes, NULL, 0);
        ret->plan.operations = malloc(sizeof(kernel.operation));
        ret->plan.operations[0] = kernel.operation;
        ret->plan.n_operations = 1;
        return 0;
}

int __wrap_edited_read_files(Config **ret, Error *ret_error);
int __wrap_edited_read_files(Config **ret, Error *ret_error) {
        int r = reading(ANSWER_FILES, ret_error);

        if (r < 0)
                return r;
        *ret = calloc(1, sizeof(**ret));
        return 0;
}

int __wrap_preview_read_files(const Reconciler *reconciler, Preview *ret, Error *ret_error);
int __wrap_preview_read_files(const Reconciler *reconciler _unused_, Preview *ret _unused_, Error *ret_error) {
        return reading(ANSWER_FILES_PREVIEW, ret_error);
}

// As the real one, without its checks.
int __wrap_audit_run(Audit *audit, const Kernel *unused, const PlaneSet *planes, const Snapshot *snapshot,
                     Error *ret_error);
int __wrap_audit_run(Audit *audit, const Kernel *unused _unused_, const PlaneSet *planes,
                     const Snapshot *snapshot _unused_, Error *ret_error) {
        int r = reading(ANSWER_AUDIT, ret_error);

        if (r < 0)
                return r;
        audit_deinit(audit);
        audit->entries = calloc(planes->n_planes, sizeof(*audit->entries));
        for (size_t i = 0; i < planes->n_planes; i++)
                audit->entries[audit->n_entries++].name = strdup(planes->planes[i]->config->name);
        return 0;
}

// --- two planes ---

typedef struct Lab {
        PlaneSet planes;
        Kernel kernel;
        Watch watch;
        Reconciler reconciler;
        Answers answers;
} Lab;

static void lab_init(Lab *lab) {
        memset(&kernel, 0, sizeof(kernel));
        kernel.now_usec = 100 * SECOND;
        kernel.object = object_on(OBJECT_LINK_UP, "mig1");
        kernel.operation = (Operation){ .type = OPERATION_ADD, .desired = &kernel.object };
        *lab = (Lab){};
        planes_add_text(&lab->planes, "blue", ON_DEVICE("mig0", "172.150.1.5/24"))->status.ifindex = 7;
        planes_add_text(&lab->planes, "green", ON_DEVICE("mig1", "172.150.2.5/24"))->status.ifindex = 8;
        lab->reconciler = (Reconciler){ .kernel = &lab->kernel, .planes = &lab->planes, .watch = &lab->watch };
        answers_init(&lab->answers, &lab->reconciler);
}

static void lab_deinit(Lab *lab) {
        answers_deinit(&lab->answers);
        planes_deinit(&lab->planes);
}
#define _cleanup_lab_ _cleanup_(lab_deinit)

// Asks for everything, and more than once.
static void ask_for_all(Lab *lab) {
        for (unsigned i = 0; i < 100; i++)
                for (AnswerKind kind = 0; kind < ANSWER_KIND_MAX; kind++)
                        (void)answers_read(&lab->answers, kind, NULL);
}

// How often each was read; of the bytes there are two, and an audit takes a snapshot as well.
static void assert_read(unsigned n) {
        assert_int_equal(kernel.n_reads[ANSWER_DROPS], n);
        assert_int_equal(kernel.n_reads[ANSWER_BYTES], 2 * n);
        assert_int_equal(kernel.n_snapshots, 2 * n);
        assert_int_equal(kernel.n_reads[ANSWER_AUDIT], n);
}

static void test_within_a_second_everything_is_read_once(void **state _unused_) {
        _cleanup_lab_ Lab lab;

        lab_init(&lab);
        ask_for_all(&lab);
        assert_read(1);
        kernel.now_usec += SECOND - 1;
        ask_for_all(&lab);
        assert_read(1);
        kernel.now_usec += 1;
        ask_for_all(&lab);
        assert_read(2);
}

static void test_what_nobody_asks_for_is_not_read(void **state _unused_) {
        _cleanup_lab_ Lab lab;

        lab_init(&lab);
        assert_int_equal(answers_read(&lab.answers, ANSWER_DROPS, NULL), 0);
        assert_int_equal(kernel.n_reads[ANSWER_DROPS], 1);
        assert_int_equal(kernel.n_reads[ANSWER_BYTES], 0);
        assert_int_equal(kernel.n_snapshots, 0);
}

static void test_a_change_of_ours_puts_all_out_of_date(void **state _unused_) {
        _cleanup_lab_ Lab lab;

        lab_init(&lab);
        ask_for_all(&lab);
        lab.reconciler.n_changes++;
        ask_for_all(&lab);
        assert_read(2);
}

static void test_a_change_that_the_kernel_reports_puts_all_out_of_date(void **state _unused_) {
        _cleanup_lab_ Lab lab;

        lab_init(&lab);
        ask_for_all(&lab);
        kernel.reported = &lab.reconciler;
        ask_for_all(&lab);
        assert_read(2);
}

// A second after its end, so that something else is done in between.
static void test_a_reading_that_takes_long_does_not_follow_upon_itself(void **state _unused_) {
        _cleanup_lab_ Lab lab;

        lab_init(&lab);
        kernel.reading_takes_usec = 3 * SECOND;
        assert_int_equal(answers_read(&lab.answers, ANSWER_DROPS, NULL), 0);
        assert_int_equal(answers_read(&lab.answers, ANSWER_DROPS, NULL), 0);
        assert_int_equal(kernel.n_reads[ANSWER_DROPS], 1);
}

static void test_a_failure_is_an_answer_for_a_second_as_well(void **state _unused_) {
        _cleanup_lab_ Lab lab;
        Error error = {};

        lab_init(&lab);
        kernel.error = -EIO;
        for (unsigned i = 0; i < 100; i++)
                assert_int_equal(answers_read(&lab.answers, ANSWER_DROPS, &error), -EIO);
        assert_string_equal(error.text, "reading number 1 failed");
        assert_int_equal(kernel.n_reads[ANSWER_DROPS], 1);
        kernel.error = 0;
        kernel.now_usec += SECOND;
        assert_int_equal(answers_read(&lab.answers, ANSWER_DROPS, &error), 0);
}

static void test_what_cannot_be_read_is_empty_and_not_the_last(void **state _unused_) {
        _cleanup_lab_ Lab lab;

        lab_init(&lab);
        ask_for_all(&lab);
        assert_int_equal(lab.answers.counters.n_drops, 1);
        kernel.error = -EIO;
        kernel.now_usec += SECOND;
        ask_for_all(&lab);
        assert_int_equal(lab.answers.counters.n_drops, 0);
        assert_int_equal(counters_bytes(&lab.answers.counters, lab.planes.planes[0]).sent, 0);
}

// --- what is in them ---

static void test_each_plane_has_its_bytes(void **state _unused_) {
        _cleanup_lab_ Lab lab;

        lab_init(&lab);
        assert_int_equal(answers_read(&lab.answers, ANSWER_BYTES, NULL), 0);
        assert_int_equal(counters_bytes(&lab.answers.counters, lab.planes.planes[0]).sent, 700);
        assert_int_equal(counters_bytes(&lab.answers.counters, lab.planes.planes[1]).received, 8000);
        lab.planes.planes[1]->status.ifindex = 0;
        assert_int_equal(counters_bytes(&lab.answers.counters, lab.planes.planes[1]).received, 0);
}

static void test_each_plane_has_its_operations_and_there_is_a_list_of_all(void **state _unused_) {
        _cleanup_lab_ Lab lab;
        const char *text = NULL;

        lab_init(&lab);
        assert_int_equal(answers_preview(&lab.answers, "", &text, NULL), 0);
        assert_string_equal(text, "+ link-up mig1\n");
        assert_int_equal(answers_preview(&lab.answers, "blue", &text, NULL), 0);
        assert_string_equal(text, "");
        assert_int_equal(answers_preview(&lab.answers, "green", &text, NULL), 0);
        assert_string_equal(text, "+ link-up mig1\n");
        assert_int_equal(kernel.n_snapshots, 1);
}

static void test_each_plane_has_its_findings(void **state _unused_) {
        _cleanup_lab_ Lab lab;
        const Findings *blue = NULL, *green = NULL;

        lab_init(&lab);
        assert_int_equal(answers_audit(&lab.answers, lab.planes.planes[0], &blue, NULL), 0);
        assert_int_equal(answers_audit(&lab.answers, lab.planes.planes[1], &green, NULL), 0);
        assert_ptr_not_equal(blue, green);
        assert_int_equal(kernel.n_reads[ANSWER_AUDIT], 1);
}

static void test_a_plane_that_came_since_is_not_answered_for(void **state _unused_) {
        _cleanup_lab_ Lab lab;
        const Findings *findings;
        const char *text;
        Error error = {};

        lab_init(&lab);
        ask_for_all(&lab);
        const Plane *red = planes_add_text(&lab.planes, "red", ON_DEVICE("mig2", "172.150.3.5/24"));
        assert_int_equal(answers_preview(&lab.answers, "red", &text, &error), -EAGAIN);
        assert_int_equal(answers_audit(&lab.answers, red, &findings, &error), -EAGAIN);
        assert_string_equal(error.text, "red is too new to be known; try again");
        lab.reconciler.n_changes++;
        assert_int_equal(answers_preview(&lab.answers, "red", &text, &error), 0);
        assert_int_equal(answers_audit(&lab.answers, red, &findings, &error), 0);
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_within_a_second_everything_is_read_once),
                cmocka_unit_test(test_what_nobody_asks_for_is_not_read),
                cmocka_unit_test(test_a_change_of_ours_puts_all_out_of_date),
                cmocka_unit_test(test_a_change_that_the_kernel_reports_puts_all_out_of_date),
                cmocka_unit_test(test_a_reading_that_takes_long_does_not_follow_upon_itself),
                cmocka_unit_test(test_a_failure_is_an_answer_for_a_second_as_well),
                cmocka_unit_test(test_what_cannot_be_read_is_empty_and_not_the_last),
                cmocka_unit_test(test_each_plane_has_its_bytes),
                cmocka_unit_test(test_each_plane_has_its_operations_and_there_is_a_list_of_all),
                cmocka_unit_test(test_each_plane_has_its_findings),
                cmocka_unit_test(test_a_plane_that_came_since_is_not_answered_for),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
