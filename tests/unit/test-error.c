// An error: its code, and a text that callers add to.
// SPDX-License-Identifier: GPL-2.0-or-later

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/util.h"

static void test_a_caller_without_an_error_gets_the_code(void **state _unused_) {
        assert_int_equal(error_set(NULL, -ENOENT, "no %s", "link"), -ENOENT);
        error_prefix(NULL, "cannot read %s", "mig0");
}

static void test_callers_add_what_was_attempted(void **state _unused_) {
        Error error;

        assert_int_equal(error_set(&error, -ENOENT, "no such %s", "link"), -ENOENT);
        error_prefix(&error, "cannot read %s", "mig0");
        error_prefix(&error, "plane blue");
        assert_int_equal(error.code, -ENOENT);
        assert_string_equal(error.text, "plane blue: cannot read mig0: no such link");
}

static void test_a_long_text_keeps_both_its_parts(void **state _unused_) {
        char prefix[900], text[900];
        Error error;

        memset(prefix, 'p', sizeof(prefix) - 1);
        memset(text, 't', sizeof(text) - 1);
        prefix[sizeof(prefix) - 1] = text[sizeof(text) - 1] = '\0';
        (void)error_set(&error, -EIO, "%s", text);
        error_prefix(&error, "%s", prefix);

        assert_true(strlen(error.text) < sizeof(error.text));
        const char *after = error.text + strspn(error.text, "p");
        assert_true(after - error.text > 300);
        assert_int_equal(strncmp(after, "...: t", 6), 0);
        after += strlen("...: ");
        assert_true(strspn(after, "t") > 500);
        assert_string_equal(after + strspn(after, "t"), "...");
}

static void test_what_others_chose_is_made_printable(void **state _unused_) {
        static const struct {
                const char *text, *printable;
        } cases[] = {
                { "", "" },
                { "nft", "nft" },
                { "a\x1b[31m\nb\x7f\r\t", "a?[31m?b???" },
                { "Z\xc3\xbcrich \xe2\x82\xac", "Z\xc3\xbcrich \xe2\x82\xac" },
                { "a\xff\xc3", "a??" },
                { "\xc2\x9b"
                  "31m",
                  "??31m" }, // a control character of two bytes
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                char text[32];

                strcpy_fixed(text, cases[i].text);
                assert_ptr_equal(text_make_printable(text), text);
                assert_string_equal(text, cases[i].printable);
        }
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_caller_without_an_error_gets_the_code),
                cmocka_unit_test(test_callers_add_what_was_attempted),
                cmocka_unit_test(test_a_long_text_keeps_both_its_parts),
                cmocka_unit_test(test_what_others_chose_is_made_printable),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
