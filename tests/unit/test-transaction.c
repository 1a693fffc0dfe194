// The transactions that load rulesets.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "base/util.h"
#include "firewall/transaction.h"
#include "golden.h"

static Object chain_object(RulesetFamily family, const char *chain, const char *text) {
        Object object = { .kind = OBJECT_RULESET, .as_ruleset = { .family = family } };

        memcpy(&object.as_ruleset.text, &text, sizeof(text)); // is only read
        strcpy_fixed(object.as_ruleset.chain, chain);
        return object;
}

static void assert_transaction(const Table *existing, const Object *load, size_t n_load, const Object *removed,
                               size_t n_removed, const char *expected) {
        const Object *loads[8], *removals[8];
        _cleanup_free_ char *text = NULL;

        for (size_t i = 0; i < n_load; i++)
                loads[i] = &load[i];
        for (size_t i = 0; i < n_removed; i++)
                removals[i] = &removed[i];
        assert_int_equal(transaction_render(existing, loads, n_load, removals, n_removed, &text), 0);
        if (expected)
                assert_string_equal(text, expected);
        else
                assert_null(text);
}

#define FORWARD                                                    \
        "type filter hook forward priority -450; policy accept;\n" \
        "iifname \"lo\" accept\n"                                  \
        "iifname == \"mig0\" counter name \"mig0-in-forward\" drop\n"
#define IN "counter name \"mig0-in-other\" drop\n"

static void test_a_first_load_makes_everything(void **state _unused_) {
        Table existing[RULESET_FAMILY_MAX] = {};
        Object load[] = { chain_object(RULESET_INET, "forward", FORWARD),
                          chain_object(RULESET_INET, "mig0-in", IN IN) };

        assert_transaction(
                existing, load, 2, NULL, 0,
                "add table inet migplane\n"
                "add counter inet migplane mig0-in-forward\n"
                "add counter inet migplane mig0-in-other\n"
                "add chain inet migplane forward { type filter hook forward priority -450; policy accept; }\n"
                "add chain inet migplane mig0-in\n"
                "add rule inet migplane forward iifname \"lo\" accept\n"
                "add rule inet migplane forward iifname == \"mig0\" counter name \"mig0-in-forward\" drop\n"
                "add rule inet migplane mig0-in counter name \"mig0-in-other\" drop\n"
                "add rule inet migplane mig0-in counter name \"mig0-in-other\" drop\n");
}

static void test_a_reload_flushes_and_refills(void **state _unused_) {
        TableChain chains[] = { { .name = "forward", .is_in_place = true },
                                { .name = "mig0-in", .is_in_place = true } };
        Table existing[RULESET_FAMILY_MAX] = { [RULESET_INET] = { RULESET_INET, true, false, chains, 2, 2 } };
        Object load[] = { chain_object(RULESET_INET, "mig0-in", IN) };

        assert_transaction(existing, load, 1, NULL, 0,
                           "add table inet migplane\n"
                           "add counter inet migplane mig0-in-other\n"
                           "flush chain inet migplane mig0-in\n"
                           "add chain inet migplane mig0-in\n"
                           "add rule inet migplane mig0-in counter name \"mig0-in-other\" drop\n");
}

static void test_a_chain_is_deleted_after_what_leads_to_it(void **state _unused_) {
        TableChain chains[] = { { .name = "forward", .is_in_place = true },
                                { .name = "mig0-in", .is_in_place = true } };
        Table existing[RULESET_FAMILY_MAX] = { [RULESET_INET] = { RULESET_INET, true, false, chains, 2, 2 } };
        Object load[] = { chain_object(RULESET_INET, "forward",
                                       "type filter hook forward priority -450; policy accept;\naccept\n") };
        Object removed[] = { chain_object(RULESET_INET, "mig0-in", NULL), chain_object(RULESET_INET, "gone-in", NULL) };

        assert_transaction(
                existing, load, 1, removed, 2,
                "add table inet migplane\n"
                "flush chain inet migplane mig0-in\n"
                "flush chain inet migplane forward\n"
                "add chain inet migplane forward { type filter hook forward priority -450; policy accept; }\n"
                "add rule inet migplane forward accept\n"
                "delete chain inet migplane mig0-in\n");
}

static void test_a_table_goes_with_its_last_chain(void **state _unused_) {
        TableChain chains[] = { { .name = "forward", .is_in_place = true },
                                { .name = "mig0-in", .is_in_place = true } };
        Table existing[RULESET_FAMILY_MAX] = { [RULESET_INET] = { RULESET_INET, true, false, chains, 2, 2 } };
        Object removed[] = { chain_object(RULESET_INET, "mig0-in", NULL), chain_object(RULESET_INET, "forward", NULL) };

        assert_transaction(existing, NULL, 0, removed, 2, "delete table inet migplane\n");
}

static void test_a_chain_that_hangs_elsewhere_is_made_anew(void **state _unused_) {
        TableChain chains[] = { { .name = "forward" } };
        Table existing[RULESET_FAMILY_MAX] = { [RULESET_INET] = { RULESET_INET, true, false, chains, 1, 1 } };
        Object load[] = { chain_object(RULESET_INET, "forward",
                                       "type filter hook forward priority -450; policy accept;\naccept\n") };

        assert_transaction(
                existing, load, 1, NULL, 0,
                "add table inet migplane\n"
                "flush chain inet migplane forward\n"
                "delete chain inet migplane forward\n"
                "add chain inet migplane forward { type filter hook forward priority -450; policy accept; }\n"
                "add rule inet migplane forward accept\n");
}

static void test_a_dormant_table_is_made_again(void **state _unused_) {
        TableChain chains[] = { { .name = "forward", .is_in_place = true }, { .name = "theirs", .is_in_place = true } };
        Table existing[RULESET_FAMILY_MAX] = { [RULESET_INET] = { RULESET_INET, true, true, chains, 2, 2 } };
        Object load[] = { chain_object(RULESET_INET, "forward",
                                       "type filter hook forward priority -450; policy accept;\naccept\n") };
        Object removed[] = { chain_object(RULESET_INET, "theirs", NULL), chain_object(RULESET_INET, "forward", NULL) };

        assert_transaction(
                existing, load, 1, removed, 1,
                "delete table inet migplane\n"
                "add table inet migplane\n"
                "add chain inet migplane forward { type filter hook forward priority -450; policy accept; }\n"
                "add rule inet migplane forward accept\n");
        assert_transaction(existing, NULL, 0, removed, 2, "delete table inet migplane\n");
}

static void test_nothing_to_do_is_no_transaction(void **state _unused_) {
        Table existing[RULESET_FAMILY_MAX] = {};
        Object removed[] = { chain_object(RULESET_NETDEV, "mig0-in", NULL) };

        assert_transaction(existing, NULL, 0, removed, 1, NULL);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_first_load_makes_everything),
                cmocka_unit_test(test_a_reload_flushes_and_refills),
                cmocka_unit_test(test_a_chain_is_deleted_after_what_leads_to_it),
                cmocka_unit_test(test_a_table_goes_with_its_last_chain),
                cmocka_unit_test(test_a_chain_that_hangs_elsewhere_is_made_anew),
                cmocka_unit_test(test_a_dormant_table_is_made_again),
                cmocka_unit_test(test_nothing_to_do_is_no_transaction),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
