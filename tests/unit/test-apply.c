// A plan, carried out: in its order, and after a refusal no further on the plane that it belongs to.
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
#include "kernel/addr.h"
#include "kernel/link.h"
#include "netlink/request.h"
#include "tc/class.h"

// --- the kernel ---

static struct {
        char calls[1024];    // "add link mig0\n"
        const char *refused; // the call that fails; NULL: none
        int error;           // how
        const char *no_link; // a link that does not exist
        unsigned n_lookups, n_transactions, n_steps;
} kernel;

static int reset(void **state _unused_) {
        memset(&kernel, 0, sizeof(kernel));
        kernel.error = -EBUSY;
        return 0;
}

static int call(const char *verb, const char *what, const char *link, Error *ret_error) {
        size_t n = strlen(kernel.calls);
        char line[64];

        (void)snprintf(line, sizeof(line), "%s %s %s", verb, what, link);
        (void)snprintf(kernel.calls + n, sizeof(kernel.calls) - n, "%s\n", line);
        if (kernel.refused && streq(line, kernel.refused))
                return error_set(ret_error, kernel.error, "%s", strerror(-kernel.error));
        return 0;
}

#define ADD(function, what)                                                                            \
        int __wrap_##function(Netlink *netlink, int ifindex, const Object *desired, Error *ret_error); \
        int __wrap_##function(Netlink *netlink _unused_, int ifindex _unused_, const Object *desired,  \
                              Error *ret_error) {                                                      \
                return call("add", what, desired->link, ret_error);                                    \
        }
#define DELETE(function, what)                                                                          \
        int __wrap_##function(Netlink *netlink, int ifindex, const Object *observed, Error *ret_error); \
        int __wrap_##function(Netlink *netlink _unused_, int ifindex _unused_, const Object *observed,  \
                              Error *ret_error) {                                                       \
                return call("delete", what, observed->link, ret_error);                                 \
        }
ADD(link_add, "link")
DELETE(link_delete, "link")
ADD(link_up_add, "link-up")
DELETE(link_up_delete, "link-up")
ADD(class_add, "class")
ADD(addr_add, "address")

int __wrap_netlink_link_index(Netlink *netlink, const char *name, int *ret_index, Error *ret_error);
int __wrap_netlink_link_index(Netlink *netlink _unused_, const char *name, int *ret_index, Error *ret_error) {
        kernel.n_lookups++;
        if (kernel.no_link && streq(kernel.no_link, name))
                return error_set(ret_error, -ENODEV, "cannot look up the link %s", name);
        *ret_index = 7;
        return 0;
}

int __wrap_firewall_apply(Firewall *firewall, const Object *const *load, size_t n_load, const Object *const *remove,
                          size_t n_remove, Error *ret_error);
int __wrap_firewall_apply(Firewall *firewall _unused_, const Object *const *load, size_t n_load,
                          const Object *const *remove, size_t n_remove, Error *ret_error) {
        int r = call("run", "transaction", "", ret_error);

        kernel.n_transactions++;
        for (size_t i = 0; i < n_load; i++)
                (void)call("load", "chain", load[i]->as_ruleset.chain, NULL);
        for (size_t i = 0; i < n_remove; i++)
                (void)call("remove", "chain", remove[i]->as_ruleset.chain, NULL);
        return r;
}

// The chains of no plane are refused by themselves.
int __wrap_firewall_check(Firewall *firewall, const Object *const *load, size_t n_load, Error *ret_error);
int __wrap_firewall_check(Firewall *firewall _unused_, const Object *const *load _unused_, size_t n_load _unused_,
                          Error *ret_error _unused_) {
        return 0;
}

static void on_progress(KernelStep next _unused_) {
        kernel.n_steps++;
}

// --- plans ---

static Object objects[16];
static Operation operations[16];
static size_t n_operations;

static Object *object_new(ObjectKind kind, const char *link) {
        Object *object = &objects[n_operations];

        *object = (Object){ .kind = kind };
        strcpy_fixed(object->link, link);
        return object;
}

static void plan_begin(void) {
        n_operations = 0;
}

static void add(ObjectKind kind, const char *link) {
        const Object *object = object_new(kind, link);

        operations[n_operations++] = (Operation){ .type = OPERATION_ADD, .desired = object };
}

static void delete (ObjectKind kind, const char *link) {
        const Object *object = object_new(kind, link);

        operations[n_operations++] = (Operation){ .type = OPERATION_DELETE, .observed = object };
}

static void replace(ObjectKind kind, const char *link) {
        const Object *object = object_new(kind, link);

        operations[n_operations++] = (Operation){ .type = OPERATION_REPLACE, .desired = object, .observed = object };
}

static void chain(const char *link, const char *name, bool is_removed) {
        Object *object = object_new(OBJECT_RULESET, link);

        strcpy_fixed(object->as_ruleset.chain, name);
        operations[n_operations++] = is_removed ? (Operation){ .type = OPERATION_DELETE, .observed = object }
                                                : (Operation){ .type = OPERATION_ADD, .desired = object };
}

// What was done, and what was said of the failures.
static void assert_applied(const char *calls, const char *failures) {
        Kernel nobody = { .progress = on_progress };
        const Plan plan = { .operations = operations, .n_operations = n_operations };
        _cleanup_apply_failures_ ApplyFailures found = {};
        char text[1024] = "";

        assert_int_equal(apply(&nobody, &plan, &found), 0);
        for (size_t i = 0; i < found.n_failures; i++) {
                size_t n = strlen(text);
                (void)snprintf(text + n, sizeof(text) - n, "[%s] %.300s\n", found.failures[i].link,
                               found.failures[i].error.text);
        }
        assert_string_equal(kernel.calls, calls);
        assert_string_equal(text, failures);
}

// Of two planes, blue on mig0 with an ifb and green on mig1: all that comes after their devices.
static void two_planes_after_their_devices(void) {
        chain("", "prerouting", false);
        chain("mig0", "mig0-in", false);
        chain("mig1", "mig1-in", false);
        add(OBJECT_CLASS, "mig0");
        add(OBJECT_CLASS, "mig1");
        add(OBJECT_IFB_UP, "ifb-mig0");
        add(OBJECT_ADDRESS, "mig0");
        add(OBJECT_LINK_UP, "mig0");
        add(OBJECT_LINK_UP, "mig1");
}

static void two_planes(void) {
        plan_begin();
        add(OBJECT_LINK, "ifb-mig0");
        add(OBJECT_LINK, "mig0");
        add(OBJECT_LINK, "mig1");
        two_planes_after_their_devices();
}

#define CHAINS "run transaction \nload chain prerouting\nload chain mig0-in\nload chain mig1-in\n"

static void test_operations_are_carried_out_in_their_order(void **state _unused_) {
        two_planes();
        assert_applied("add link ifb-mig0\nadd link mig0\nadd link mig1\n" CHAINS
                       "add class mig0\nadd class mig1\nadd link-up ifb-mig0\nadd address mig0\nadd link-up mig0\n"
                       "add link-up mig1\n",
                       "");
        assert_int_equal(kernel.n_transactions, 1);
        assert_int_equal(kernel.n_steps, 12 + 1);
}

// No plane goes up without its rules, nor gets its address.
static void test_a_ruleset_that_is_refused_holds_all_planes_back(void **state _unused_) {
        two_planes();
        kernel.refused = "run transaction ";
        assert_applied("add link ifb-mig0\nadd link mig0\nadd link mig1\n" CHAINS,
                       "[] cannot load the ruleset: Device or resource busy\n");
        assert_int_equal(kernel.n_transactions, 1);
}

static void test_a_refusal_on_the_ifb_holds_its_plane_back_and_no_other(void **state _unused_) {
        two_planes();
        kernel.refused = "add link ifb-mig0";
        assert_applied("add link ifb-mig0\nadd link mig1\n" CHAINS "add class mig1\nadd link-up mig1\n",
                       "[ifb-mig0] cannot add link ifb-mig0 kind device: Device or resource busy\n");
}

static void test_a_refusal_on_the_device_holds_its_ifb_back(void **state _unused_) {
        two_planes();
        kernel.refused = "add class mig0";
        assert_applied("add link ifb-mig0\nadd link mig0\nadd link mig1\n" CHAINS
                       "add class mig0\nadd class mig1\nadd link-up mig1\n",
                       "[mig0] cannot add class mig0 0: parent 0: rate 0 ceil 0 burst 0 cburst 0 quantum 0: "
                       "Device or resource busy\n");
}

static void test_a_device_that_does_not_exist_is_a_refusal(void **state _unused_) {
        plan_begin();
        two_planes_after_their_devices();
        kernel.no_link = "ifb-mig0";
        assert_applied(CHAINS "add class mig0\nadd class mig1\nadd link-up mig1\n",
                       "[ifb-mig0] cannot add link-up ifb-mig0: cannot look up the link ifb-mig0\n");
}

// --- taking away ---

static void test_rules_stay_when_the_device_could_not_be_removed(void **state _unused_) {
        plan_begin();
        delete (OBJECT_LINK_UP, "mig0");
        delete (OBJECT_LINK, "mig1");
        delete (OBJECT_LINK, "mig0");
        chain("mig0", "mig0-in", true);
        chain("mig1", "mig1-in", true);
        kernel.refused = "delete link mig0";
        assert_applied(
                "delete link-up mig0\ndelete link mig1\ndelete link mig0\nrun transaction \nremove chain mig1-in\n",
                "[mig0] cannot delete link mig0 kind device: Device or resource busy\n");
}

static void test_what_is_gone_already_need_not_be_deleted(void **state _unused_) {
        static const int errors[] = { -ENODEV, -ENOENT, -ESRCH, -EADDRNOTAVAIL };

        for (size_t i = 0; i < ELEMENTSOF(errors); i++) {
                (void)reset(NULL);
                plan_begin();
                delete (OBJECT_LINK, "mig0");
                chain("mig0", "mig0-in", true);
                kernel.refused = "delete link mig0";
                kernel.error = errors[i];
                assert_applied("delete link mig0\nrun transaction \nremove chain mig0-in\n", "");
        }
        (void)reset(NULL);
        kernel.no_link = "mig0";
        assert_applied("run transaction \nremove chain mig0-in\n", "");
}

// --- making again ---

// The plan was made for the old one, whose caps and addresses went with it.
static void test_operations_on_a_link_that_was_replaced_wait_for_the_next_round(void **state _unused_) {
        plan_begin();
        replace(OBJECT_LINK, "mig0");
        two_planes_after_their_devices();
        assert_applied("delete link mig0\nadd link mig0\n" CHAINS "add class mig1\nadd link-up mig1\n", "");
}

static void test_a_link_that_cannot_be_deleted_is_not_made_again(void **state _unused_) {
        plan_begin();
        replace(OBJECT_LINK, "mig0");
        kernel.refused = "delete link mig0";
        assert_applied("delete link mig0\n", "[mig0] cannot replace link mig0 kind device: Device or resource busy\n");
}

static void test_a_link_that_went_meanwhile_is_made(void **state _unused_) {
        plan_begin();
        replace(OBJECT_LINK, "mig0");
        kernel.refused = "delete link mig0";
        kernel.error = -ENODEV;
        assert_applied("delete link mig0\nadd link mig0\n", "");
}

// --- indices ---

static void test_a_link_is_looked_up_once_until_one_comes_or_goes(void **state _unused_) {
        plan_begin();
        add(OBJECT_CLASS, "mig0");
        add(OBJECT_ADDRESS, "mig0");
        assert_applied("add class mig0\nadd address mig0\n", "");
        assert_int_equal(kernel.n_lookups, 1);

        (void)reset(NULL);
        plan_begin();
        add(OBJECT_CLASS, "mig0");
        add(OBJECT_LINK, "mig1");
        add(OBJECT_ADDRESS, "mig0");
        assert_applied("add class mig0\nadd link mig1\nadd address mig0\n", "");
        assert_int_equal(kernel.n_lookups, 2);
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(test_operations_are_carried_out_in_their_order, reset),
                cmocka_unit_test_setup(test_a_ruleset_that_is_refused_holds_all_planes_back, reset),
                cmocka_unit_test_setup(test_a_refusal_on_the_ifb_holds_its_plane_back_and_no_other, reset),
                cmocka_unit_test_setup(test_a_refusal_on_the_device_holds_its_ifb_back, reset),
                cmocka_unit_test_setup(test_a_device_that_does_not_exist_is_a_refusal, reset),
                cmocka_unit_test_setup(test_rules_stay_when_the_device_could_not_be_removed, reset),
                cmocka_unit_test_setup(test_what_is_gone_already_need_not_be_deleted, reset),
                cmocka_unit_test_setup(test_operations_on_a_link_that_was_replaced_wait_for_the_next_round, reset),
                cmocka_unit_test_setup(test_a_link_that_cannot_be_deleted_is_not_made_again, reset),
                cmocka_unit_test_setup(test_a_link_that_went_meanwhile_is_made, reset),
                cmocka_unit_test_setup(test_a_link_is_looked_up_once_until_one_comes_or_goes, reset),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
