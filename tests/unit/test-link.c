// Links and bridges: what is read of the kernel, and what is asked of it.
// SPDX-License-Identifier: GPL-2.0-or-later

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <linux/if_bridge.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/if_vlan.h>
#include <net/if.h>
#include <net/if_arp.h>

#include "base/inet.h"
#include "base/names.h"
#include "kernel/bridge.h"
#include "kernel/inventory.h"
#include "kernel/link.h"
#include "model/object.h"
#include "model/plan.h"
#include "model/state.h"

#include "fake-kernel.h"

enum { OTHER_LINK = 44 };

// --- links ---

// A link of this kind. Its attributes of IFLA_INFO_DATA are put between.
static struct nlattr *link_begin(int index, const char *name, const char *alias, uint32_t group, const char *kind) {
        const struct ifinfomsg header = { .ifi_type = ARPHRD_ETHER, .ifi_index = index, .ifi_flags = IFF_UP };
        static const MacAddress mac = { { 0x02, 0x5d, 0, 0, 0, 1 } };

        mnl_attr_put_strz(message_begin(RTM_NEWLINK, &header, sizeof(header)), IFLA_IFNAME, name);
        mnl_attr_put_u32(fake.last, IFLA_MTU, 9000);
        mnl_attr_put_u32(fake.last, IFLA_GROUP, group);
        mnl_attr_put(fake.last, IFLA_ADDRESS, sizeof(mac), &mac);
        if (alias[0])
                mnl_attr_put_strz(fake.last, IFLA_IFALIAS, alias);
        struct nlattr *info = mnl_attr_nest_start(fake.last, IFLA_LINKINFO);
        if (kind[0])
                mnl_attr_put_strz(fake.last, IFLA_INFO_KIND, kind);
        return info;
}

static void link_end(struct nlattr *info) {
        mnl_attr_nest_end(fake.last, info);
        message_end();
}

static void test_links_are_read(void **state _unused_) {
        _cleanup_inventory_ Inventory inventory = {};
        const struct ifla_vlan_flags loose = { .flags = VLAN_FLAG_REORDER_HDR | VLAN_FLAG_LOOSE_BINDING, .mask = ~0U };

        struct nlattr *info = link_begin(MIG0, "mig0", "migplane:blue", 0, "vlan");
        struct nlattr *data = mnl_attr_nest_start(fake.last, IFLA_INFO_DATA);
        mnl_attr_put_u16(fake.last, IFLA_VLAN_ID, 100);
        mnl_attr_put_u16(fake.last, IFLA_VLAN_PROTOCOL, htons(ETH_P_8021AD));
        mnl_attr_put(fake.last, IFLA_VLAN_FLAGS, sizeof(loose), &loose);
        mnl_attr_nest_end(fake.last, data);
        mnl_attr_nest_end(fake.last, info);
        mnl_attr_put_u32(fake.last, IFLA_LINK, ENO1);
        mnl_attr_put_strz(fake.last, IFLA_QDISC, "htb");
        message_end();
        link_end(link_begin(ENO1, "eno1", "", 0, ""));
        info = link_begin(12, "br0", "", 0, "bridge");
        data = mnl_attr_nest_start(fake.last, IFLA_INFO_DATA);
        mnl_attr_put_u8(fake.last, IFLA_BR_VLAN_FILTERING, 1);
        mnl_attr_put_u16(fake.last, IFLA_BR_VLAN_PROTOCOL, htons(ETH_P_8021Q));
        mnl_attr_nest_end(fake.last, data);
        mnl_attr_nest_end(fake.last, info);
        mnl_attr_put_u32(fake.last, IFLA_MASTER, OTHER_LINK);
        struct nlattr *xdp = mnl_attr_nest_start(fake.last, IFLA_XDP);
        mnl_attr_put_u8(fake.last, IFLA_XDP_ATTACHED, XDP_ATTACHED_DRV);
        mnl_attr_nest_end(fake.last, xdp);
        message_end();

        assert_int_equal(inventory_read(NULL, &inventory, NULL), 0);
        assert_int_equal(inventory.n_links, 3);
        const Link *link = inventory_find(&inventory, "mig0");
        assert_non_null(link);
        assert_int_equal(link->index, MIG0);
        assert_int_equal(link->type, LINK_VLAN);
        assert_string_equal(link->parent, "eno1");
        assert_int_equal(link->vlan_id, 100);
        assert_int_equal(link->vlan_protocol, ETH_P_8021AD);
        assert_true(link->is_loose);
        assert_int_equal(link->mtu, 9000);
        assert_true(link->has_mac && link->up && link->is_tagged);
        assert_false(link->carrier || link->has_xdp);
        assert_int_equal(link->mac.bytes[1], 0x5d);
        assert_string_equal(link->qdisc, "htb");
        assert_string_equal(link->alias, "migplane:blue");
        link = inventory_find_index(&inventory, 12);
        assert_non_null(link);
        assert_int_equal(link->type, LINK_DEVICE);
        assert_string_equal(link->kind, "bridge");
        assert_true(link->filters_vlans && link->has_xdp);
        assert_int_equal(link->vlan_protocol, ETH_P_8021Q);
        assert_int_equal(link->master_index, OTHER_LINK);
        assert_false(link->is_tagged);
        assert_null(inventory_find(&inventory, "mig1"));
}

static void test_the_kinds_of_links_are_told_apart(void **state _unused_) {
        static const struct {
                const char *kind;
                LinkType type;
        } cases[] = {
                { "vlan", LINK_VLAN },     { "macvlan", LINK_MACVLAN }, { "ifb", LINK_IFB },
                { "bridge", LINK_DEVICE }, { "dummy", LINK_DEVICE },    { "", LINK_DEVICE },
        };
        static const struct ifinfomsg loopback = { .ifi_type = ARPHRD_LOOPBACK, .ifi_index = LO };
        static const uint8_t no_mac[6];

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_inventory_ Inventory read = {};

                (void)fake_reset(NULL);
                link_end(link_begin(MIG0, "mig0", "", 0, cases[i].kind));
                mnl_attr_put_strz(message_begin(RTM_NEWLINK, &loopback, sizeof(loopback)), IFLA_IFNAME, "lo");
                mnl_attr_put(fake.last, IFLA_ADDRESS, sizeof(no_mac), no_mac);
                message_end();
                assert_int_equal(inventory_read(NULL, &read, NULL), 0);
                assert_int_equal(inventory_find(&read, "mig0")->type, cases[i].type);
                assert_string_equal(inventory_find(&read, "mig0")->kind, cases[i].kind);
                assert_true(inventory_find(&read, "mig0")->has_mac);
                assert_false(inventory_find(&read, "lo")->has_mac);
        }
}

static void test_a_parent_in_another_namespace_is_none(void **state _unused_) {
        _cleanup_inventory_ Inventory inventory = {};

        link_end(link_begin(ENO1, "eno1", "", 0, ""));
        struct nlattr *info = link_begin(MIG0, "mig0", "", 0, "macvlan");
        mnl_attr_nest_end(fake.last, info);
        mnl_attr_put_u32(fake.last, IFLA_LINK, ENO1);
        mnl_attr_put_u32(fake.last, IFLA_LINK_NETNSID, 0);
        message_end();
        assert_int_equal(inventory_read(NULL, &inventory, NULL), 0);
        assert_int_equal(inventory_find(&inventory, "mig0")->parent_index, 0);
        assert_string_equal(inventory_find(&inventory, "mig0")->parent, "");
}

static Object link_desired(void) {
        Object object = {
                .kind = OBJECT_LINK,
                .link = "mig0",
                .as_link = { .type = LINK_MACVLAN, .parent = "eno1", .alias = "migplane:blue" },
        };
        return object;
}

// The kernel takes no alias with a new link, so its group marks it until the next request.
static void test_a_new_link_is_marked_before_it_is_tagged(void **state _unused_) {
        const Object desired = link_desired();
        const size_t size = sizeof(struct ifinfomsg);
        const char *alias;

        assert_int_equal(link_add(NULL, 0, &desired, NULL), 0);
        assert_int_equal(fake.n_requests, 2);
        assert_int_equal(request_u32(0, size, IFLA_GROUP), LINK_GROUP_UNTAGGED);
        assert_int_equal(request_u32(0, size, IFLA_LINK), ENO1);
        assert_int_equal(((const struct ifinfomsg *)request_header(0))->ifi_flags & IFF_UP, 0);

        assert_int_equal(((const struct ifinfomsg *)request_header(1))->ifi_index, MIG0);
        assert_true(attribute_string(request_attribute(1, size, IFLA_IFALIAS), &alias));
        assert_string_equal(alias, "migplane:blue");
        assert_int_equal(request_u32(1, size, IFLA_GROUP), 0);
}

static struct ifla_vlan_flags requested_flags(size_t request) {
        struct ifla_vlan_flags flags = {};
        const struct nlattr *info = request_attribute(request, sizeof(struct ifinfomsg), IFLA_LINKINFO);
        const struct nlattr *data = attribute_find_nested(info, IFLA_INFO_DATA);

        (void)attribute_struct(attribute_find_nested(data, IFLA_VLAN_FLAGS), sizeof(flags), &flags);
        return flags;
}

// The kernel sets every other VLAN up with its parent.
static void test_a_vlan_of_ours_does_not_follow_its_parent(void **state _unused_) {
        const Object desired = {
                .kind = OBJECT_LINK,
                .link = "mig0",
                .as_link = { .type = LINK_VLAN,
                             .parent = "eno1",
                             .vlan_id = 100,
                             .vlan_protocol = ETH_P_8021Q,
                             .is_loose = true },
        };
        Object observed = desired;

        assert_int_equal(link_add(NULL, 0, &desired, NULL), 0);
        assert_int_equal(requested_flags(0).flags, VLAN_FLAG_LOOSE_BINDING);
        assert_int_equal(requested_flags(0).mask, VLAN_FLAG_LOOSE_BINDING);

        assert_true(object_satisfies(&observed, &desired));
        observed.as_link.is_loose = false;
        assert_false(object_satisfies(&observed, &desired) || object_is_fixed(&observed, &desired));
        fake.n_requests = 0;
        assert_int_equal(link_change(NULL, MIG0, &desired, &observed, NULL), 0);
        assert_int_equal(requested_flags(0).flags, VLAN_FLAG_LOOSE_BINDING);
}

static void test_arp_and_the_mode_of_a_macvlan_are_put_back(void **state _unused_) {
        Object desired = {
                .kind = OBJECT_LINK,
                .link = "mig0",
                .as_link = { .type = LINK_MACVLAN, .parent = "eno1", .wants_arp = true },
        };
        Object observed = desired;

        assert_true(object_satisfies(&observed, &desired));
        observed.as_link.no_arp = true;
        assert_false(object_satisfies(&observed, &desired) || object_is_fixed(&observed, &desired));
        assert_int_equal(link_change(NULL, MIG0, &desired, &observed, NULL), 0);
        const struct ifinfomsg *info = request_header(0);
        assert_int_equal(info->ifi_flags, 0);
        assert_int_equal(info->ifi_change, IFF_NOARP);

        observed.as_link.no_arp = false;
        strcpy_fixed(observed.as_link.mode, "bridge");
        assert_false(object_satisfies(&observed, &desired) || object_is_fixed(&observed, &desired));
        fake.n_requests = 0;
        assert_int_equal(link_change(NULL, MIG0, &desired, &observed, NULL), 0);
        const struct nlattr *data =
                attribute_find_nested(request_attribute(0, sizeof(*info), IFLA_LINKINFO), IFLA_INFO_DATA);
        uint32_t mode = 0;
        assert_int_equal(attribute_u32(attribute_find_nested(data, IFLA_MACVLAN_MODE), &mode), 1);
        assert_int_equal(mode, MACVLAN_MODE_PRIVATE);

        // A device that others make is as they like it.
        desired.as_link = (LinkObject){ .type = LINK_DEVICE };
        observed.as_link.no_arp = true;
        assert_true(object_satisfies(&observed, &desired));
}

static void test_a_link_that_is_refused_is_not_tagged(void **state _unused_) {
        const Object desired = link_desired();

        fake.results[0] = -EBUSY;
        assert_int_equal(link_add(NULL, 0, &desired, NULL), -EBUSY);
        assert_int_equal(fake.n_requests, 1);
}

static void port_put(int index, const char *name, const char *kind, uint32_t master) {
        const struct ifinfomsg header = { .ifi_index = index, .ifi_type = ARPHRD_ETHER };
        struct nlmsghdr *message = message_begin(RTM_NEWLINK, &header, sizeof(header));

        mnl_attr_put_strz(message, IFLA_IFNAME, name);
        if (master)
                mnl_attr_put_u32(message, IFLA_MASTER, master);
        struct nlattr *info = mnl_attr_nest_start(message, IFLA_LINKINFO);
        mnl_attr_put_strz(message, IFLA_INFO_KIND, kind);
        mnl_attr_nest_end(message, info);
        message_end();
}

static void test_a_busy_parent_is_explained_by_its_master(void **state _unused_) {
        static const struct {
                const char *kind; // of the master; NULL: there is none
                const char *text;
        } cases[] = {
                { "bridge", "eno1 is a port of up0 (bridge), which has all of its frames; write Parent=up0" },
                { "bond", "eno1 is a port of up0 (bond), which has all of its frames; write Parent=up0" },
                { "openvswitch", "eno1 is a port of Open vSwitch; take an internal port of its bridge" },
                { NULL, "has all frames of eno1; use another Parent=" },
        };
        const Object desired = link_desired();

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Error error = {};

                (void)fake_reset(NULL);
                fake.results[0] = -EBUSY;
                port_put(ENO1, "eno1", "veth", cases[i].kind ? 5 : 0);
                if (cases[i].kind)
                        port_put(5, "up0", cases[i].kind, 0);
                assert_int_equal(link_add(NULL, 0, &desired, &error), -EBUSY);
                assert_non_null(strstr(error.text, cases[i].text));
        }
}

// A tag is ours as a whole, on a link of a type that we make.
static void test_a_label_that_begins_like_our_tag_is_no_tag(void **state _unused_) {
        static const struct {
                const char *alias, *kind;
                uint32_t group;
                bool is_tagged;
        } cases[] = {
                { "migplane:blue", "vlan", 0, true },
                { "migplane:blue", "macvlan", 0, true },
                { "migplane:blue", "ifb", 0, true },
                { "", "macvlan", LINK_GROUP_UNTAGGED, true },
                { "migplane:label for people", "macvlan", 0, false },
                { "migplane:", "macvlan", 0, false },
                { "migplane", "macvlan", 0, false },
                { "Migplane:blue", "macvlan", 0, false },
                { "migplane:blue", "bridge", 0, false },
                { "migplane:blue", "veth", 0, false },
                { "migplane:blue", "", 0, false },
                { "", "bridge", LINK_GROUP_UNTAGGED, false },
                // Longer than a plane's name can be, and longer than what is kept of an alias.
                { "migplane:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "ifb",
                  0, false },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_inventory_ Inventory inventory = {};

                (void)fake_reset(NULL);
                link_end(link_begin(MIG0, "mig0", cases[i].alias, cases[i].group, cases[i].kind));
                assert_int_equal(inventory_read(NULL, &inventory, NULL), 0);
                assert_int_equal(inventory_find(&inventory, "mig0")->is_tagged, cases[i].is_tagged);
        }
}

// The daemon was killed between the two requests of link_add.
static void test_a_link_that_was_left_untagged_is_tagged_or_deleted(void **state _unused_) {
        _cleanup_inventory_ Inventory inventory = {};
        _cleanup_state_ State observed = {}, desired = {}, none = {};
        _cleanup_plan_ Plan wanted = {}, unwanted = {};
        const Object object = link_desired();
        const char *alias;

        link_end(link_begin(ENO1, "eno1", "", 0, ""));
        struct nlattr *info = link_begin(MIG0, "mig0", "", LINK_GROUP_UNTAGGED, "macvlan");
        mnl_attr_nest_end(fake.last, info);
        mnl_attr_put_u32(fake.last, IFLA_LINK, ENO1);
        message_end();
        assert_int_equal(inventory_read(NULL, &inventory, NULL), 0);
        const Link *link = inventory_find(&inventory, "mig0");
        assert_true(link->is_tagged);
        assert_int_equal(link_observe(link, link->is_tagged, &none, &observed), 0);
        state_sort(&observed);

        // Its plane is configured.
        assert_int_equal(state_add(&desired, &object), 0);
        assert_int_equal(plan_diff(&desired, &observed, &wanted), 0);
        const Operation *change = &wanted.operations[wanted.n_operations - 1];
        assert_int_equal(change->type, OPERATION_CHANGE);
        fake.n_requests = 0;
        assert_int_equal(link_change(NULL, MIG0, change->desired, change->observed, NULL), 0);
        assert_int_equal(fake.n_requests, 2);
        assert_true(attribute_string(request_attribute(1, sizeof(struct ifinfomsg), IFLA_IFALIAS), &alias));
        assert_string_equal(alias, "migplane:blue");
        assert_int_equal(request_u32(1, sizeof(struct ifinfomsg), IFLA_GROUP), 0);

        // No plane has it.
        assert_int_equal(plan_diff(&none, &observed, &unwanted), 0);
        assert_int_equal(unwanted.n_operations, 2);
        assert_int_equal(unwanted.operations[1].type, OPERATION_DELETE);
        assert_int_equal(unwanted.operations[1].observed->kind, OBJECT_LINK);
}

static void test_bytes_are_bytes_both_ways(void **state _unused_) {
        const struct ifinfomsg header = { .ifi_index = MIG0 };
        const struct rtnl_link_stats64 statistics = {
                .rx_packets = 1,
                .tx_packets = 2,
                .rx_bytes = 3000,
                .tx_bytes = 4000,
                .rx_errors = 5,
        };
        uint64_t sent = 0, received = 0;

        mnl_attr_put(message_begin(RTM_NEWLINK, &header, sizeof(header)), IFLA_STATS64, sizeof(statistics),
                     &statistics);
        message_end();
        assert_int_equal(link_read_bytes(NULL, MIG0, &sent, &received, NULL), 0);
        assert_int_equal(sent, 4000);
        assert_int_equal(received, 3000);
        answer_begin();
        (void)message_begin(RTM_NEWLINK, &header, sizeof(header));
        message_end();
        assert_int_equal(link_read_bytes(NULL, MIG0, &sent, &received, NULL), -EBADMSG);
        // The acknowledgement came and the answer did not.
        assert_int_equal(link_read_bytes(NULL, MIG0, &sent, &received, NULL), -EIO);
}

// --- bridges ---

static void vlan_entry_put(uint16_t first, uint16_t last) {
        const struct bridge_vlan_info info = { .vid = first };
        struct nlattr *entry = mnl_attr_nest_start(fake.last, BRIDGE_VLANDB_ENTRY);

        mnl_attr_put(fake.last, BRIDGE_VLANDB_ENTRY_INFO, sizeof(info), &info);
        if (last > first)
                mnl_attr_put_u16(fake.last, BRIDGE_VLANDB_ENTRY_RANGE, last);
        mnl_attr_nest_end(fake.last, entry);
}

static void vlans_put(int ifindex, uint16_t first, uint16_t last) {
        const struct br_vlan_msg header = { .family = AF_BRIDGE, .ifindex = (uint32_t)ifindex };

        (void)message_begin(RTM_NEWVLAN, &header, sizeof(header));
        vlan_entry_put(1, 1);
        vlan_entry_put(first, last);
        vlan_entry_put(4000, 4094);
        message_end();
}

static void test_the_vlans_of_bridges_are_read_in_ranges(void **state _unused_) {
        static const struct {
                uint16_t first, last;
                int admitted;
        } cases[] = {
                { 100, 100, 1 }, { 99, 99, 0 },  { 101, 101, 0 }, { 90, 110, 1 },
                { 100, 110, 1 }, { 90, 100, 1 }, { 90, 99, 0 },
        };
        _cleanup_bridge_members_ BridgeMembers members = {};

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                (void)fake_reset(NULL);
                vlans_put(12, cases[i].first, cases[i].last);
                _cleanup_bridge_members_ BridgeMembers one = {};
                assert_int_equal(bridge_members_read(NULL, 100, &one, NULL), 0);
                assert_int_equal(bridge_members_have(&one, 12), cases[i].admitted);
        }
        (void)fake_reset(NULL);
        vlans_put(12, 90, 110);
        vlans_put(13, 2, 3);
        vlans_put(14, 100, 100);
        assert_int_equal(bridge_members_read(NULL, 100, &members, NULL), 0);
        assert_true(bridge_members_have(&members, 12));
        assert_false(bridge_members_have(&members, 13));
        assert_true(bridge_members_have(&members, 14));
        answer_error(-EOPNOTSUPP);
        assert_int_equal(bridge_members_read(NULL, 100, &members, NULL), -EOPNOTSUPP);
}

static void test_nothing_is_left_of_an_interrupted_reading(void **state _unused_) {
        _cleanup_inventory_ Inventory read = {};
        _cleanup_bridge_members_ BridgeMembers members = {};

        link_end(link_begin(MIG0, "mig0", "", 0, ""));
        answer_interrupt();
        link_end(link_begin(ENO1, "eno1", "", 0, ""));
        assert_int_equal(inventory_read(NULL, &read, NULL), 0);
        assert_int_equal(read.n_links, 1);
        assert_string_equal(read.links[0].name, "eno1");

        answer_begin();
        vlans_put(12, 100, 100);
        answer_interrupt();
        vlans_put(13, 100, 100);
        assert_int_equal(bridge_members_read(NULL, 100, &members, NULL), 0);
        assert_int_equal(members.n_indices, 1);
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(test_links_are_read, fake_reset),
                cmocka_unit_test_setup(test_the_kinds_of_links_are_told_apart, fake_reset),
                cmocka_unit_test_setup(test_a_parent_in_another_namespace_is_none, fake_reset),
                cmocka_unit_test_setup(test_a_new_link_is_marked_before_it_is_tagged, fake_reset),
                cmocka_unit_test_setup(test_a_vlan_of_ours_does_not_follow_its_parent, fake_reset),
                cmocka_unit_test_setup(test_arp_and_the_mode_of_a_macvlan_are_put_back, fake_reset),
                cmocka_unit_test_setup(test_a_link_that_is_refused_is_not_tagged, fake_reset),
                cmocka_unit_test_setup(test_a_busy_parent_is_explained_by_its_master, fake_reset),
                cmocka_unit_test_setup(test_a_label_that_begins_like_our_tag_is_no_tag, fake_reset),
                cmocka_unit_test_setup(test_a_link_that_was_left_untagged_is_tagged_or_deleted, fake_reset),
                cmocka_unit_test_setup(test_bytes_are_bytes_both_ways, fake_reset),
                cmocka_unit_test_setup(test_the_vlans_of_bridges_are_read_in_ranges, fake_reset),
                cmocka_unit_test_setup(test_nothing_is_left_of_an_interrupted_reading, fake_reset),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
