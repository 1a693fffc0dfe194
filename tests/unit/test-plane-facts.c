// What an inventory says of a plane's device, and which operations are about the plane.
// SPDX-License-Identifier: GPL-2.0-or-later

#include <linux/if_ether.h>

#include "base/util.h"
#include "config/config.h"
#include "engine/plane-facts.h"
#include "golden.h"

#define VLAN(parent) \
        "[Interface]\nName=mig0\nKind=vlan\nParent=" parent "\nVLANId=100\n[Address]\nAddress=172.150.1.5/24\n"

static Link vlan(const char *name, const char *parent, uint16_t id) {
        Link link = { .index = 7, .type = LINK_VLAN, .kind = "vlan", .vlan_id = id, .vlan_protocol = ETH_P_8021Q };

        strcpy_fixed(link.name, name);
        strcpy_fixed(link.parent, parent);
        return link;
}

static bool covers_with(const char *text, Link *links, size_t n_links, Object object) {
        _cleanup_config_ Config *config = NULL;
        const Inventory inventory = { .links = links, .n_links = n_links };
        const PlaneInput input = { .config = golden_plane("blue", text, &config) };
        const PlaneFacts facts = plane_facts_find(&input, &inventory);

        return plane_facts_cover(&facts, &(Operation){ .type = OPERATION_ADD, .desired = &object });
}

static bool concerns(const char *text, Object object) {
        return covers_with(text, NULL, 0, object);
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
        Link links[] = { vlan("service", "eno1", 7) };

        assert_true(covers_with(VLAN("service"), links, 1, chain("service-guard")));
        assert_true(covers_with(VLAN("service"), links, 1, chain("eno1-guard")));
        assert_false(covers_with(VLAN("service"), links, 1, chain("eno2-guard")));
        assert_false(covers_with(VLAN("service"), NULL, 0, chain("eno1-guard"))); // unplugged
}

// Whether mig0, a VLAN 100 on eno1 without our tag, is taken for ours.
static bool is_ours(const char *text, PlaneInput input) {
        _cleanup_config_ Config *config = NULL;
        Link links[] = { vlan("mig0", "eno1", 100) };
        const Inventory inventory = { .links = links, .n_links = 1 };

        input.config = golden_plane("blue", text, &config);
        return plane_facts_find(&input, &inventory).is_ours;
}

static void test_a_link_that_we_made_stays_ours_without_its_tag(void **state _unused_) {
        assert_true(is_ours(VLAN("eno1"), (PlaneInput){ .made_link = true, .ifindex = 7 }));
        assert_false(is_ours(VLAN("eno1"), (PlaneInput){ .ifindex = 7 }));
        assert_false(is_ours(VLAN("eno1"), (PlaneInput){ .made_link = true, .ifindex = 6 }));
        // The number is used again, by a link of another kind.
        assert_false(is_ours(VLAN("eno2"), (PlaneInput){ .made_link = true, .ifindex = 7 }));
        assert_false(is_ours(VLAN("eno1"), (PlaneInput){ .made_link = true, .ifindex = 7, .taken_down = true }));
        assert_false(is_ours(VLAN("eno1") "[Interface]\nManagedBy=networkd\n",
                             (PlaneInput){ .made_link = true, .ifindex = 7 }));
}

static void test_a_plane_has_stood_on_the_very_device_that_was_verified(void **state _unused_) {
        static const struct {
                PlaneInput input;
                bool expected;
        } cases[] = {
                { { .verified = true, .ifindex = 7 }, true },
                { { .verified = true, .ifindex = 6 }, false },
                { { .verified = false, .ifindex = 7 }, false },
        };
        Link links[] = { vlan("mig0", "eno1", 100) };
        const Inventory inventory = { .links = links, .n_links = 1 };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_config_ Config *config = NULL;
                PlaneInput input = cases[i].input;

                input.config = golden_plane("blue", VLAN("eno1"), &config);
                assert_int_equal(plane_facts_find(&input, &inventory).stood_on, cases[i].expected);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_its_device_its_ifb_and_its_parent),
                cmocka_unit_test(test_chains_for_all_planes_concern_each),
                cmocka_unit_test(test_a_parents_guard_concerns_the_planes_on_it),
                cmocka_unit_test(test_so_does_the_guard_of_what_the_parent_stands_on),
                cmocka_unit_test(test_a_link_that_we_made_stays_ours_without_its_tag),
                cmocka_unit_test(test_a_plane_has_stood_on_the_very_device_that_was_verified),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
