// Tags within tags: the guards below planes, and the rules within bridges.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "chain-text.h"

#define VLAN_PLANE(name, id, address) \
        "[Interface]\nName=" name "\nKind=vlan\nParent=eno1\nVLANId=" id "\n[Address]\nAddress=" address "\n"

static void test_vlans_share_a_guard_on_their_parent(void **state _unused_) {
        _cleanup_config_ Config *blue = NULL, *green = NULL;
        _cleanup_state_ State rules = {};
        RulesetPlane planes[] = { there, there };

        planes[0].plane = golden_plane("blue", VLAN_PLANE("mig0", "100", "192.0.2.5/24"), &blue);
        planes[1].plane = golden_plane("green", VLAN_PLANE("mig1", "101", "198.51.100.5/24"), &green);
        planes[0].parent_guard = planes[1].parent_guard = "eno1";
        assert_int_equal(ruleset_derive(planes, 2, &rules), 0);
        state_sort(&rules);
        assert_chain(
                &rules, RULESET_NETDEV, "eno1-guard",
                "type filter hook ingress device \"eno1\" priority -500; policy accept;\n"
                "@ll,96,16 0x8100 @ll,116,12 { 0, 100, 101 } meta protocol { 8021q, 8021ad } counter name \"eno1-in-tags\" drop\n"
                "@ll,96,16 0x88a8 @ll,116,12 { 0 } meta protocol { 8021q, 8021ad } counter name \"eno1-in-tags\" drop\n");
        assert_has(&rules, RULESET_NETDEV, "mig1-in",
                   "@ll,96,16 { 0x8100, 0x88a8 } counter name \"mig1-in-ethertype\" drop\n");
        assert_has(&rules, RULESET_INET, "prerouting", "iifname { \"mig0\", \"mig1\" } goto arriving\n");
        assert_chain(&rules, RULESET_INET, "arriving",
                     "iifname \"mig0\" goto mig0-in\niifname \"mig1\" goto mig1-in\ndrop\n");
        assert_chain(&rules, RULESET_ARP, "leaving",
                     "oifname \"mig0\" goto mig0-out\noifname \"mig1\" goto mig1-out\ndrop\n");
        assert_has(
                &rules, RULESET_INET, "prerouting",
                "ip saddr & 255.255.255.0 map { 192.0.2.0 : \"mig0-in-elsewhere\", 198.51.100.0 : \"mig1-in-elsewhere\" } drop\n"
                "ip saddr & 255.255.255.0 == { 192.0.2.0, 198.51.100.0 } counter name \"mig0-in-elsewhere\" drop\n");
}

static void test_the_guard_of_a_service_vlan_is_for_service_tags(void **state _unused_) {
        _cleanup_config_ Config *config = NULL;
        _cleanup_state_ State rules = {};
        RulesetPlane plane = there;

        plane.parent_guard = "eno1";
        derive(VLAN_PLANE("mig0", "100", "192.0.2.5/24") "[Interface]\nVLANProtocol=802.1ad\n", plane, &config, &rules);
        assert_has(&rules, RULESET_NETDEV, "eno1-guard", "@ll,96,16 0x8100 @ll,116,12 { 0 } meta protocol");
        assert_has(&rules, RULESET_NETDEV, "eno1-guard", "@ll,96,16 0x88a8 @ll,116,12 { 0, 100 } meta protocol");
}

static void test_below_a_service_vlan_a_tag_of_0_around_both_is_dropped(void **state _unused_) {
        _cleanup_config_ Config *blue = NULL, *green = NULL;
        _cleanup_state_ State rules = {};
        RulesetPlane planes[] = { there, there };

        planes[0].plane = golden_plane("blue", VLAN_PLANE("mig0", "100", "192.0.2.5/24"), &blue);
        planes[0].parent_guard = "service";
        planes[0].outer_guard = "eno1";
        planes[1].plane = golden_plane("green", VLAN_PLANE("mig1", "101", "198.51.100.5/24"), &green);
        planes[1].parent_guard = "eno1";
        assert_int_equal(ruleset_derive(planes, 2, &rules), 0);
        state_sort(&rules);
        assert_has(&rules, RULESET_NETDEV, "service-guard", "@ll,96,16 0x8100 @ll,116,12 { 0, 100 } meta protocol");
        // One guard for both, and not against the service VLAN's own number.
        assert_chain(
                &rules, RULESET_NETDEV, "eno1-guard",
                "type filter hook ingress device \"eno1\" priority -500; policy accept;\n"
                "@ll,96,16 0x8100 @ll,116,12 { 0, 101 } meta protocol { 8021q, 8021ad } counter name \"eno1-in-tags\" drop\n"
                "@ll,96,16 0x88a8 @ll,116,12 { 0 } meta protocol { 8021q, 8021ad } counter name \"eno1-in-tags\" drop\n");
        for (size_t i = 1; i < rules.n_objects; i++)
                assert_true(rules.objects[i - 1].as_ruleset.family != rules.objects[i].as_ruleset.family ||
                            !streq(rules.objects[i - 1].as_ruleset.chain, rules.objects[i].as_ruleset.chain));

        // Where no plane stands on the outer parent itself, the plane's own parent counts.
        _cleanup_state_ State alone = {};
        assert_int_equal(ruleset_derive(planes, 1, &alone), 0);
        assert_has(&alone, RULESET_NETDEV, "eno1-guard",
                   "{ 0 } meta protocol { 8021q, 8021ad } counter name \"service-in-tags\" drop\n");
}

static void test_a_bridge_below_a_vlan_is_guarded_where_inner_tags_are_still_to_be_seen(void **state _unused_) {
        _cleanup_config_ Config *config = NULL;
        _cleanup_state_ State rules = {};
        RulesetPlane plane = there;

        plane.parent_guard = plane.bridge = "eno1";
        plane.bridge_vlan_id = 100;
        plane.bridge_vlan_protocol = 0x8100;
        derive(VLAN_PLANE("mig0", "100", "192.0.2.5/24"), plane, &config, &rules);
        assert_chain(&rules, RULESET_BRIDGE, "input",
                     "type filter hook input priority -450; policy accept;\n"
                     "meta ibrname \"eno1\" meta protocol 0x8100 @ll,116,12 100 counter name \"eno1-in-tags\" drop\n");
}

static void test_what_hops_into_the_vlan_below_a_plane_is_counted_where_the_plane_shows_it(void **state _unused_) {
        RulesetPlane plane = there;

        plane.outer_guard = plane.bridge = "br0";
        plane.bridge_vlan_id = 300;
        plane.bridge_vlan_protocol = 0x88a8;
        for (unsigned i = 0; i < 2; i++) {
                _cleanup_config_ Config *config = NULL;
                _cleanup_state_ State rules = {};

                if (i == 0)
                        plane.parent_guard = "outer";
                else
                        plane.parent_guard = NULL;
                derive(i == 0 ? VLAN_PLANE("mig0", "100", "192.0.2.5/24") : IPV4_PLANE, plane, &config, &rules);
                assert_has(
                        &rules, RULESET_BRIDGE, "input",
                        i == 0 ? "meta ibrname \"br0\" meta protocol 0x88a8 @ll,116,12 300 counter name \"outer-in-tags\" drop\n"
                               : "meta ibrname \"br0\" meta protocol 0x88a8 @ll,116,12 300 counter name \"mig0-in-tags\" drop\n");
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_vlans_share_a_guard_on_their_parent),
                cmocka_unit_test(test_the_guard_of_a_service_vlan_is_for_service_tags),
                cmocka_unit_test(test_below_a_service_vlan_a_tag_of_0_around_both_is_dropped),
                cmocka_unit_test(test_a_bridge_below_a_vlan_is_guarded_where_inner_tags_are_still_to_be_seen),
                cmocka_unit_test(test_what_hops_into_the_vlan_below_a_plane_is_counted_where_the_plane_shows_it),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
