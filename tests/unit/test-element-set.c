// Sets of addresses as nft reads them.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "base/inet.h"
#include "base/util.h"
#include "firewall/element-set.h"
#include "golden.h"

static char *set_text(const char *const *prefixes, size_t n) {
        _cleanup_element_set_ ElementSet set = {};
        char *text = NULL;
        size_t size;
        FILE *file = open_memstream(&text, &size);

        for (size_t i = 0; i < n; i++) {
                Prefix prefix;
                assert_int_equal(prefix_parse(prefixes[i], &prefix), 0);
                assert_int_equal(element_set_add(&set, &prefix, "mig0"), 0);
        }
        element_set_normalise(&set);
        for (size_t j = 0, run; j < set.n_elements; j += run) {
                run = element_set_run(&set, j);
                element_set_print_run(&set.elements[j], run, file);
                element_set_print_mask(&set.elements[j], false, file);
                element_set_print_mask(&set.elements[j], true, file);
                fputc(j + run < set.n_elements ? '\n' : '\0', file);
        }
        fclose(file);
        return text;
}

static void test_sets_hold_nothing_twice(void **state _unused_) {
        static const char *const prefixes[] = { "10.1.2.3", "10.0.0.0/24", "10.1.2.9/24", "10.0.0.0/24", "fd00::1/64" };
        _cleanup_free_ char *set = set_text(prefixes, ELEMENTSOF(prefixes));
        _cleanup_free_ char *lone = set_text(prefixes, 1);

        assert_string_equal(set,
                            "{ 10.0.0.0, 10.1.2.0 } & 255.255.255.0 & 0xffffff00\n"
                            "fd00::/64 & ffff:ffff:ffff:ffff:: & 0xffffffffffffffff0000000000000000");
        assert_string_equal(lone, "10.1.2.3");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_sets_hold_nothing_twice),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
