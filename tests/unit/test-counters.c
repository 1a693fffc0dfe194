// Which plane a counter of the ruleset is about.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "base/util.h"
#include "config/config.h"
#include "planes/counters.h"
#include "golden.h"

#define VLAN(parent) \
        "[Interface]\nName=mig0\nKind=vlan\nParent=" parent "\nVLANId=100\n[Address]\nAddress=172.150.1.5/24\n"

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
                const char *reason = counters_drop_reason(&cases[i].counter, plane);
                if (cases[i].reason)
                        assert_string_equal(reason, cases[i].reason);
                else
                        assert_null(reason);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_drops_are_those_of_its_device_and_its_parent),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
