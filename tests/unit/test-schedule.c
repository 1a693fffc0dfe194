// When everything is looked at again. The clock is the test's (--wrap, see meson.build).
// SPDX-License-Identifier: GPL-2.0-or-later

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <time.h>

#include "base/util.h"
#include "daemon/schedule.h"

#define SECOND UINT64_C(1000000)

// Long past for the event loop, whose clock is the real one: what is armed is due.
static uint64_t now_usec = 1000;

int __wrap_clock_gettime(clockid_t clock, struct timespec *ret);
int __wrap_clock_gettime(clockid_t clock _unused_, struct timespec *ret) {
        *ret = (struct timespec){ .tv_sec = (time_t)(now_usec / SECOND), .tv_nsec = (long)(now_usec % SECOND * 1000) };
        return 0;
}

typedef struct Lab {
        sd_event *event;
        Schedule schedule;
        unsigned n_looks, n_audits;
} Lab;

static void on_look(void *userdata) {
        ((Lab *)userdata)->n_looks++;
}

static void on_audit(void *userdata) {
        ((Lab *)userdata)->n_audits++;
}

static void lab_init(Lab *lab, uint64_t audit_interval) {
        *lab = (Lab){};
        now_usec = 1000;
        assert_int_equal(sd_event_new(&lab->event), 0);
        assert_true(schedule_init(&lab->schedule, lab->event, audit_interval, on_look, on_audit, lab) >= 0);
}

static void lab_deinit(Lab *lab) {
        schedule_deinit(&lab->schedule);
        sd_event_unref(lab->event);
}
#define _cleanup_lab_ _cleanup_(lab_deinit)

#define NEVER UINT64_C(1000000000000000) // an audit that does not come while the test runs

// When the next look is due, from now; NEVER: none is arranged.
static uint64_t next_look(const Lab *lab) {
        uint64_t at;

        if (sd_event_source_get_enabled(lab->schedule.look_timer, NULL) <= 0)
                return NEVER;
        assert_true(sd_event_source_get_time(lab->schedule.look_timer, &at) >= 0);
        return at - now_usec;
}

static void test_nothing_is_arranged_at_first(void **state _unused_) {
        _cleanup_lab_ Lab lab;

        lab_init(&lab, NEVER);
        assert_int_equal(next_look(&lab), NEVER);
}

// As when a plane's repairs are paused for 30 s, and a notification says that something has changed.
static void test_an_earlier_look_comes_before_one_that_is_arranged(void **state _unused_) {
        _cleanup_lab_ Lab lab;

        lab_init(&lab, NEVER);
        schedule_look(&lab.schedule, 30 * SECOND);
        assert_int_equal(next_look(&lab), 30 * SECOND);
        schedule_look(&lab.schedule, 1000);
        assert_int_equal(next_look(&lab), 1000);
}

static void test_a_later_look_does_not_put_off_one_that_is_arranged(void **state _unused_) {
        _cleanup_lab_ Lab lab;

        lab_init(&lab, NEVER);
        schedule_look(&lab.schedule, 1000);
        schedule_look(&lab.schedule, 30 * SECOND);
        assert_int_equal(next_look(&lab), 1000);
        // A flood of changes does not push it away from itself.
        now_usec += 500;
        schedule_look(&lab.schedule, 1000);
        assert_int_equal(next_look(&lab), 500);
}

static void test_a_look_is_made_once_and_can_be_arranged_again(void **state _unused_) {
        _cleanup_lab_ Lab lab;

        lab_init(&lab, NEVER);
        schedule_look(&lab.schedule, 1000);
        assert_true(sd_event_run(lab.event, 0) > 0);
        assert_int_equal(lab.n_looks, 1);
        assert_int_equal(next_look(&lab), NEVER);
        assert_int_equal(sd_event_run(lab.event, 0), 0);
        // Later than the one that is over.
        now_usec += SECOND;
        schedule_look(&lab.schedule, 2000);
        assert_int_equal(next_look(&lab), 2000);
        assert_true(sd_event_run(lab.event, 0) > 0);
        assert_int_equal(lab.n_looks, 2);
        assert_int_equal(lab.n_audits, 0);
}

static void test_audits_come_at_their_interval_whatever_else_is_arranged(void **state _unused_) {
        _cleanup_lab_ Lab lab;
        uint64_t at;

        lab_init(&lab, 5000);
        for (unsigned i = 1; i <= 3; i++) {
                now_usec += 5000;
                assert_true(sd_event_run(lab.event, UINT64_MAX) > 0);
                assert_int_equal(lab.n_audits, i);
                assert_true(sd_event_source_get_time(lab.schedule.audit_timer, &at) >= 0);
                assert_int_equal(at, now_usec + 5000);
        }
        assert_int_equal(lab.n_looks, 0);
}

// As after SIGSTOP, or where a virtual machine was paused.
static void test_missed_audits_are_not_made_up_for(void **state _unused_) {
        _cleanup_lab_ Lab lab;
        uint64_t at;

        lab_init(&lab, 5000);
        now_usec += 15 * SECOND;
        assert_true(sd_event_run(lab.event, UINT64_MAX) > 0);
        assert_int_equal(lab.n_audits, 1);
        assert_true(sd_event_source_get_time(lab.schedule.audit_timer, &at) >= 0);
        assert_int_equal(at, now_usec + 5000);
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_nothing_is_arranged_at_first),
                cmocka_unit_test(test_an_earlier_look_comes_before_one_that_is_arranged),
                cmocka_unit_test(test_a_later_look_does_not_put_off_one_that_is_arranged),
                cmocka_unit_test(test_a_look_is_made_once_and_can_be_arranged_again),
                cmocka_unit_test(test_audits_come_at_their_interval_whatever_else_is_arranged),
                cmocka_unit_test(test_missed_audits_are_not_made_up_for),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
