// Rates, booleans, numbers and names: to and from text.
// SPDX-License-Identifier: GPL-2.0-or-later

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/names.h"
#include "base/parse.h"
#include "base/util.h"

static void test_rates_are_read(void **state _unused_) {
        static const struct {
                const char *text;
                uint64_t rate;
        } cases[] = {
                { "10000000", 10000000 },
                { "10000K", 10000000 },
                { "10000k", 10000000 },
                { "10M", 10000000 },
                { "8G", 8000000000 },
                { "8g", 8000000000 },
                { "2.5G", 2500000000 },
                { "2.50G", 2500000000 },
                { "0.5G", 500000000 },
                { "1.23456789G", 1234567890 },
                { "1.0000000000000000000G", 1000000000 },
                { "0010M", 10000000 },
                { "10000000.0", 10000000 },
                { "400G", UINT64_C(400000000000) },
                { "10T", UINT64_C(10000000000000) },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                uint64_t rate = 1;
                assert_int_equal(parse_rate(cases[i].text, &rate), 0);
                assert_int_equal(rate, cases[i].rate);
        }
}

static void test_bad_rates_are_refused(void **state _unused_) {
        static const struct {
                const char *text;
                int r;
        } cases[] = {
                { "", -EINVAL },
                { "G", -EINVAL },
                { "fast", -EINVAL },
                { "8Gbit", -EINVAL },
                { "8Gi", -EINVAL },
                { "8 G", -EINVAL },
                { " 8G", -EINVAL },
                { "-8G", -EINVAL },
                { "+8G", -EINVAL },
                { "8.G", -EINVAL },
                { ".5G", -EINVAL },
                { "1.5.5G", -EINVAL },
                { "10000000.5", -EINVAL },    // half a bit
                { "1.0000000001G", -EINVAL }, // a tenth of one
                { "1.00000000000000001T", -EINVAL },
                { "0", -ERANGE },
                { "9999999", -ERANGE },
                { "9.999999M", -ERANGE },
                { "10000000000001", -ERANGE },
                { "10.1T", -ERANGE },
                { "18446744073709551616", -ERANGE },
                { "18446744073709551615T", -ERANGE },
                { "99999999999999999999999999999999G", -ERANGE },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                uint64_t rate = 1;
                assert_int_equal(parse_rate(cases[i].text, &rate), cases[i].r);
                assert_int_equal(rate, 1);
        }
}

static void test_rates_are_written_shortest(void **state _unused_) {
        static const struct {
                uint64_t rate;
                const char *text;
        } cases[] = {
                { 0, "0" },
                { 1, "1" },
                { 999, "999" },
                { 1000, "1K" },
                { 8000, "8K" },
                { 10000000, "10M" },
                { 100500, "100.5K" },
                { 1001000000, "1001M" },
                { 1500000000, "1.5G" },
                { 1234567890, "1234567890" },
                { UINT64_C(400000000000), "400G" },
                { UINT64_C(2500000000000), "2.5T" },
                { UINT64_MAX, "18446744073709551615" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                char text[RATE_TEXT_MAX];
                assert_string_equal(format_rate(cases[i].rate, text), cases[i].text);
        }
}

static void assert_rate_round_trip(uint64_t rate) {
        char text[RATE_TEXT_MAX];
        uint64_t back;

        assert_int_equal(parse_rate(format_rate(rate, text), &back), 0);
        assert_int_equal(back, rate);
}

static void test_rates_come_back_exactly(void **state _unused_) {
        for (uint64_t rate = RATE_MIN_BITS_PER_SECOND; rate <= UINT64_C(400000000000); rate += rate / 7 + 1)
                assert_rate_round_trip(rate);
        for (uint64_t mega = 10; mega <= 400000; mega += 10)
                assert_rate_round_trip(mega * 1000000);
        assert_rate_round_trip(RATE_MIN_BITS_PER_SECOND);
        assert_rate_round_trip(RATE_MAX_BITS_PER_SECOND);
        assert_rate_round_trip(RATE_MAX_BITS_PER_SECOND - 1);
}

static void test_booleans_are_those_of_systemd(void **state _unused_) {
        static const char *const yes[] = { "1", "yes", "y", "true", "t", "on", "YES", "True" };
        static const char *const no[] = { "0", "no", "n", "false", "f", "off", "No", "OFF" };
        static const char *const neither[] = { "", "2", "yess", " yes", "enable" };
        bool value;

        for (size_t i = 0; i < ELEMENTSOF(yes); i++) {
                value = false;
                assert_int_equal(parse_boolean(yes[i], &value), 0);
                assert_true(value);
        }
        for (size_t i = 0; i < ELEMENTSOF(no); i++) {
                value = true;
                assert_int_equal(parse_boolean(no[i], &value), 0);
                assert_false(value);
        }
        for (size_t i = 0; i < ELEMENTSOF(neither); i++)
                assert_int_equal(parse_boolean(neither[i], &value), -EINVAL);
}

static void test_numbers_stay_in_their_range(void **state _unused_) {
        uint64_t number = 7;

        assert_int_equal(parse_unsigned("1", 1, 4094, &number), 0);
        assert_int_equal(number, 1);
        assert_int_equal(parse_unsigned("4094", 1, 4094, &number), 0);
        assert_int_equal(number, 4094);
        assert_int_equal(parse_unsigned("18446744073709551615", 0, UINT64_MAX, &number), 0);
        assert_true(number == UINT64_MAX);
        number = 7;
        assert_int_equal(parse_unsigned("0", 1, 4094, &number), -ERANGE);
        assert_int_equal(parse_unsigned("4095", 1, 4094, &number), -ERANGE);
        assert_int_equal(parse_unsigned("18446744073709551617", 1, 4094, &number), -ERANGE);
        assert_int_equal(parse_unsigned("", 0, 9, &number), -EINVAL);
        assert_int_equal(parse_unsigned("-1", 0, 9, &number), -EINVAL);
        assert_int_equal(parse_unsigned("0x1", 0, 9, &number), -EINVAL);
        assert_int_equal(parse_unsigned("1 ", 0, 9, &number), -EINVAL);
        assert_int_equal(number, 7);
}

static void test_names_of_interfaces(void **state _unused_) {
        static const char *const good[] = { "mig0", "eno1.100", "enp3s0f0np0", "br-ex", "a", "123456789012345" };
        static const char *const bad[] = {
                "",      "1234567890123456",
                ".",     "..",
                "a/b",   "a:1",
                "a b",   "a\tb",
                "a\"b",  "eth*",
                "eth%d", "a\\",
                "a'b",   "m\xc3\xbc",
                "all",   "default",
        };

        for (size_t i = 0; i < ELEMENTSOF(good); i++)
                assert_true(interface_name_is_valid(good[i]));
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                assert_false(interface_name_is_valid(bad[i]));
}

static void test_names_of_planes(void **state _unused_) {
        static const char *const good[] = {
                "blue", "Blue-2", "_x", "a.b", "7", "0123456789012345678901234567890123456789012345678901234567890123",
        };
        static const char *const bad[] = {
                "",    ".blue", "-blue",      "a/b",
                "a b", "a@b",   "bl\xc3\xbc", "01234567890123456789012345678901234567890123456789012345678901234",
        };

        for (size_t i = 0; i < ELEMENTSOF(good); i++)
                assert_true(plane_name_is_valid(good[i]));
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                assert_false(plane_name_is_valid(bad[i]));
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_rates_are_read),
                cmocka_unit_test(test_bad_rates_are_refused),
                cmocka_unit_test(test_rates_are_written_shortest),
                cmocka_unit_test(test_rates_come_back_exactly),
                cmocka_unit_test(test_booleans_are_those_of_systemd),
                cmocka_unit_test(test_numbers_stay_in_their_range),
                cmocka_unit_test(test_names_of_interfaces),
                cmocka_unit_test(test_names_of_planes),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
