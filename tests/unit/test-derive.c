// What a plane means: its device, its rules and its settings.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "derived.h"

static void a_vlan_plane_becomes_these_objects(void **state _unused_) {
        Link links[] = { link_make("eno1", LINK_DEVICE, "", 9000, false) };
        _cleanup_derived_ Derived derived = derive_with(VLAN_PLANE "Ingress=8G\n", links, 1, "");

        assert_objects(
                &derived,
                "link ifb-mig0 kind ifb alias migplane:blue\n"
                "link mig0 kind vlan parent eno1 id 100 loose mtu 9000 alias migplane:blue\n"
                "qdisc ifb-mig0 htb parent root handle 6d70: default 10\n"
                "qdisc mig0 htb parent root handle 6d70: default 10\n"
                "qdisc mig0 clsact parent clsact handle ffff:\n"
                "class ifb-mig0 6d70:1 parent root rate 8G ceil 8G burst 1000000 cburst 1000000 quantum 65536\n"
                "class ifb-mig0 6d70:10 parent 6d70:1 rate 8G ceil 8G burst 1000000 cburst 1000000 quantum 65536\n"
                "class mig0 6d70:1 parent root rate 8G ceil 8G burst 1000000 cburst 1000000 quantum 65536\n"
                "class mig0 6d70:10 parent 6d70:1 rate 8G ceil 8G burst 1000000 cburst 1000000 quantum 65536\n"
                "leaf ifb-mig0 fq_codel parent 6d70:10 handle 6d71: limit 10240\n"
                "leaf mig0 fq_codel parent 6d70:10 handle 6d71: limit 10240\n"
                "link-up ifb-mig0\n"
                "filter mig0 ingress ip part 0 program ################ redirect ifb-mig0\n"
                "address mig0 172.150.1.5/24\n"
                "link-up eno1\n"
                "link-up mig0\n");
        assert_int_equal(derived.reasons.n_reasons, 0);
        assert_int_equal(count(&derived, OBJECT_SYSCTL), 18 + 2); // the device, the ifb
        assert_true(count(&derived, OBJECT_RULESET) > 0);
}

static void without_an_ingress_cap_there_is_no_ifb(void **state _unused_) {
        Link links[] = { link_make("eno1", LINK_DEVICE, "", 1500, false) };
        _cleanup_derived_ Derived derived = derive_with(VLAN_PLANE, links, 1, "");

        assert_int_equal(count(&derived, OBJECT_FILTER), 0);
        for (size_t i = 0; i < derived.state.n_objects; i++)
                assert_string_not_equal(derived.state.objects[i].link, "ifb-mig0");
}

static void a_missing_parent_is_waited_for_behind_rules_that_need_no_device(void **state _unused_) {
        _cleanup_derived_ Derived derived = derive_with(VLAN_PLANE, NULL, 0, "");

        assert_reason(&derived, REASON_PARENT_MISSING, "the parent eno1 (blue.plane:4) does not exist; waiting for it");
        assert_objects(&derived, "");
        assert_true(count(&derived, OBJECT_RULESET) > 0);
        for (size_t i = 0; i < derived.state.n_objects; i++)
                assert_int_not_equal(derived.state.objects[i].as_ruleset.family, RULESET_NETDEV);
}

static void an_mtu_above_the_parents_names_both_numbers(void **state _unused_) {
        Link links[] = { link_make("eno1", LINK_DEVICE, "", 1500, false) };
        _cleanup_derived_ Derived derived = derive_with(
                "[Interface]\nName=mig0\nKind=vlan\nParent=eno1\nVLANId=100\nMTUBytes=9000\n[Address]\nAddress=172.150.1.5/24\n",
                links, 1, "");

        assert_reason(
                &derived, REASON_MTU_TOO_LARGE,
                "MTUBytes=9000 (blue.plane:6) is above the 1500 bytes of its parent eno1; raise the parent's MTU first");
        assert_objects(&derived, "");
}

static void a_plane_that_stands_keeps_its_mtu_when_the_new_one_is_too_large(void **state _unused_) {
        Link links[] = { link_make("eno1", LINK_DEVICE, "", 1500, false),
                         link_make("mig0", LINK_VLAN, "eno1", 1500, true) };
        links[1].vlan_id = 100;
        _cleanup_derived_ Derived derived = derive_with(
                "[Interface]\nName=mig0\nKind=vlan\nParent=eno1\nVLANId=100\nMTUBytes=9000\n[Address]\nAddress=172.150.1.5/24\n",
                links, 2, "");

        assert_true(reasons_have(&derived.reasons, REASON_MTU_TOO_LARGE));
        assert_objects(&derived,
                       "link mig0 kind vlan parent eno1 id 100 loose alias migplane:blue\n"
                       "address mig0 172.150.1.5/24\nlink-up eno1\nlink-up mig0\n");
}

static void a_foreign_link_of_that_name_is_left_alone(void **state _unused_) {
        Link links[] = { link_make("eno1", LINK_DEVICE, "", 1500, false),
                         link_make("mig0", LINK_MACVLAN, "eno1", 1500, false) };
        _cleanup_derived_ Derived derived = derive_with(VLAN_PLANE, links, 2, "");

        assert_reason(
                &derived, REASON_DEVICE_MISMATCH,
                "mig0 exists, is not ours, and is a macvlan on eno1, not a vlan 100 (802.1Q) on eno1 as blue.plane says; "
                "remove it, or give the plane another Name=");
        assert_objects(&derived, "");
}

static void a_foreign_vlan_with_another_tag_is_left_alone(void **state _unused_) {
        Link links[] = { link_make("eno1", LINK_DEVICE, "", 1500, false),
                         link_make("mig0", LINK_VLAN, "eno1", 1500, false) };
        links[1].vlan_id = 100;
        links[1].vlan_protocol = ETH_P_8021AD;
        _cleanup_derived_ Derived derived = derive_with(VLAN_PLANE, links, 2, "");

        assert_reason(
                &derived, REASON_DEVICE_MISMATCH,
                "mig0 exists, is not ours, and is a vlan 100 (802.1ad) on eno1, not a vlan 100 (802.1Q) on eno1 as "
                "blue.plane says; remove it, or give the plane another Name=");
        assert_objects(&derived, "");
}

// From here, it is called eno9 instead of eno1.
static Link renamed_parent(void) {
        return link_make("eno9", LINK_DEVICE, "", 1500, false);
}

static void assert_guarded(const Derived *derived, const char *chain) {
        for (size_t i = 0; i < derived->state.n_objects; i++)
                if (derived->state.objects[i].kind == OBJECT_RULESET &&
                    streq(derived->state.objects[i].as_ruleset.chain, chain))
                        return;
        fail_msg("no chain %s", chain);
}

static void what_a_vlan_below_the_plane_stands_on_is_guarded(void **state _unused_) {
        static const char *const planes[] = {
                "[Interface]\nName=mig0\nKind=vlan\nParent=service\nVLANId=100\n[Address]\nAddress=172.150.1.5/24\n",
                "[Interface]\nName=mig0\nKind=macvlan\nParent=service\n[Address]\nAddress=172.150.1.5/24\n",
                "[Interface]\nName=service\n[Address]\nAddress=172.150.1.5/24\n",
        };
        Link links[] = { link_make("eno1", LINK_DEVICE, "", 1500, false),
                         link_make("service", LINK_VLAN, "eno1", 1500, false) };

        for (size_t i = 0; i < ELEMENTSOF(planes); i++) {
                _cleanup_derived_ Derived derived = derive_with(planes[i], links, 2, "");
                assert_guarded(&derived, "eno1-guard");
        }
}

static void a_bridge_below_that_is_guarded_within(void **state _unused_) {
        static const struct {
                const char *plane, *rule;
        } cases[] = {
                { "[Interface]\nName=mig0\nKind=vlan\nParent=service\nVLANId=100\n[Address]\nAddress=172.150.1.5/24\n",
                  "meta ibrname \"br0\" meta protocol 0x8100 @ll,116,12 300 counter name \"service-in-tags\" drop" },
                { "[Interface]\nName=mig0\nKind=macvlan\nParent=service\n[Address]\nAddress=172.150.1.5/24\n",
                  "meta ibrname \"br0\" meta protocol 0x8100 @ll,116,12 300 counter name \"mig0-in-tags\" drop" },
                { "[Interface]\nName=service\n[Address]\nAddress=172.150.1.5/24\n",
                  "meta ibrname \"br0\" meta protocol 0x8100 @ll,116,12 300 counter name \"service-in-tags\" drop" },
                { "[Interface]\nName=mig0\nKind=vlan\nParent=br0\nVLANId=100\n[Address]\nAddress=172.150.1.5/24\n",
                  "meta ibrname \"br0\" meta protocol 0x8100 @ll,116,12 100 counter name \"br0-in-tags\" drop" },
        };
        Link links[] = { link_make("br0", LINK_DEVICE, "", 1500, false),
                         link_make("service", LINK_VLAN, "br0", 1500, false) };

        strcpy_fixed(links[0].kind, LINK_KIND_BRIDGE);
        links[1].vlan_id = 300;
        links[1].vlan_protocol = 0x8100;
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_derived_ Derived derived = derive_with(cases[i].plane, links, 2, "");
                const RulesetObject *within = NULL;

                for (size_t j = 0; j < derived.state.n_objects; j++)
                        if (derived.state.objects[j].kind == OBJECT_RULESET &&
                            derived.state.objects[j].as_ruleset.family == RULESET_BRIDGE)
                                within = &derived.state.objects[j].as_ruleset;
                assert_non_null(within);
                assert_non_null(strstr(within->text, cases[i].rule));
        }
}

// On a bridge that the plane's frames pass, frames for the plane are not elsewhere.
static void frames_of_other_bridges_are_not_the_hosts(void **state _unused_) {
        static const struct {
                const char *plane, *own; // own: the bridge; NULL: none
        } cases[] = {
                { "[Interface]\nName=mig0\nKind=vlan\nParent=service\nVLANId=100\n", "br0" },
                { "[Interface]\nName=mig0\nKind=macvlan\nParent=br0\n", "br0" },
                { "[Interface]\nName=mig0\nKind=vlan\nParent=br0\nVLANId=100\n", "br0" },
                { "[Interface]\nName=br0\n", "br0" },
                { "[Interface]\nName=mig0\nKind=vlan\nParent=eno1\nVLANId=100\n", NULL }, // the VLAN takes them before
                { "[Interface]\nName=br0\nKind=macvlan\nParent=eno1\n", NULL },           // refused
        };
        Link links[] = { link_make("br0", LINK_DEVICE, "", 1500, false),
                         link_make("eno1", LINK_DEVICE, "", 1500, false),
                         link_make("service", LINK_VLAN, "br0", 1500, false) };
        Inventory inventory = { .links = links, .n_links = 3 };
        DeriveFacts facts = { .inventory = &inventory, .leaf = QDISC_FQ_CODEL, .machine_id = "", .bridges_call = true };

        strcpy_fixed(links[0].kind, LINK_KIND_BRIDGE);
        links[0].index = 12;
        links[1].master_index = 12;
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_derived_ Derived derived = {};
                bool lets_pass = false;
                char text[256];

                (void)snprintf(text, sizeof(text), "%s[Address]\nAddress=172.150.1.5/24\n", cases[i].plane);
                PlaneInput input = { .config = golden_plane("blue", text, &derived.config) };
                PlaneFacts plane = plane_facts_find(&input, &inventory);
                assert_int_equal(derive(&plane, 1, &facts, &derived.state), 0);
                derived.reasons = plane.reasons;
                for (size_t j = 0; j < derived.state.n_objects; j++)
                        lets_pass |= derived.state.objects[j].kind == OBJECT_RULESET &&
                                     streq(derived.state.objects[j].as_ruleset.chain, "bridged");
                if (lets_pass == !!cases[i].own)
                        fail_msg("case %zu", i);
        }
}

static void a_vlan_whose_parent_was_renamed_stays_and_says_so(void **state _unused_) {
        Link links[] = { renamed_parent(), link_make("mig0", LINK_VLAN, "eno9", 1500, true) };
        links[1].vlan_id = 100;
        _cleanup_derived_ Derived derived = derive_with(VLAN_PLANE, links, 2, "");

        assert_reason(
                &derived, REASON_PARENT_RENAMED,
                "mig0 stands on eno9, and there is no eno1 (blue.plane:4): if that was renamed, write Parent=eno9, and "
                "nothing else changes");
        assert_int_equal(reasons_health(&derived.reasons), HEALTH_DEGRADED);
        assert_int_equal(derived.state.objects[0].as_link.type, LINK_DEVICE); // nothing of it is to change
        assert_guarded(&derived, "eno9-guard");
        assert_guarded(&derived, "mig0-in");
}

static void a_foreign_vlan_whose_parent_was_renamed_keeps_its_isolation(void **state _unused_) {
        Link links[] = { renamed_parent(), link_make("mig0", LINK_VLAN, "eno9", 1500, false) };
        links[1].vlan_id = 100;
        _cleanup_derived_ Derived derived = derive_with(VLAN_PLANE "[Interface]\nManagedBy=other\n", links, 2, "");

        assert_true(reasons_have(&derived.reasons, REASON_PARENT_RENAMED));
        assert_int_equal(reasons_health(&derived.reasons), HEALTH_DEGRADED);
        assert_guarded(&derived, "mig0-in");
}

static void a_foreign_device_that_was_the_planes_keeps_its_isolation_whatever_the_file_says_now(void **state _unused_) {
        Link links[] = { link_make("eno1", LINK_DEVICE, "", 1500, false),
                         link_make("mig0", LINK_VLAN, "eno1", 1500, false) };
        links[1].vlan_id = 99;
        _cleanup_derived_ Derived derived =
                derive_known(VLAN_PLANE "[Interface]\nManagedBy=networkd\n", links, 2, "", (Known){ .stood_on = true });

        assert_true(reasons_have(&derived.reasons, REASON_DEVICE_MISMATCH));
        assert_guarded(&derived, "mig0-in");
}

static void an_adopted_link_that_no_longer_fits_keeps_its_isolation_and_is_not_made_again(void **state _unused_) {
        Link links[] = { link_make("eno1", LINK_DEVICE, "", 1500, false),
                         link_make("mig0", LINK_VLAN, "eno1", 1500, false) };
        links[1].vlan_id = 99;
        _cleanup_derived_ Derived derived = derive_known(VLAN_PLANE, links, 2, "", (Known){ .stood_on = true });

        assert_true(reasons_have(&derived.reasons, REASON_DEVICE_MISMATCH));
        assert_guarded(&derived, "mig0-in");
        assert_guarded(&derived, "mig0-out");
        assert_int_equal(derived.state.objects[0].kind, OBJECT_LINK);
        assert_int_equal(derived.state.objects[0].as_link.type, LINK_DEVICE);
        assert_string_equal(derived.state.objects[0].as_link.alias, "");
        assert_true(count(&derived, OBJECT_CLASS) > 0);

        // One that never was the plane's is left alone.
        _cleanup_derived_ Derived foreign = derive_with(VLAN_PLANE, links, 2, "");
        assert_objects(&foreign, "");
}

static void a_vlan_of_ours_is_not_made_again_under_a_migration(void **state _unused_) {
        Link links[] = { link_make("eno1", LINK_DEVICE, "", 1500, false),
                         link_make("mig0", LINK_VLAN, "eno1", 1500, true) };
        links[1].vlan_id = 99;
        _cleanup_derived_ Derived derived = derive_known(VLAN_PLANE, links, 2, "", (Known){ .n_migrations = 2 });

        assert_reason(
                &derived, REASON_REBUILD_WAITS,
                "mig0 is a vlan 99 (802.1Q) on eno1 and is to be a vlan 100 (802.1Q) on eno1; that waits until the 2 "
                "migration(s) on it have ended (at once: migplanectl down blue, then up)");
        assert_int_equal(derived.state.objects[0].as_link.type, LINK_DEVICE);

        _cleanup_derived_ Derived later = derive_with(VLAN_PLANE, links, 2, "");
        assert_int_equal(later.state.objects[0].as_link.type, LINK_VLAN);
        assert_int_equal(later.state.objects[0].as_link.vlan_id, 100);
}

static void assert_no_rule_names(const Derived *derived, const char *link) {
        char quoted[32];

        (void)snprintf(quoted, sizeof(quoted), "name \"%s\"", link);
        for (size_t i = 0; i < derived->state.n_objects; i++) {
                const Object *object = &derived->state.objects[i];
                if (object->kind == OBJECT_RULESET &&
                    (streq(object->link, link) || strstr(object->as_ruleset.text, quoted)))
                        fail_msg("%s:\n%s", object->as_ruleset.chain, object->as_ruleset.text);
        }
}

// The administrator's way to mend the file may lead over it.
static void no_rule_is_about_a_device_that_is_refused(void **state _unused_) {
        static const struct {
                const char *text;
                Known known;
        } cases[] = {
                { "[Interface]\nName=mgmt0\n", { .is_taken = true } },
                { "[Interface]\nName=mgmt0\n", { .is_way_out = true } },
                { "[Interface]\nName=mgmt0\nManagedBy=other\n", { .is_taken = true } },
                { "[Interface]\nName=mgmt0\nManagedBy=other\n", { .is_way_out = true } },
                { "[Interface]\nName=mgmt0\nKind=macvlan\nParent=eno1\n", {} },
                { "[Interface]\nName=mgmt0\nKind=vlan\nVLANId=100\nParent=eno1\nManagedBy=other\n", {} },
        };
        Link links[] = { link_make("eno1", LINK_DEVICE, "", 1500, false),
                         link_make("mgmt0", LINK_DEVICE, "", 1500, false) };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                char text[256];

                (void)snprintf(text, sizeof(text), "%s[Address]\nAddress=172.150.1.5/24\n", cases[i].text);
                _cleanup_derived_ Derived derived = derive_known(text, links, 2, "", cases[i].known);
                assert_true(reasons_have(&derived.reasons, REASON_DEVICE_MISMATCH));
                assert_objects(&derived, "");
                assert_no_rule_names(&derived, "mgmt0");
        }
}

static void a_device_that_migrations_run_on_keeps_its_isolation_whatever_route_it_has(void **state _unused_) {
        Link links[] = { link_make("mig0", LINK_DEVICE, "", 1500, false) };
        _cleanup_derived_ Derived derived =
                derive_known("[Interface]\nName=mig0\n[Address]\nAddress=172.150.1.5/24\n", links, 1, "",
                             (Known){ .is_way_out = true, .n_migrations = 1 });

        assert_int_equal(derived.reasons.n_reasons, 0);
        assert_guarded(&derived, "mig0-in");
}

static void a_service_tag_is_asked_for(void **state _unused_) {
        Link links[] = { link_make("eno1", LINK_DEVICE, "", 1500, false) };
        _cleanup_derived_ Derived derived = derive_with(
                "[Interface]\nName=mig0\nKind=vlan\nParent=eno1\nVLANId=100\nVLANProtocol=802.1ad\n"
                "[Address]\nAddress=172.150.1.5/24\n",
                links, 1, "");

        assert_objects(&derived,
                       "link mig0 kind vlan parent eno1 protocol 802.1ad id 100 loose mtu 1500 alias migplane:blue\n"
                       "address mig0 172.150.1.5/24\nlink-up eno1\nlink-up mig0\n");
}

static void a_fitting_link_that_somebody_made_is_adopted_untagged(void **state _unused_) {
        Link links[] = { link_make("eno1", LINK_DEVICE, "", 1500, false),
                         link_make("mig0", LINK_VLAN, "eno1", 1500, false) };
        links[1].vlan_id = 100;
        _cleanup_derived_ Derived derived = derive_with(VLAN_PLANE, links, 2, "");

        const Object *link = &derived.state.objects[0];
        assert_int_equal(link->kind, OBJECT_LINK);
        assert_int_equal(link->as_link.type, LINK_DEVICE);
        assert_string_equal(link->as_link.alias, "");
}

static void a_device_in_use_is_not_taken(void **state _unused_) {
        Link links[] = { link_make("eno1", LINK_DEVICE, "", 1500, false) };
        _cleanup_derived_ Derived derived = derive_known("[Interface]\nName=eno1\n[Address]\nAddress=172.150.1.5/24\n",
                                                         links, 1, "", (Known){ .is_taken = true });

        assert_reason(&derived, REASON_DEVICE_MISMATCH,
                      "eno1 (blue.plane:2) has addresses already and none of the plane's: it is in use; "
                      "name a device that is the plane's alone, or remove its addresses");
        assert_objects(&derived, "");
}

static void another_managers_device_is_neither_addressed_nor_set_up(void **state _unused_) {
        Link links[] = { link_make("eno2", LINK_DEVICE, "", 1500, false) };
        _cleanup_derived_ Derived derived = derive_with(
                "[Interface]\nName=eno2\nManagedBy=other\n[Address]\nAddress=172.150.1.5/24\n[Bandwidth]\nEgress=1G\n",
                links, 1, "");

        assert_int_equal(count(&derived, OBJECT_ADDRESS), 0);
        assert_int_equal(count(&derived, OBJECT_LINK_UP), 0);
        assert_int_equal(count(&derived, OBJECT_CLASS), 2);
        assert_true(count(&derived, OBJECT_RULESET) > 0);
}

static void a_macvlan_has_the_same_address_at_every_boot_of_one_machine_only(void **state _unused_) {
        static const char *const plane =
                "[Interface]\nName=mig0\nKind=macvlan\nParent=eno1\n[Address]\nAddress=172.150.1.5/24\n";
        Link links[] = { link_make("eno1", LINK_DEVICE, "", 1500, false) };
        _cleanup_derived_ Derived first = derive_with(plane, links, 1, "0123456789abcdef0123456789abcdef");
        _cleanup_derived_ Derived again = derive_with(plane, links, 1, "0123456789abcdef0123456789abcdef");
        _cleanup_derived_ Derived other = derive_with(plane, links, 1, "1123456789abcdef0123456789abcdef");
        const MacAddress *a = &first.state.objects[0].as_link.mac;

        assert_true(first.state.objects[0].as_link.has_mac);
        assert_int_equal(a->bytes[0] & 3, 2); // locally administered, one station
        assert_memory_equal(a, &again.state.objects[0].as_link.mac, sizeof(*a));
        assert_memory_not_equal(a, &other.state.objects[0].as_link.mac, sizeof(*a));
}

static void cloned_machines_have_macvlans_with_different_addresses(void **state _unused_) {
        static const char machine_id[] = "0123456789abcdef0123456789abcdef";
        Link links[] = { link_make("eno1", LINK_DEVICE, "", 1500, false) };
        _cleanup_derived_ Derived one =
                derive_with("[Interface]\nName=mig0\nKind=macvlan\nParent=eno1\n[Address]\nAddress=172.150.1.5/24\n",
                            links, 1, machine_id);
        _cleanup_derived_ Derived two =
                derive_with("[Interface]\nName=mig0\nKind=macvlan\nParent=eno1\n[Address]\nAddress=172.150.1.6/24\n",
                            links, 1, machine_id);

        assert_memory_not_equal(&one.state.objects[0].as_link.mac, &two.state.objects[0].as_link.mac,
                                sizeof(MacAddress));
}

// A path that is cut names another setting, or none.
static void the_settings_of_a_long_name_are_whole(void **state _unused_) {
        Link links[] = { link_make("enp65s0f0np0abc", LINK_DEVICE, "", 1500, false) };
        _cleanup_derived_ Derived derived =
                derive_with("[Interface]\nName=enp65s0f0np0abc\n[Address]\nAddress=172.150.1.5/24\n", links, 1, "");
        _cleanup_free_ char *text = golden_state(&derived.state);

        assert_non_null(strstr(text, "ipv4/conf/enp65s0f0np0abc/drop_unicast_in_l2_multicast=1\n"));
}

static void an_ipv6_plane_tames_ipv6_instead_of_switching_it_off(void **state _unused_) {
        Link links[] = { link_make("eno1", LINK_DEVICE, "", 1500, false) };
        _cleanup_derived_ Derived derived = derive_with(
                "[Interface]\nName=mig0\nKind=vlan\nParent=eno1\nVLANId=100\n[Address]\nAddress=fd00::5/64\n", links, 1,
                "");
        _cleanup_free_ char *text = golden_state(&derived.state);

        assert_non_null(strstr(text, "sysctl ipv6/conf/mig0/disable_ipv6=0\n"));
        assert_non_null(strstr(text, "sysctl ipv6/conf/mig0/accept_ra=0\n"));
        assert_non_null(strstr(text, "sysctl ipv6/conf/mig0/router_solicitations=0\n"));
}

static void an_ifb_name_fits_the_kernel_and_no_two_long_ones_are_alike(void **state _unused_) {
        char a[IFNAMSIZ], b[IFNAMSIZ];

        names_ifb("mig0", a);
        assert_string_equal(a, "ifb-mig0");
        names_ifb("enp0s31f6.1001", a);
        names_ifb("enp0s31f6.1002", b);
        assert_true(interface_name_is_valid(a) && interface_name_is_valid(b));
        assert_string_not_equal(a, b);
}

// nft cannot be told the name. Other planes are not concerned.
static void a_parent_that_no_rule_can_name_is_its_own_planes_trouble(void **state _unused_) {
        static const char text[] =
                "[Interface]\nName=mig0\nKind=vlan\nParent=service\nVLANId=100\n[Address]\nAddress=172.150.1.5/24\n";
        Link links[] = { link_make("e\"no1", LINK_DEVICE, "", 1500, false),
                         link_make("mig0", LINK_VLAN, "service", 1500, true),
                         link_make("service", LINK_VLAN, "e\"no1", 1500, false) };

        links[1].vlan_id = 100;
        links[1].vlan_protocol = 0x8100;
        for (unsigned stood_on = 0; stood_on < 2; stood_on++) {
                _cleanup_derived_ Derived derived =
                        derive_known(text, links, ELEMENTSOF(links), "", (Known){ .stood_on = stood_on });

                assert_reason(
                        &derived, REASON_NO_ISOLATION,
                        "tags within tags cannot be dropped at e\"no1, because no rule can hold that name; rename "
                        "it: ip link set dev e\"no1 name NEW");
                assert_int_equal(count(&derived, OBJECT_ADDRESS), stood_on); // one that is up stays up
                assert_true(count(&derived, OBJECT_RULESET) > 0);
        }
}

static void an_alternative_name_is_explained(void **state _unused_) {
        static const struct {
                const char *text, *reason;
                ReasonCode code;
        } cases[] = {
                { "[Interface]\nName=mig0\nKind=vlan\nParent=uplink\nVLANId=100\n[Address]\nAddress=172.150.1.5/24\n",
                  "Parent=uplink (blue.plane:4) is an alternative name of eno1: write Parent=eno1",
                  REASON_PARENT_MISSING },
                { "[Interface]\nName=uplink\n[Address]\nAddress=172.150.1.5/24\n",
                  "Name=uplink (blue.plane:2) is an alternative name of eno1: write Name=eno1", REASON_DEVICE_MISSING },
                { "[Interface]\nName=uplink\nKind=vlan\nParent=eno1\nVLANId=100\n[Address]\nAddress=172.150.1.5/24\n",
                  "Name=uplink (blue.plane:2) is an alternative name of eno1, so no device can get it: use another "
                  "Name=, or remove that one with: ip link property del dev eno1 altname uplink",
                  REASON_DEVICE_MISSING },
        };
        Link links[] = { link_make("eno1", LINK_DEVICE, "", 1500, false) };
        AltName altnames[] = { { (char *)(uintptr_t) "uplink", 7 } };

        links[0].index = 7;
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Derived derived = {};
                Inventory inventory = { .links = links, .n_links = 1, .altnames = altnames, .n_altnames = 1 };
                DeriveFacts facts = { .inventory = &inventory, .leaf = QDISC_FQ_CODEL, .machine_id = "" };
                PlaneInput input = { .config = golden_plane("blue", cases[i].text, &derived.config) };
                PlaneFacts plane = plane_facts_find(&input, &inventory);

                assert_int_equal(derive(&plane, 1, &facts, &derived.state), 0);
                derived.reasons = plane.reasons;
                assert_reason(&derived, cases[i].code, cases[i].reason);
                assert_int_equal(count(&derived, OBJECT_LINK), 0);
                derived_deinit(&derived);
        }
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_parent_that_no_rule_can_name_is_its_own_planes_trouble),
                cmocka_unit_test(an_alternative_name_is_explained),
                cmocka_unit_test(a_vlan_plane_becomes_these_objects),
                cmocka_unit_test(without_an_ingress_cap_there_is_no_ifb),
                cmocka_unit_test(a_missing_parent_is_waited_for_behind_rules_that_need_no_device),
                cmocka_unit_test(an_mtu_above_the_parents_names_both_numbers),
                cmocka_unit_test(a_plane_that_stands_keeps_its_mtu_when_the_new_one_is_too_large),
                cmocka_unit_test(a_foreign_link_of_that_name_is_left_alone),
                cmocka_unit_test(a_foreign_vlan_with_another_tag_is_left_alone),
                cmocka_unit_test(no_rule_is_about_a_device_that_is_refused),
                cmocka_unit_test(a_device_that_migrations_run_on_keeps_its_isolation_whatever_route_it_has),
                cmocka_unit_test(a_service_tag_is_asked_for),
                cmocka_unit_test(what_a_vlan_below_the_plane_stands_on_is_guarded),
                cmocka_unit_test(a_bridge_below_that_is_guarded_within),
                cmocka_unit_test(frames_of_other_bridges_are_not_the_hosts),
                cmocka_unit_test(a_vlan_whose_parent_was_renamed_stays_and_says_so),
                cmocka_unit_test(a_foreign_vlan_whose_parent_was_renamed_keeps_its_isolation),
                cmocka_unit_test(a_foreign_device_that_was_the_planes_keeps_its_isolation_whatever_the_file_says_now),
                cmocka_unit_test(an_adopted_link_that_no_longer_fits_keeps_its_isolation_and_is_not_made_again),
                cmocka_unit_test(a_vlan_of_ours_is_not_made_again_under_a_migration),
                cmocka_unit_test(a_fitting_link_that_somebody_made_is_adopted_untagged),
                cmocka_unit_test(a_device_in_use_is_not_taken),
                cmocka_unit_test(another_managers_device_is_neither_addressed_nor_set_up),
                cmocka_unit_test(a_macvlan_has_the_same_address_at_every_boot_of_one_machine_only),
                cmocka_unit_test(cloned_machines_have_macvlans_with_different_addresses),
                cmocka_unit_test(the_settings_of_a_long_name_are_whole),
                cmocka_unit_test(an_ipv6_plane_tames_ipv6_instead_of_switching_it_off),
                cmocka_unit_test(an_ifb_name_fits_the_kernel_and_no_two_long_ones_are_alike),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
