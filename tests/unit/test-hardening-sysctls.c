// The sysctls of a plane's device: how the kernel makes one value of two, and which planes get which.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "golden.h"
#include "engine/hardening.h"

static void test_all_can_only_widen_some_settings(void **state _unused_) {
        assert_int_equal(hardening_combine(HARDENING_LARGER, 2, 1), 2); // rp_filter: the laxer
        assert_int_equal(hardening_combine(HARDENING_LARGER, 0, 1), 1);
        assert_int_equal(hardening_combine(HARDENING_EITHER, 1, 0), 1); // accept_local
        assert_int_equal(hardening_combine(HARDENING_EITHER, 0, 0), 0);
        assert_int_equal(hardening_combine(HARDENING_EITHER, 2, 0), 1);
}

static void test_all_can_only_narrow_others(void **state _unused_) {
        assert_int_equal(hardening_combine(HARDENING_BOTH, 1, 0), 0); // accept_source_route
        assert_int_equal(hardening_combine(HARDENING_BOTH, 0, 1), 0);
        assert_int_equal(hardening_combine(HARDENING_BOTH, 1, 1), 1);
}

static void test_some_know_one_side_only(void **state _unused_) {
        assert_int_equal(hardening_combine(HARDENING_OWN, 1, 0), 0);
        assert_int_equal(hardening_combine(HARDENING_ALL, 1, 0), 1);
}

// What is derived, as lines.
static char *derived(int (*derive)(State *state)) {
        _cleanup_state_ State state = {};

        assert_int_equal(derive(&state), 0);
        state_sort(&state);
        return golden_state(&state);
}

static int with_ipv6(State *state) {
        return hardening_derive("mig0", true, false, state);
}

static int without_ipv6(State *state) {
        return hardening_derive("mig0", false, false, state);
}

static int awaiting_addresses(State *state) {
        return hardening_derive("mig0", true, true, state);
}

static int ifb(State *state) {
        return hardening_derive_ifb("ifb-mig0", state);
}

static void test_ipv6_is_tamed_or_off(void **state _unused_) {
        _cleanup_free_ char *with = derived(with_ipv6), *without = derived(without_ipv6);

        assert_non_null(strstr(with, "sysctl ipv6/conf/mig0/disable_ipv6=0\n"));
        assert_non_null(strstr(with, "sysctl ipv6/conf/mig0/accept_ra=0\n"));
        assert_non_null(strstr(without, "sysctl ipv6/conf/mig0/disable_ipv6=1\n"));
        assert_null(strstr(without, "accept_ra"));
        for (const char *const *text = (const char *const[]){ with, without, NULL }; *text; text++)
                assert_non_null(strstr(*text, "sysctl ipv4/conf/mig0/arp_ignore=2\n"));
}

// The kernel takes the answer to its own duplicate address detection for an unsolicited advertisement.
static void test_duplicate_address_detection_is_heard(void **state _unused_) {
        _cleanup_free_ char *before = derived(awaiting_addresses), *after = derived(with_ipv6);

        assert_non_null(strstr(before, "sysctl ipv6/conf/mig0/drop_unsolicited_na=0\n"));
        assert_non_null(strstr(after, "sysctl ipv6/conf/mig0/drop_unsolicited_na=1\n"));
}

static void test_an_ifb_sends_nothing_by_itself(void **state _unused_) {
        _cleanup_free_ char *text = derived(ifb);

        assert_string_equal(text,
                            "sysctl ipv6/conf/ifb-mig0/addr_gen_mode=1\nsysctl ipv6/conf/ifb-mig0/disable_ipv6=1\n");
}

// What we set has to be a value that the audit accepts where `all` has the same.
static void test_what_is_set_passes_the_audit(void **state _unused_) {
        size_t n;
        const HardeningSetting *settings = hardening_settings(&n);

        for (size_t i = 0; i < n; i++) {
                int64_t applied = hardening_combine(settings[i].combination, settings[i].own, settings[i].own);
                assert_true(applied >= settings[i].least && applied <= settings[i].most);
        }
}

// How Linux makes one value of two: include/linux/inetdevice.h and, for IPv6, the code that reads the setting.
static void test_each_setting_is_combined_as_the_kernel_does(void **state _unused_) {
        static const struct {
                const char *family, *name;
                HardeningCombination combination;
        } kernel[] = {
                { "ipv4", "accept_local", HARDENING_EITHER },
                { "ipv4", "accept_redirects", HARDENING_EITHER },
                { "ipv4", "accept_source_route", HARDENING_BOTH },
                { "ipv4", "arp_accept", HARDENING_LARGER },
                { "ipv4", "arp_announce", HARDENING_LARGER },
                { "ipv4", "arp_ignore", HARDENING_LARGER },
                { "ipv4", "drop_gratuitous_arp", HARDENING_EITHER },
                { "ipv4", "drop_unicast_in_l2_multicast", HARDENING_EITHER },
                { "ipv4", "forwarding", HARDENING_OWN },
                { "ipv4", "promote_secondaries", HARDENING_EITHER },
                { "ipv4", "proxy_arp", HARDENING_EITHER },
                { "ipv4", "route_localnet", HARDENING_EITHER },
                { "ipv4", "rp_filter", HARDENING_LARGER },
                { "ipv4", "secure_redirects", HARDENING_EITHER },
                { "ipv4", "send_redirects", HARDENING_EITHER },
                { "ipv4", "shared_media", HARDENING_EITHER },
                { "ipv6", "forwarding", HARDENING_ALL },
                { "ipv6", "proxy_ndp", HARDENING_EITHER },
        };
        size_t n;
        const HardeningSetting *settings = hardening_settings(&n);

        for (size_t i = 0; i < n; i++) {
                HardeningCombination expected = HARDENING_OWN; // all others of IPv6
                bool known = streq(settings[i].family, "ipv6");
                for (size_t j = 0; j < ELEMENTSOF(kernel); j++)
                        if (streq(settings[i].family, kernel[j].family) && streq(settings[i].name, kernel[j].name)) {
                                expected = kernel[j].combination;
                                known = true;
                        }
                if (!known || settings[i].combination != expected)
                        print_error("%s %s\n", settings[i].family, settings[i].name);
                assert_true(known);
                assert_int_equal(settings[i].combination, expected);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_all_can_only_widen_some_settings),
                cmocka_unit_test(test_all_can_only_narrow_others),
                cmocka_unit_test(test_some_know_one_side_only),
                cmocka_unit_test(test_ipv6_is_tamed_or_off),
                cmocka_unit_test(test_duplicate_address_detection_is_heard),
                cmocka_unit_test(test_an_ifb_sends_nothing_by_itself),
                cmocka_unit_test(test_what_is_set_passes_the_audit),
                cmocka_unit_test(test_each_setting_is_combined_as_the_kernel_does),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
