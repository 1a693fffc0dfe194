// Health of a plane: what its reasons add up to, in which order and with which text.
// SPDX-License-Identifier: GPL-2.0-or-later

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/util.h"
#include "model/reason.h"

static void test_the_gravest_reason_is_the_health(void **state _unused_) {
        _cleanup_reasons_ Reasons reasons = {};

        assert_int_equal(reasons_health(&reasons), HEALTH_HEALTHY);
        assert_string_equal(reasons_gravest_text(&reasons), "everything is as configured");
        reasons_add(&reasons, REASON_REPAIRED, "an address was missing");
        assert_int_equal(reasons_health(&reasons), HEALTH_HEALTHY); // a note
        reasons_add(&reasons, REASON_DRIFT, "a route is missing");
        assert_int_equal(reasons_health(&reasons), HEALTH_DEGRADED);
        reasons_add(&reasons, REASON_LINK_DOWN, "mig0 is down");
        assert_int_equal(reasons_health(&reasons), HEALTH_FAILED);
        assert_string_equal(reasons_gravest_text(&reasons), "mig0 is down");
}

static void test_the_gravest_is_first_and_the_rest_keeps_its_order(void **state _unused_) {
        static const ReasonCode sorted[] = { REASON_LINK_DOWN, REASON_NO_CARRIER, REASON_DRIFT, REASON_CONTENDED,
                                             REASON_REPAIRED };
        _cleanup_reasons_ Reasons reasons = {};

        reasons_add(&reasons, REASON_REPAIRED, "a");
        reasons_add(&reasons, REASON_DRIFT, "b");
        reasons_add(&reasons, REASON_LINK_DOWN, "c");
        reasons_add(&reasons, REASON_CONTENDED, "d");
        reasons_add(&reasons, REASON_NO_CARRIER, "e");
        reasons_sort(&reasons);
        assert_int_equal(reasons.n_reasons, ELEMENTSOF(sorted));
        for (size_t i = 0; i < ELEMENTSOF(sorted); i++)
                assert_int_equal(reasons.reasons[i].code, sorted[i]);
}

static void test_reasons_are_found_by_their_code(void **state _unused_) {
        _cleanup_reasons_ Reasons reasons = {};

        reasons_add(&reasons, REASON_DRIFT, "%d objects", 2);
        reasons_add(&reasons, REASON_DRIFT, "%d objects", 3);
        assert_string_equal(reasons_text(&reasons, REASON_DRIFT), "2 objects");
        assert_true(reasons_have(&reasons, REASON_DRIFT));
        assert_null(reasons_text(&reasons, REASON_REPAIRED));
        assert_false(reasons_have(&reasons, REASON_REPAIRED));
}

static void test_a_reason_without_memory_counts(void **state _unused_) {
        Reasons reasons = { .lost = UINT64_C(1) << REASON_NO_ISOLATION };

        assert_int_equal(reasons_health(&reasons), HEALTH_FAILED);
        assert_true(reasons_have(&reasons, REASON_NO_ISOLATION));
        assert_string_equal(reasons_gravest_text(&reasons), "out of memory; the reason is lost");
}

static void test_texts_are_printable_and_cut_to_their_size(void **state _unused_) {
        _cleanup_reasons_ Reasons reasons = {};
        char name[1000];

        memset(name, 'x', sizeof(name) - 1);
        name[sizeof(name) - 1] = '\0';
        reasons_add(&reasons, REASON_CONTENDED, "by bl\xc3\xbc\n\xff");
        reasons_add(&reasons, REASON_CONTENDED, "%s", name);
        assert_string_equal(reasons.reasons[0].text, "by bl\xc3\xbc??");
        assert_true(has_suffix(reasons.reasons[1].text, "xxx..."));
}

static void test_equal_reasons_have_the_same_codes_and_texts(void **state _unused_) {
        _cleanup_reasons_ Reasons a = {}, b = {};

        assert_true(reasons_equal(&a, &b));
        reasons_add(&a, REASON_DRIFT, "x");
        assert_false(reasons_equal(&a, &b));
        reasons_add(&b, REASON_DRIFT, "y");
        assert_false(reasons_equal(&a, &b));
        strcpy(b.reasons[0].text, "x");
        assert_true(reasons_equal(&a, &b));
        b.reasons[0].code = REASON_CONTENDED;
        assert_false(reasons_equal(&a, &b));
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_gravest_reason_is_the_health),
                cmocka_unit_test(test_the_gravest_is_first_and_the_rest_keeps_its_order),
                cmocka_unit_test(test_reasons_are_found_by_their_code),
                cmocka_unit_test(test_a_reason_without_memory_counts),
                cmocka_unit_test(test_texts_are_printable_and_cut_to_their_size),
                cmocka_unit_test(test_equal_reasons_have_the_same_codes_and_texts),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
