// Names of chains and counters.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "base/util.h"
#include "firewall/chain-name.h"
#include "golden.h"

static void test_links_are_spelled_so_that_nft_reads_them(void **state _unused_) {
        static const struct {
                const char *link, *spelling;
        } cases[] = {
                { "mig0", "mig0" },    { "eno1.100", "eno1.100" }, { "en-1_x", "en-1_x" }, { "m@1", "m/401" },
                { "3com", "x//3com" }, { "x3com", "x3com" },       { ".a", "x//.a" },      { "@", "x///40" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                char spelling[LINK_SPELLING_MAX], chain[CHAIN_NAME_MAX], link[IFNAMSIZ];

                assert_string_equal(chain_name_spell_link(cases[i].link, spelling), cases[i].spelling);
                assert_true(chain_name_is_plain(chain_name_format(cases[i].link, "out", chain)));
                chain_name_parse(chain, link);
                assert_string_equal(link, cases[i].link);
        }
}

static void test_a_name_fits_whatever_is_spelled(void **state _unused_) {
        char chain[CHAIN_NAME_MAX], link[IFNAMSIZ];
        bool is_outgoing;
        const char *reason;

        (void)chain_name_format("@@@@@@@@@@@@@@@", "out-elsewhere", chain);
        assert_true(chain_name_is_plain(chain));
        assert_true(chain_name_parse_counter(chain, link, &is_outgoing, &reason));
        assert_string_equal(link, "@@@@@@@@@@@@@@@");
        assert_string_equal(reason, "elsewhere");
}

static void test_chains_that_are_no_planes_have_no_link(void **state _unused_) {
        static const char *const names[] = { "prerouting", "eno1-guard",           "-in",   "a/4-in",
                                             "a/zz-in",    "seventeen-letters-in", "/40-in" };

        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                char link[IFNAMSIZ] = "untouched";
                chain_name_parse(names[i], link);
                assert_string_equal(link, i == 6 ? "@" : "");
        }
}

static void test_names_that_are_no_names_are_known(void **state _unused_) {
        static const char *const names[] = {
                "",    "1",   "a b", "a;flush ruleset",
                "a\"", "a\n", "-a",  "a234567890123456789012345678901234567890123456789012345678901234"
        };

        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                assert_false(chain_name_is_plain(names[i]));
        assert_true(chain_name_is_plain("a2345678901234567890123456789.1"));
}

static void test_counters_tell_link_way_and_reason(void **state _unused_) {
        char link[IFNAMSIZ];
        bool is_outgoing;
        const char *reason;

        assert_true(chain_name_parse_counter("eth-in-0-out-mac", link, &is_outgoing, &reason));
        assert_string_equal(link, "eth-in-0");
        assert_true(is_outgoing);
        assert_string_equal(reason, "mac");
        assert_true(chain_name_parse_counter("m/401-in-arp", link, &is_outgoing, &reason));
        assert_string_equal(link, "m@1");
        assert_false(is_outgoing);
        // That of the planes that are unread.
        assert_true(chain_name_parse_counter("x//-in-fallback", link, &is_outgoing, &reason));
        assert_string_equal(link, "");
        assert_string_equal(reason, "fallback");
}

static void test_other_counters_are_not_parsed(void **state _unused_) {
        static const char *const names[] = { "", "x", "mig0-in", "mig0-up-mac", "-in-mac", "a/4-in-mac" };
        char link[IFNAMSIZ] = "untouched";
        bool is_outgoing;
        const char *reason;

        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                assert_false(chain_name_parse_counter(names[i], link, &is_outgoing, &reason));
        assert_string_equal(link, "untouched");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_links_are_spelled_so_that_nft_reads_them),
                cmocka_unit_test(test_a_name_fits_whatever_is_spelled),
                cmocka_unit_test(test_chains_that_are_no_planes_have_no_link),
                cmocka_unit_test(test_names_that_are_no_names_are_known),
                cmocka_unit_test(test_counters_tell_link_way_and_reason),
                cmocka_unit_test(test_other_counters_are_not_parsed),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
