// The rulesets of a plan: what the kernel refuses of one plane does not keep the rules of the others from being loaded.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// The linker calls the __wrap_ functions instead of the kernel's (--wrap, see meson.build).

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/error.h"
#include "base/util.h"
#include "engine/apply.h"
#include "firewall/firewall.h"
#include "kernel/link.h"
#include "netlink/request.h"

static struct {
        const char *no_link;  // cannot be made, and does not exist
        const char *bad_link; // whose netdev chains are refused; NULL: none
        bool refuses_all;
        char loaded[256]; // "red-in blue-in\n" a transaction that was taken
        unsigned n_transactions, n_checks;
} kernel;

static int reset(void **state _unused_) {
        memset(&kernel, 0, sizeof(kernel));
        return 0;
}

static bool takes(const Object *const *load, size_t n_load) {
        for (size_t i = 0; i < n_load; i++)
                if (kernel.bad_link && load[i]->as_ruleset.family == RULESET_NETDEV &&
                    streq(load[i]->link, kernel.bad_link))
                        return false;
        return !kernel.refuses_all;
}

int __wrap_firewall_apply(Firewall *firewall, const Object *const *load, size_t n_load, const Object *const *remove,
                          size_t n_remove, Error *ret_error);
int __wrap_firewall_apply(Firewall *firewall _unused_, const Object *const *load, size_t n_load,
                          const Object *const *remove _unused_, size_t n_remove _unused_, Error *ret_error) {
        kernel.n_transactions++;
        if (!takes(load, n_load))
                return error_set(ret_error, -ENOENT, "No such file or directory");
        for (size_t i = 0; i < n_load; i++) {
                size_t n = strlen(kernel.loaded);
                (void)snprintf(kernel.loaded + n, sizeof(kernel.loaded) - n, "%s%s", i > 0 ? " " : "",
                               load[i]->as_ruleset.chain);
        }
        return 0;
}

int __wrap_firewall_check(Firewall *firewall, const Object *const *load, size_t n_load, Error *ret_error);
int __wrap_firewall_check(Firewall *firewall _unused_, const Object *const *load, size_t n_load, Error *ret_error) {
        kernel.n_checks++;
        assert_true(n_load > 0);
        return takes(load, n_load) ? 0 : error_set(ret_error, -ENOENT, "No such file or directory");
}

int __wrap_link_add(Netlink *netlink, int ifindex, const Object *desired, Error *ret_error);
int __wrap_link_add(Netlink *netlink _unused_, int ifindex _unused_, const Object *desired, Error *ret_error) {
        return kernel.no_link && streq(desired->link, kernel.no_link)
                       ? error_set(ret_error, -EBUSY, "Device or resource busy")
                       : 0;
}

int __wrap_netlink_link_index(Netlink *netlink, const char *name, int *ret_index, Error *ret_error);
int __wrap_netlink_link_index(Netlink *netlink _unused_, const char *name, int *ret_index, Error *ret_error) {
        if (kernel.no_link && streq(kernel.no_link, name))
                return error_set(ret_error, -ENODEV, "no such link");
        *ret_index = 7;
        return 0;
}

// red and blue: each a device, a chain at it and one in the family inet; and the chain of all planes.
static Object objects[8];
static Operation operations[8];

static ApplyFailures planes_apply(void) {
        static const struct {
                ObjectKind kind;
                const char *link;
                RulesetFamily family;
                const char *chain;
        } wanted[] = {
                { OBJECT_LINK, "red", 0, "" },
                { OBJECT_RULESET, "", RULESET_INET, "prerouting" },
                { OBJECT_RULESET, "blue", RULESET_NETDEV, "blue-in" },
                { OBJECT_RULESET, "blue", RULESET_INET, "blue-in" },
                { OBJECT_RULESET, "red", RULESET_NETDEV, "red-in" },
                { OBJECT_RULESET, "red", RULESET_NETDEV, "red-out" },
                { OBJECT_RULESET, "red", RULESET_INET, "red-in" },
        };
        Kernel nobody = {};
        ApplyFailures failures = {};

        for (size_t i = 0; i < ELEMENTSOF(wanted); i++) {
                objects[i] = (Object){ .kind = wanted[i].kind };
                strcpy_fixed(objects[i].link, wanted[i].link);
                if (wanted[i].kind == OBJECT_RULESET) {
                        objects[i].as_ruleset.family = wanted[i].family;
                        strcpy_fixed(objects[i].as_ruleset.chain, wanted[i].chain);
                }
                operations[i] = (Operation){ .type = OPERATION_ADD, .desired = &objects[i] };
        }
        const Plan plan = { .operations = operations, .n_operations = ELEMENTSOF(wanted) };
        assert_int_equal(apply(&nobody, &plan, &failures), 0);
        return failures;
}

static void test_all_is_one_transaction(void **state _unused_) {
        _cleanup_apply_failures_ ApplyFailures failures = planes_apply();

        assert_int_equal(failures.n_failures, 0);
        assert_int_equal(kernel.n_transactions, 1);
        assert_int_equal(kernel.n_checks, 0);
        assert_string_equal(kernel.loaded, "prerouting blue-in blue-in red-in red-out red-in");
}

static void test_no_chain_is_loaded_at_a_device_that_could_not_be_made(void **state _unused_) {
        kernel.no_link = kernel.bad_link = "red";
        _cleanup_apply_failures_ ApplyFailures failures = planes_apply();

        assert_int_equal(kernel.n_transactions, 1);
        assert_string_equal(kernel.loaded, "prerouting blue-in blue-in red-in");
        assert_int_equal(failures.n_failures, 1);
        assert_string_equal(failures.failures[0].link, "red");
        assert_false(failures.failures[0].is_ruleset);
}

static void test_a_device_that_the_kernel_takes_no_chains_for_is_left_out(void **state _unused_) {
        kernel.bad_link = "red";
        _cleanup_apply_failures_ ApplyFailures failures = planes_apply();

        assert_int_equal(kernel.n_transactions, 2);
        assert_string_equal(kernel.loaded, "prerouting blue-in blue-in red-in");
        assert_int_equal(failures.n_failures, 1);
        assert_string_equal(failures.failures[0].link, "red");
        assert_true(failures.failures[0].is_ruleset);
        assert_non_null(strstr(failures.failures[0].error.text, "ruleset of red: No such file"));
}

static void test_where_no_device_is_to_blame_it_is_all_planes(void **state _unused_) {
        kernel.refuses_all = true;
        _cleanup_apply_failures_ ApplyFailures failures = planes_apply();
        const ApplyFailure *last = &failures.failures[failures.n_failures - 1];

        assert_string_equal(kernel.loaded, "");
        assert_string_equal(last->link, "");
        assert_true(last->is_ruleset);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(test_all_is_one_transaction, reset),
                cmocka_unit_test_setup(test_no_chain_is_loaded_at_a_device_that_could_not_be_made, reset),
                cmocka_unit_test_setup(test_a_device_that_the_kernel_takes_no_chains_for_is_left_out, reset),
                cmocka_unit_test_setup(test_where_no_device_is_to_blame_it_is_all_planes, reset),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
