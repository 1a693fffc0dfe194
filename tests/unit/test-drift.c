// When another program keeps reverting our changes: whose repairs pause, for how long, and that isolation never waits.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "base/util.h"
#include "planes.h"
#include "planes/drift.h"
#include "planes/repair.h"

#define SECOND UINT64_C(1000000)
#define START (100 * SECOND)

static bool repair(Drift *drift, uint64_t now) {
        drift_note(drift, "blue", "nft, pid 12", 1, "~ sysctl", now);
        return drift_is_backing_off(drift, now);
}

// Repairs without a pause until they are paused. Returns how many that took.
static unsigned repair_until_paused(Drift *drift, uint64_t now) {
        unsigned n = 1;

        while (!repair(drift, now) && n < 100)
                n++;
        return n;
}

// --- one plane ---

static void test_the_sixth_repair_within_ten_seconds_begins_a_backoff_of_one(void **state _unused_) {
        Drift drift = {};

        for (unsigned i = 0; i < 5; i++)
                assert_false(repair(&drift, START + i * 2 * SECOND));
        assert_true(repair(&drift, START + 10 * SECOND));
        assert_int_equal(drift_backoff_remaining(&drift, START + 10 * SECOND), SECOND);
        assert_int_equal(drift_backoff_remaining(&drift, START + 10 * SECOND + SECOND / 4), SECOND * 3 / 4);
        assert_false(drift_is_backing_off(&drift, START + 11 * SECOND));
        assert_int_equal(drift_backoff_remaining(&drift, START + 12 * SECOND), 0);
        assert_string_equal(drift.contender, "nft, pid 12");
        assert_int_equal(drift.repairs, 6);
}

static void test_five_in_each_ten_seconds_go_on_for_ever(void **state _unused_) {
        Drift drift = {};

        for (unsigned i = 0; i < 100; i++)
                assert_false(repair(&drift, START + i * 2 * SECOND + i / 5 * SECOND));
}

static void test_the_backoff_doubles_up_to_thirty_seconds(void **state _unused_) {
        static const uint64_t seconds[] = { 1, 2, 4, 8, 16, 30, 30 };
        uint64_t now = START;
        Drift drift = {};

        for (size_t i = 0; i < ELEMENTSOF(seconds); i++) {
                // After the first, the second repair is one too many.
                assert_int_equal(repair_until_paused(&drift, now), i == 0 ? 6 : 2);
                assert_int_equal(drift_backoff_remaining(&drift, now), seconds[i] * SECOND);
                now += seconds[i] * SECOND + 1;
        }
}

static void test_a_quiet_window_after_it_starts_again_at_one_second(void **state _unused_) {
        Drift drift = {};

        assert_int_equal(repair_until_paused(&drift, START), 6);
        assert_int_equal(repair_until_paused(&drift, START + 2 * SECOND), 2);
        assert_int_equal(drift.backoff_usec, 2 * SECOND);
        // Until START + 4 s; quiet for ten seconds and more.
        assert_int_equal(repair_until_paused(&drift, START + 15 * SECOND), 6);
        assert_int_equal(drift.backoff_usec, SECOND);
}

static void test_a_window_with_a_repair_too_many_is_not_quiet(void **state _unused_) {
        Drift drift = {};

        assert_int_equal(repair_until_paused(&drift, START), 6);
        assert_false(repair(&drift, START + 2 * SECOND));
        assert_int_equal(repair_until_paused(&drift, START + 15 * SECOND), 6);
        assert_int_equal(drift.backoff_usec, 2 * SECOND);
}

static void test_repairs_of_isolation_neither_prolong_a_backoff_nor_end_it(void **state _unused_) {
        Drift drift = {};

        assert_int_equal(repair_until_paused(&drift, START), 6);
        for (unsigned i = 0; i < 10; i++)
                assert_true(repair(&drift, START + SECOND / 2));
        assert_int_equal(drift_backoff_remaining(&drift, START + SECOND / 2), SECOND / 2);
        assert_int_equal(drift.backoff_usec, SECOND);
        assert_int_equal(drift.repairs, 16); // counted all the same
}

// --- several planes ---

typedef struct Lab {
        PlaneSet planes;
        Plane *blue, *green;
        Object objects[4];
        Operation operations[4];
        Unconfirmed unconfirmed;
} Lab;

enum { BLUE_ADDRESS, GREEN_ADDRESS, BLUE_CHAIN, COMMON_CHAIN };

// blue is on mig0, green on mig1, and of each something is missing.
static void lab_init(Lab *lab) {
        *lab = (Lab){
                .objects = {
                        [BLUE_ADDRESS] = object_on(OBJECT_ADDRESS, "mig0"),
                        [GREEN_ADDRESS] = object_on(OBJECT_ADDRESS, "mig1"),
                        [BLUE_CHAIN] = chain_on("mig0", RULESET_NETDEV, "mig0-in"),
                        [COMMON_CHAIN] = chain_on("", RULESET_INET, "prerouting"),
                },
        };
        for (size_t i = 0; i < ELEMENTSOF(lab->operations); i++)
                lab->operations[i] = (Operation){ .type = OPERATION_ADD, .desired = &lab->objects[i] };
        lab->blue = planes_add_text(&lab->planes, "blue", ON_DEVICE("mig0", "172.150.1.5/24"));
        lab->green = planes_add_text(&lab->planes, "green", ON_DEVICE("mig1", "172.150.2.5/24"));
        lab->blue->status.verified = lab->green->status.verified = true;
}

static void lab_deinit(Lab *lab) {
        planes_deinit(&lab->planes);
        unconfirmed_deinit(&lab->unconfirmed);
}
#define _cleanup_lab_ _cleanup_(lab_deinit)

// Which of the objects are worked on, as "0123".
static void assert_selected(Lab *lab, bool is_asked_for, uint64_t now, const char *expected) {
        _cleanup_snapshot_of_ Snapshot snapshot =
                snapshot_of(&lab->planes, lab->operations, ELEMENTSOF(lab->operations));
        _cleanup_plan_ Plan active = {};
        char selected[8] = "";

        assert_int_equal(repair_select(&lab->planes, &snapshot, &lab->unconfirmed, is_asked_for, now, &active), 0);
        for (size_t i = 0; i < active.n_operations; i++)
                selected[i] = (char)('0' + (active.operations[i].desired - lab->objects));
        assert_string_equal(selected, expected);
}

static void test_without_a_backoff_all_is_repaired(void **state _unused_) {
        _cleanup_lab_ Lab lab;

        lab_init(&lab);
        assert_selected(&lab, false, START, "0123");
}

static void test_a_backoff_pauses_its_own_plane_and_never_the_isolation(void **state _unused_) {
        _cleanup_lab_ Lab lab;

        lab_init(&lab);
        assert_int_equal(repair_until_paused(&lab.blue->drift, START), 6);
        assert_selected(&lab, false, START, "123");
        assert_selected(&lab, false, START + SECOND, "0123"); // it is over
}

static void look(Lab *lab, size_t first, size_t last, uint64_t now) {
        const Plan plan = { .operations = &lab->operations[first], .n_operations = last - first + 1 };
        const ApplyFailures none = {};

        assert_int_equal(unconfirmed_tried(&lab->unconfirmed, &plan, &none), 0);
        unconfirmed_look(&lab->unconfirmed, &plan, false, now);
}

static void test_what_is_not_confirmed_is_paused_alone(void **state _unused_) {
        _cleanup_lab_ Lab lab;

        lab_init(&lab);
        look(&lab, BLUE_ADDRESS, BLUE_ADDRESS, START);
        assert_selected(&lab, false, START, "0123"); // it gets a second try
        look(&lab, BLUE_ADDRESS, BLUE_ADDRESS, START);
        assert_selected(&lab, false, START, "123");
        assert_selected(&lab, true, START, "123"); // this was a try already
        assert_selected(&lab, false, START + SECOND, "0123");
}

static void test_no_address_before_its_rules_are_confirmed(void **state _unused_) {
        _cleanup_lab_ Lab lab;

        lab_init(&lab);
        look(&lab, BLUE_CHAIN, BLUE_CHAIN, START);
        look(&lab, BLUE_CHAIN, BLUE_CHAIN, START);
        assert_selected(&lab, false, START, "13");
        unconfirmed_wake_rulesets(&lab.unconfirmed);
        assert_selected(&lab, false, START, "0123");
        look(&lab, COMMON_CHAIN, COMMON_CHAIN, START);
        look(&lab, COMMON_CHAIN, COMMON_CHAIN, START);
        assert_selected(&lab, false, START, "2");
}

static void test_two_planes_have_a_backoff_each(void **state _unused_) {
        _cleanup_lab_ Lab lab;

        lab_init(&lab);
        assert_int_equal(repair_until_paused(&lab.blue->drift, START), 6);
        assert_int_equal(repair_until_paused(&lab.green->drift, START + SECOND / 2), 6);
        assert_selected(&lab, false, START + SECOND / 2, "23");
        assert_int_equal(repair_backoff_remaining(&lab.planes, START + SECOND / 2), SECOND / 2);
        assert_selected(&lab, false, START + SECOND, "023");
        assert_int_equal(repair_backoff_remaining(&lab.planes, START + SECOND), SECOND / 2);
        assert_int_equal(repair_backoff_remaining(&lab.planes, START + 2 * SECOND), 0);
}

static void test_what_somebody_asks_for_waits_for_no_backoff(void **state _unused_) {
        _cleanup_lab_ Lab lab;

        lab_init(&lab);
        assert_int_equal(repair_until_paused(&lab.blue->drift, START), 6);
        assert_selected(&lab, true, START, "0123");
}

static void test_a_plane_that_was_taken_down_waits_for_none(void **state _unused_) {
        _cleanup_lab_ Lab lab;

        lab_init(&lab);
        assert_int_equal(repair_until_paused(&lab.blue->drift, START), 6);
        lab.blue->taken_down = true;
        assert_selected(&lab, false, START, "0123");
        assert_int_equal(repair_backoff_remaining(&lab.planes, START), 0);
}

static void test_a_repair_is_noted_with_the_planes_that_it_is_about(void **state _unused_) {
        static const MonitorEvent suspect = { .pid = 12, .process = "nft" };
        _cleanup_lab_ Lab lab;

        lab_init(&lab);
        lab.green->status.verified = false; // being set up: that is no drift
        _cleanup_snapshot_of_ Snapshot snapshot = snapshot_of(&lab.planes, lab.operations, ELEMENTSOF(lab.operations));
        repair_note(&lab.planes, &snapshot, &snapshot.plan, &suspect, START);
        assert_int_equal(lab.blue->drift.repairs, 3); // its address, its chain, and the chain of all
        assert_non_null(strstr(lab.blue->drift.repaired, "3 object(s), changed by nft, pid 12: + address mig0"));
        assert_int_equal(lab.green->drift.repairs, 0);
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_sixth_repair_within_ten_seconds_begins_a_backoff_of_one),
                cmocka_unit_test(test_five_in_each_ten_seconds_go_on_for_ever),
                cmocka_unit_test(test_the_backoff_doubles_up_to_thirty_seconds),
                cmocka_unit_test(test_a_quiet_window_after_it_starts_again_at_one_second),
                cmocka_unit_test(test_a_window_with_a_repair_too_many_is_not_quiet),
                cmocka_unit_test(test_repairs_of_isolation_neither_prolong_a_backoff_nor_end_it),
                cmocka_unit_test(test_without_a_backoff_all_is_repaired),
                cmocka_unit_test(test_a_backoff_pauses_its_own_plane_and_never_the_isolation),
                cmocka_unit_test(test_what_is_not_confirmed_is_paused_alone),
                cmocka_unit_test(test_no_address_before_its_rules_are_confirmed),
                cmocka_unit_test(test_two_planes_have_a_backoff_each),
                cmocka_unit_test(test_what_somebody_asks_for_waits_for_no_backoff),
                cmocka_unit_test(test_a_plane_that_was_taken_down_waits_for_none),
                cmocka_unit_test(test_a_repair_is_noted_with_the_planes_that_it_is_about),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
