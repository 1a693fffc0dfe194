// Which planes an operation, or a counter, is about.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "base/inet.h"
#include "base/util.h"
#include "config/config.h"
#include "config/load.h"
#include "engine/snapshot.h"
#include "planes/describe.h"
#include "golden.h"

#define VLAN(parent) "[Interface]\nName=mig0\nKind=vlan\nParent=" parent "\nVLANId=100\n[Address]\nAddress=172.150.1.5/24\n"

static bool concerns(const char *text, Object object) {
        _cleanup_config_ Config *config = NULL;
        Plane plane = { .config = (PlaneConfig *)golden_plane("blue", text, &config) };

        return operation_concerns(&(Operation){ .type = OPERATION_ADD, .desired = &object }, &plane);
}

static Object on_link(const char *link) {
        Object object = { .kind = OBJECT_LINK_UP };

        strcpy_fixed(object.link, link);
        return object;
}

static Object chain(const char *name) {
        Object object = { .kind = OBJECT_RULESET };

        strcpy_fixed(object.as_ruleset.chain, name);
        return object;
}

static void test_its_device_its_ifb_and_its_parent(void **state _unused_) {
        assert_true(concerns(VLAN("eno1"), on_link("mig0")));
        assert_true(concerns(VLAN("eno1"), on_link("ifb-mig0")));
        assert_true(concerns(VLAN("eno1"), on_link("eno1")));
        assert_false(concerns(VLAN("eno1"), on_link("eno2")));
}

static void test_chains_for_all_planes_concern_each(void **state _unused_) {
        assert_true(concerns(VLAN("eno1"), chain("prerouting")));
}

static void test_a_parents_guard_concerns_the_planes_on_it(void **state _unused_) {
        assert_true(concerns(VLAN("eno1"), chain("eno1-guard")));
        assert_false(concerns(VLAN("eno2"), chain("eno1-guard")));
}

static void test_so_does_the_guard_of_what_the_parent_stands_on(void **state _unused_) {
        _cleanup_config_ Config *config = NULL;
        Plane plane = { .config = (PlaneConfig *)golden_plane("blue", VLAN("service"), &config), .outer = "eno1" };
        Object service = chain("service-guard"), outer = chain("eno1-guard"), other = chain("eno2-guard");

        assert_true(operation_concerns(&(Operation){ .type = OPERATION_ADD, .desired = &service }, &plane));
        assert_true(operation_concerns(&(Operation){ .type = OPERATION_ADD, .desired = &outer }, &plane));
        assert_false(operation_concerns(&(Operation){ .type = OPERATION_ADD, .desired = &other }, &plane));
        plane.outer[0] = '\0'; // unplugged
        assert_false(operation_concerns(&(Operation){ .type = OPERATION_DELETE, .observed = &outer }, &plane));
}

static void test_drops_are_those_of_its_device_and_its_parent(void **state _unused_) {
        static const struct {
                FirewallCounter counter;
                const char *reason;
        } cases[] = {
                { { .name = "mig0-in-arp", .link = "mig0" }, "in-arp" },
                { { .name = "en/401-in-tags", .link = "en@1" }, "in-tags" },
                { { .name = "eno2-in-tags", .link = "eno2" }, NULL },
        };
        _cleanup_config_ Config *config = NULL;
        const PlaneConfig *plane = golden_plane("blue", VLAN("en@1"), &config);

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const char *reason = describe_drop_reason(&cases[i].counter, plane);
                if (cases[i].reason)
                        assert_string_equal(reason, cases[i].reason);
                else
                        assert_null(reason);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_its_device_its_ifb_and_its_parent),
                cmocka_unit_test(test_chains_for_all_planes_concern_each),
                cmocka_unit_test(test_a_parents_guard_concerns_the_planes_on_it),
                cmocka_unit_test(test_so_does_the_guard_of_what_the_parent_stands_on),
                cmocka_unit_test(test_drops_are_those_of_its_device_and_its_parent),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
