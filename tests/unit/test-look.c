// Which planes an operation is about.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "golden.h"
#include "look.h"

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

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_its_device_its_ifb_and_its_parent),
                cmocka_unit_test(test_chains_for_all_planes_concern_each),
                cmocka_unit_test(test_a_parents_guard_concerns_the_planes_on_it),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
