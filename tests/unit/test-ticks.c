// Bytes at a rate, and ticks of 64 ns: exact up to the highest rate, and beyond.
// SPDX-License-Identifier: GPL-2.0-or-later

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/names.h"
#include "base/util.h"
#include "model/object.h"

#define RATE_MIN (RATE_MIN_BITS_PER_SECOND / 8)
#define RATE_MAX (RATE_MAX_BITS_PER_SECOND / 8)

static void test_ticks_are_rounded_up(void **state _unused_) {
        static const struct {
                uint64_t bytes, bytes_per_second;
                uint32_t ticks;
        } cases[] = {
                { 0, 1, 0 },
                { 1, RATE_MIN, 13 },
                { 131072, UINT64_C(1250000000), 1639 },
                { RATE_MAX / 1000, RATE_MAX, 15625 },
                { RATE_MAX - 1, RATE_MAX, 15625000 },
                { RATE_MAX, RATE_MAX, 15625000 },
                { RATE_MAX + 1, RATE_MAX, 15625001 },
                { 274 * RATE_MIN, RATE_MIN, UINT32_C(4281250000) },
                { 275 * RATE_MIN, RATE_MIN, UINT32_MAX },
                { UINT64_MAX, 1, UINT32_MAX },
                { UINT64_MAX - 1, UINT64_MAX, 15625000 },
                { UINT64_MAX, UINT64_MAX, 15625000 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++)
                assert_int_equal(ticks_from_bytes(cases[i].bytes, cases[i].bytes_per_second), cases[i].ticks);
}

static void test_bytes_are_rounded_down(void **state _unused_) {
        assert_int_equal(bytes_from_ticks(0, RATE_MAX), 0);
        assert_int_equal(bytes_from_ticks(1, RATE_MIN), 0);
        assert_int_equal(bytes_from_ticks(13, RATE_MIN), 1);
        assert_int_equal(bytes_from_ticks(15625000, RATE_MAX), RATE_MAX);
        assert_int_equal(bytes_from_ticks(15625001, RATE_MAX), RATE_MAX + 80000);
        assert_int_equal(bytes_from_ticks(UINT32_MAX, RATE_MAX), UINT64_C(343597383600000));
        assert_int_equal(bytes_from_ticks(1, 15624999), 0);
        assert_int_equal(bytes_from_ticks(UINT32_MAX, 15624999), UINT32_MAX - 275);
}

#ifdef __SIZEOF_INT128__
// The same in twice as many bits, where the compiler has them.
static void test_both_agree_with_longer_numbers(void **state _unused_) {
        uint64_t random = 1;

        for (unsigned i = 0; i < 100000; i++) {
                random = hash_bytes(random, &random, sizeof(random));
                uint64_t rate = (random >> random % 64) + 1,
                         bytes = hash_bytes(rate, &random, sizeof(random)) >> i % 64;
                uint32_t ticks = (uint32_t)(random >> 16);
                unsigned __int128 exact = ((unsigned __int128)bytes * 15625000 + rate - 1) / rate;

                assert_true(ticks_from_bytes(bytes, rate) == (exact > UINT32_MAX ? UINT32_MAX : (uint32_t)exact));
                assert_true(bytes_from_ticks(ticks, rate) == (uint64_t)((unsigned __int128)ticks * rate / 15625000));
        }
}
#endif

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_ticks_are_rounded_up),
                cmocka_unit_test(test_bytes_are_rounded_down),
#ifdef __SIZEOF_INT128__
                cmocka_unit_test(test_both_agree_with_longer_numbers),
#endif
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
