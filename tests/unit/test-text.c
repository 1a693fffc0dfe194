// Texts in arrays: never cut in silence, and never within a character.
// SPDX-License-Identifier: GPL-2.0-or-later

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/text.h"
#include "base/util.h"

static void test_a_text_that_fits_stays_as_it_is(void **state _unused_) {
        char text[8];

        strcpy_fixed(text, "1234567");
        assert_string_equal(text, "1234567");
        text_format(text, sizeof(text), "%s", "1234567");
        assert_string_equal(text, "1234567");
        strcpy_fixed(text, "");
        assert_string_equal(text, "");
}

static void test_a_text_that_is_cut_says_so(void **state _unused_) {
        char text[8], tiny[3];

        strcpy_fixed(text, "12345678");
        assert_string_equal(text, "1234...");
        text_format(text, sizeof(text), "%s", "12345678");
        assert_string_equal(text, "1234...");
        strcpy_fixed(tiny, "1234"); // there is no room for a mark
        assert_string_equal(tiny, "12");
}

// At every place of a text of two, three and four bytes a character.
static void test_a_text_is_cut_between_characters(void **state _unused_) {
        static const char long_text[] = "\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80\xc3\xbc\xe2\x82\xac\xf0\x9f\x98\x80";

        for (size_t size = 4; size < sizeof(long_text); size++) {
                char text[sizeof(long_text)];

                text_copy(text, size, long_text);
                assert_true(has_suffix(text, "..."));
                for (size_t i = 0, n; text[i]; i += n) {
                        n = utf8_sequence_length(text + i, strlen(text + i));
                        assert_true(n > 0);
                }
        }
}

static void test_what_is_not_text_becomes_question_marks(void **state _unused_) {
        static const char *const cases[][2] = {
                { "mig0", "mig0" },   { "bl\xc3\xbc", "bl\xc3\xbc" }, { "a\nb\x1b[31m\x7f", "a?b?[31m?" },
                { "\xff\xc3", "??" }, { "\xc2\x9b", "?\x3f" }, // a control character of two bytes
                { "\xe2\x82", "??" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                char text[16];

                strcpy_fixed(text, cases[i][0]);
                text_make_printable(text);
                assert_string_equal(text, cases[i][1]);
        }
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_text_that_fits_stays_as_it_is),
                cmocka_unit_test(test_a_text_that_is_cut_says_so),
                cmocka_unit_test(test_a_text_is_cut_between_characters),
                cmocka_unit_test(test_what_is_not_text_becomes_question_marks),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
