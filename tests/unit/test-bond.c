// The bond that a plane stands on, and the MAC addresses of its ports.
// SPDX-License-Identifier: GPL-2.0-or-later

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/util.h"
#include "engine/bond.h"

enum { BOND = 3 };

// Sorted by name, as an inventory is.
static Link links[] = {
        { .index = BOND, .name = "bond0", .kind = "bond", .has_mac = true, .mac = { { 2, 0, 0, 0, 0, 2 } } },
        { .index = 9, .name = "eno1" },
        { .index = 8, .name = "mac0", .kind = "macvlan", .type = LINK_MACVLAN, .parent = "bond0" },
        { .index = 1, .name = "p1", .master_index = BOND, .has_mac = true, .mac = { { 2, 0, 0, 0, 0, 2 } } },
        { .index = 2, .name = "p2", .master_index = BOND, .has_mac = true, .mac = { { 2, 0, 0, 0, 0, 1 } } },
        { .index = 4, .name = "p3", .master_index = 77, .has_mac = true },
        { .index = 5, .name = "p\"4", .master_index = BOND, .has_mac = true },
        { .index = 6, .name = "service", .kind = "vlan", .type = LINK_VLAN, .parent = "bond0" },
        { .index = 7, .name = "vlan0", .kind = "vlan", .type = LINK_VLAN, .parent = "service" },
        { .index = 10, .name = "vmac", .kind = "vlan", .type = LINK_VLAN, .parent = "mac0" },
};
static const Inventory inventory = { .links = links, .n_links = ELEMENTSOF(links) };

static const Link *link_of(const char *name) {
        for (size_t i = 0; i < ELEMENTSOF(links) && name; i++)
                if (streq(links[i].name, name))
                        return &links[i];
        return NULL;
}

static void test_a_plane_stands_on_a_bond_through_vlans(void **state _unused_) {
        static const struct {
                PlaneKind kind;
                const char *device, *parent;
                bool stands_on_it, has_its_macs;
        } cases[] = {
                { PLANE_KIND_DEVICE, "bond0", NULL, true, true },
                { PLANE_KIND_VLAN, "vlan0", "service", true, true },
                { PLANE_KIND_VLAN, NULL, "bond0", true, true },
                { PLANE_KIND_MACVLAN, NULL, "bond0", true, false },
                { PLANE_KIND_MACVLAN, "mac0", "bond0", true, false },
                { PLANE_KIND_DEVICE, "vmac", NULL, true, false },
                { PLANE_KIND_DEVICE, "eno1", NULL, false, false },
                { PLANE_KIND_DEVICE, NULL, NULL, false, false },
                { PLANE_KIND_DEVICE, "p1", NULL, false, false }, // a port is no plane
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const PlaneConfig config = { .kind = cases[i].kind };
                _cleanup_bond_ Bond bond = {};

                assert_int_equal(bond_find(&inventory, &config, link_of(cases[i].device), link_of(cases[i].parent),
                                           &bond),
                                 0);
                assert_ptr_equal(bond.link, cases[i].stands_on_it ? &links[0] : NULL);
                // No rule can name the third port.
                assert_int_equal(bond.n_ports, cases[i].stands_on_it ? 2 : 0);
                for (size_t j = 0; j < bond.n_ports; j++)
                        assert_int_equal(bond.ports[j].has_mac, cases[i].has_its_macs);
        }
}

// A failover moves the addresses about: the rules and filters stay as they are.
static void test_the_addresses_are_sorted_and_each_is_there_once(void **state _unused_) {
        const PlaneConfig config = { .kind = PLANE_KIND_DEVICE };
        _cleanup_bond_ Bond bond = {};
        static const uint8_t last[] = { 1, 2 };

        assert_int_equal(bond_find(&inventory, &config, link_of("bond0"), NULL, &bond), 0);
        for (size_t i = 0; i < 2; i++) {
                _cleanup_free_ MacAddress *macs = NULL;
                size_t n = 0;

                assert_int_equal(bond_macs(&bond, &bond.ports[i].mac, &macs, &n), 0);
                assert_int_equal(n, 2);
                for (size_t j = 0; j < n; j++)
                        assert_int_equal(macs[j].bytes[5], last[j]);
        }
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_plane_stands_on_a_bond_through_vlans),
                cmocka_unit_test(test_the_addresses_are_sorted_and_each_is_there_once),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
