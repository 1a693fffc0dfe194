// Changes that the kernel accepts and does not show: when they are tried again.
// SPDX-License-Identifier: GPL-2.0-or-later

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/util.h"
#include "model/object.h"
#include "planes/unconfirmed.h"

#define SECOND UINT64_C(1000000)
#define START (100 * SECOND)

static Object sysctl_of(const char *item, int64_t value) {
        Object object = { .kind = OBJECT_SYSCTL, .link = "mig0", .as_sysctl.value = value };

        strcpy_fixed(object.as_sysctl.item, item);
        return object;
}

static const ApplyFailures none;

// One round of apply and a look, both with the operation.
static void round_of(Unconfirmed *unconfirmed, Operation *operation, uint64_t now) {
        const Plan plan = { .operations = operation, .n_operations = 1 };

        assert_int_equal(unconfirmed_tried(unconfirmed, &plan, &none), 0);
        unconfirmed_look(unconfirmed, &plan, false, now);
}

static void test_the_pauses_double(void **state _unused_) {
        Object desired = sysctl_of("ipv4/conf/mig0/arp_ignore", 2),
               observed = sysctl_of("ipv4/conf/mig0/arp_ignore", 0);
        Operation operation = { .type = OPERATION_CHANGE, .desired = &desired, .observed = &observed };
        Unconfirmed unconfirmed = {};
        uint64_t now = START;

        round_of(&unconfirmed, &operation, now);
        assert_int_equal(unconfirmed_tries(&unconfirmed, &operation), 1);
        assert_false(unconfirmed_has(&unconfirmed, &operation));
        assert_int_equal(unconfirmed_remaining(&unconfirmed, now), 0);
        for (uint64_t pause = SECOND; pause <= 256 * SECOND; pause *= 2) {
                observed.as_sysctl.value++; // whatever it shows instead
                round_of(&unconfirmed, &operation, now);
                assert_true(unconfirmed_has(&unconfirmed, &operation));
                assert_true(unconfirmed_is_paused(&unconfirmed, &operation, now));
                assert_int_equal(unconfirmed_remaining(&unconfirmed, now), pause);
                now += pause;
                assert_false(unconfirmed_is_paused(&unconfirmed, &operation, now));
        }
        for (unsigned i = 0; i < 70; i++)
                round_of(&unconfirmed, &operation, now);
        assert_int_equal(unconfirmed_remaining(&unconfirmed, now), 300 * SECOND);
        unconfirmed_deinit(&unconfirmed);
}

static void test_what_is_shown_is_forgotten(void **state _unused_) {
        Object desired = sysctl_of("ipv4/conf/mig0/arp_ignore", 2), other = sysctl_of("ipv4/conf/mig0/rp_filter", 1);
        Operation operation = { .type = OPERATION_ADD, .desired = &desired };
        Operation another = { .type = OPERATION_ADD, .desired = &other };
        const Plan left = { .operations = &another, .n_operations = 1 };
        Unconfirmed unconfirmed = {};

        round_of(&unconfirmed, &operation, START);
        round_of(&unconfirmed, &operation, START);
        assert_true(unconfirmed_has(&unconfirmed, &operation));
        assert_false(unconfirmed_has(&unconfirmed, &another));
        unconfirmed_look(&unconfirmed, &left, true, START);
        assert_int_equal(unconfirmed_tries(&unconfirmed, &operation), 0);
        unconfirmed_deinit(&unconfirmed);
}

static void test_others_and_refusals_tell_nothing(void **state _unused_) {
        Object desired = sysctl_of("ipv4/conf/mig0/arp_ignore", 2);
        Operation operation = { .type = OPERATION_ADD, .desired = &desired };
        const Plan plan = { .operations = &operation, .n_operations = 1 };
        ApplyFailure failure = { .link = "mig0" };
        const ApplyFailures failures = { .failures = &failure, .n_failures = 1 };
        Unconfirmed unconfirmed = {};

        for (unsigned i = 0; i < 5; i++) {
                assert_int_equal(unconfirmed_tried(&unconfirmed, &plan, &none), 0);
                unconfirmed_look(&unconfirmed, &plan, true, START); // another program undid it
                assert_int_equal(unconfirmed_tried(&unconfirmed, &plan, &failures), 0);
                unconfirmed_look(&unconfirmed, &plan, false, START);
        }
        assert_int_equal(unconfirmed_tries(&unconfirmed, &operation), 0);
        unconfirmed_deinit(&unconfirmed);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_pauses_double),
                cmocka_unit_test(test_what_is_shown_is_forgotten),
                cmocka_unit_test(test_others_and_refusals_tell_nothing),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
