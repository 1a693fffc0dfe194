// The diff: which differences become operations, of which type and in which order.
// SPDX-License-Identifier: GPL-2.0-or-later

#include <linux/pkt_sched.h>

#include "base/inet.h"
#include "base/names.h"
#include "base/util.h"
#include "model/plan.h"
#include "golden.h"

typedef struct Sides {
        State desired, observed;
} Sides;

static int setup(void **state) {
        *state = calloc(1, sizeof(Sides));
        return *state ? 0 : -1;
}

static int teardown(void **state) {
        Sides *sides = *state;
        state_deinit(&sides->desired);
        state_deinit(&sides->observed);
        free(sides);
        return 0;
}

static void add(State *state, Object object, const char *link) {
        strcpy_fixed(object.link, link);
        assert_int_equal(state_add(state, &object), 0);
}

static void assert_plan(Sides *sides, const char *expected) {
        _cleanup_plan_ Plan plan = {};
        _cleanup_free_ char *text = NULL;
        size_t size;

        state_sort(&sides->desired);
        state_sort(&sides->observed);
        assert_int_equal(plan_diff(&sides->desired, &sides->observed, &plan), 0);
        FILE *file = open_memstream(&text, &size);
        plan_print(&plan, file);
        fclose(file);
        assert_string_equal(text, expected);
}

static Object vlan(uint16_t id, uint32_t mtu) {
        Object object = { .kind = OBJECT_LINK, .as_link = { .type = LINK_VLAN, .vlan_id = id, .mtu = mtu } };
        strcpy_fixed(object.as_link.parent, "eno1");
        strcpy_fixed(object.as_link.alias, "migplane:blue");
        return object;
}

static Object up(LinkRole role) {
        return (Object){ .kind = OBJECT_LINK_UP, .as_link_up.role = role };
}

static Object address(const char *text) {
        Object object = { .kind = OBJECT_ADDRESS };
        assert_int_equal(prefix_parse(text, &object.as_address.prefix), 0);
        return object;
}

static Object chain(RulesetFamily family, const char *name, uint64_t hash) {
        Object object = { .kind = OBJECT_RULESET, .as_ruleset = { .family = family, .hash = hash, .n_rules = 3 } };
        strcpy_fixed(object.as_ruleset.chain, name);
        return object;
}

static Object class(uint64_t bytes_per_second) {
        uint32_t burst = ticks_from_bytes(131072, bytes_per_second);
        return (Object){
                .kind = OBJECT_CLASS,
                .as_class = {
                        .classid = OUR_CLASS_PLANE,
                        .parent = TC_H_ROOT,
                        .rate = bytes_per_second,
                        .ceil = bytes_per_second,
                        .burst = burst,
                        .cburst = burst,
                        .quantum = 65536,
                },
        };
}

static Object root(QdiscType type, const char *foreign) {
        Object object = {
                .kind = OBJECT_QDISC,
                .as_qdisc = { .parent = TC_H_ROOT,
                              .type = type,
                              .handle = type == QDISC_HTB ? OUR_QDISC_HANDLE : 0x80010000 },
        };
        object.as_qdisc.default_class = type == QDISC_HTB ? 0x10 : 0;
        strcpy_fixed(object.as_qdisc.foreign, foreign);
        return object;
}

static void nothing_to_do_is_no_operation(void **state) {
        Sides *sides = *state;

        add(&sides->desired, vlan(100, 1500), "mig0");
        add(&sides->observed, vlan(100, 1500), "mig0");
        add(&sides->desired, class(1000000000), "mig0");
        add(&sides->observed, class(1000000000), "mig0");
        assert_plan(sides, "");
}

static void a_plane_is_made_in_the_order_of_the_promise(void **state) {
        Sides *sides = *state;

        // Added in the wrong order on purpose.
        add(&sides->desired, up(LINK_ROLE_PLANE), "mig0");
        add(&sides->desired, up(LINK_ROLE_PARENT), "zeno1");
        add(&sides->desired, (Object){ .kind = OBJECT_IFB_UP }, "ifb-mig0");
        add(&sides->desired, class(125000000), "mig0");
        add(&sides->desired, root(QDISC_HTB, ""), "mig0");
        add(&sides->desired, address("192.0.2.1/24"), "mig0");
        add(&sides->desired, chain(RULESET_NETDEV, "mig0-in", 1), "mig0");
        add(&sides->desired, vlan(100, 0), "mig0");
        assert_plan(sides,
                    "+ link mig0 kind vlan parent eno1 id 100 alias migplane:blue\n"
                    "+ ruleset netdev migplane chain mig0-in rules 3 hash 0000000000000001\n"
                    "+ qdisc mig0 htb parent root handle 6d70: default 10\n"
                    "+ class mig0 6d70:1 parent root rate 1G ceil 1G burst 131072 cburst 131072 quantum 65536\n"
                    "+ link-up ifb-mig0\n"
                    "+ address mig0 192.0.2.1/24\n"
                    "+ link-up zeno1\n"
                    "+ link-up mig0\n");
}

static void a_plane_is_taken_away_in_reverse_its_ruleset_last_but_in_place(void **state) {
        Sides *sides = *state;

        add(&sides->observed, vlan(100, 1500), "mig0");
        add(&sides->observed, chain(RULESET_INET, "mig0-in", 1), "");
        add(&sides->observed, address("192.0.2.1/24"), "mig0");
        add(&sides->observed, up(LINK_ROLE_PLANE), "mig0");
        assert_plan(sides,
                    "- link-up mig0\n"
                    "- address mig0 192.0.2.1/24\n"
                    "- link mig0 kind vlan parent eno1 id 100 mtu 1500 alias migplane:blue\n"
                    "- ruleset inet migplane chain mig0-in rules 3 hash 0000000000000001\n");
}

static void a_rate_is_changed_in_place(void **state) {
        Sides *sides = *state;

        add(&sides->desired, class(500000000), "mig0");
        add(&sides->observed, class(1000000000), "mig0");
        assert_plan(sides,
                    "~ class mig0 6d70:1 parent root rate 4G ceil 4G burst 131072 cburst 131072 quantum 65536"
                    " (was: class mig0 6d70:1 parent root rate 8G ceil 8G burst 131072 cburst 131072 quantum 65536)\n");
}

static void an_mtu_is_changed_in_place_and_a_vlan_id_is_not(void **state) {
        Sides *sides = *state;

        add(&sides->desired, vlan(100, 9000), "mig0");
        add(&sides->observed, vlan(100, 1500), "mig0");
        add(&sides->desired, vlan(200, 1500), "mig1");
        add(&sides->observed, vlan(100, 1500), "mig1");
        assert_plan(sides,
                    "~ link mig0 kind vlan parent eno1 id 100 mtu 9000 alias migplane:blue"
                    " (was: link mig0 kind vlan parent eno1 id 100 mtu 1500 alias migplane:blue)\n"
                    "! link mig1 kind vlan parent eno1 id 200 mtu 1500 alias migplane:blue"
                    " (was: link mig1 kind vlan parent eno1 id 100 mtu 1500 alias migplane:blue)\n");
}

static void a_foreign_root_qdisc_is_replaced(void **state) {
        Sides *sides = *state;

        add(&sides->desired, root(QDISC_HTB, ""), "mig0");
        add(&sides->observed, root(QDISC_FOREIGN, "fq"), "mig0");
        assert_plan(sides,
                    "! qdisc mig0 htb parent root handle 6d70: default 10"
                    " (was: qdisc mig0 fq parent root handle 8001:)\n");
}

static void a_chain_is_always_changed_in_place(void **state) {
        Sides *sides = *state;

        add(&sides->desired, chain(RULESET_NETDEV, "mig0-in", 2), "mig0");
        add(&sides->observed, chain(RULESET_NETDEV, "mig0-in", 0), "mig0");
        assert_plan(sides,
                    "~ ruleset netdev migplane chain mig0-in rules 3 hash 0000000000000002"
                    " (was: ruleset netdev migplane chain mig0-in rules 3 hash 0000000000000000)\n");
}

static void another_address_is_removed_before_the_new_one_is_added(void **state) {
        Sides *sides = *state;

        add(&sides->desired, address("192.0.2.1/24"), "mig0");
        add(&sides->observed, address("192.0.2.1/25"), "mig0");
        assert_plan(sides, "- address mig0 192.0.2.1/25\n+ address mig0 192.0.2.1/24\n");
}

static void what_is_desired_as_it_is_always_matches(void **state) {
        Sides *sides = *state;
        Object device = { .kind = OBJECT_LINK, .as_link.type = LINK_DEVICE };
        Object seen = vlan(7, 9000);

        add(&sides->desired, device, "eno2");
        add(&sides->observed, seen, "eno2");
        assert_plan(sides, "");
}

// Applying a plan to the observed State gives the desired State, for random States.
static void applying_the_plan_of_any_two_states_leaves_nothing_to_do(void **state) {
        Sides *sides = *state;
        unsigned random = 1;

        for (unsigned i = 0; i < 400; i++) {
                random = random * 1103515245 + 12345;
                char text[32];
                (void)snprintf(text, sizeof(text), "192.0.2.%u/24", 1 + (random >> 16) % 60);
                Object object = address(text);
                strcpy_fixed(object.link, random & 0x4000 ? "mig0" : "mig1");
                State *side = random & 0x8000 ? &sides->desired : &sides->observed;
                state_sort(side);
                if (!state_find(side, &object))
                        add(side, object, object.link);
        }
        state_sort(&sides->desired);
        state_sort(&sides->observed);

        _cleanup_plan_ Plan plan = {}, rest = {};
        _cleanup_state_ State result = {};
        assert_int_equal(plan_diff(&sides->desired, &sides->observed, &plan), 0);
        assert_true(plan.n_operations > 0);
        for (size_t i = 0; i < sides->observed.n_objects; i++) {
                bool deleted = false;
                for (size_t j = 0; j < plan.n_operations; j++)
                        deleted |= plan.operations[j].observed == &sides->observed.objects[i];
                if (!deleted)
                        assert_int_equal(state_add(&result, &sides->observed.objects[i]), 0);
        }
        for (size_t j = 0; j < plan.n_operations; j++)
                if (plan.operations[j].desired)
                        assert_int_equal(state_add(&result, plan.operations[j].desired), 0);
        state_sort(&result);
        assert_int_equal(plan_diff(&sides->desired, &result, &rest), 0);
        assert_int_equal(rest.n_operations, 0);
}

static Object route(const char *gateway, uint32_t metric) {
        Object object = { .kind = OBJECT_ROUTE, .as_route.metric = metric };

        assert_int_equal(prefix_parse("203.0.113.0/24", &object.as_route.destination), 0);
        assert_int_equal(address_parse(gateway, &object.as_route.gateway), 0);
        return object;
}

static void of_several_routes_the_right_one_stays(void **state) {
        Sides *sides = *state;

        add(&sides->desired, route("198.51.100.1", 0), "mig0");
        add(&sides->observed, route("198.51.100.9", 0), "mig0");
        add(&sides->observed, route("198.51.100.1", 0), "mig0");
        add(&sides->observed, route("198.51.100.1", 100), "mig0");
        assert_plan(sides,
                    "- route 203.0.113.0/24 via 198.51.100.9 dev mig0\n"
                    "- route 203.0.113.0/24 via 198.51.100.1 dev mig0 metric 100\n");
}

static void of_several_wrong_routes_none_goes_before_the_right_one_is_there(void **state) {
        Sides *sides = *state;

        add(&sides->desired, route("198.51.100.1", 0), "mig0");
        add(&sides->observed, route("198.51.100.8", 0), "mig0");
        add(&sides->observed, route("198.51.100.9", 0), "mig0");
        assert_plan(
                sides,
                "~ route 203.0.113.0/24 via 198.51.100.1 dev mig0 (was: route 203.0.113.0/24 via 198.51.100.8 dev mig0)\n"
                "- route 203.0.113.0/24 via 198.51.100.9 dev mig0\n");
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        static const struct CMUnitTest tests[] = {
                TEST(nothing_to_do_is_no_operation),
                TEST(a_plane_is_made_in_the_order_of_the_promise),
                TEST(a_plane_is_taken_away_in_reverse_its_ruleset_last_but_in_place),
                TEST(a_rate_is_changed_in_place),
                TEST(an_mtu_is_changed_in_place_and_a_vlan_id_is_not),
                TEST(a_foreign_root_qdisc_is_replaced),
                TEST(a_chain_is_always_changed_in_place),
                TEST(another_address_is_removed_before_the_new_one_is_added),
                TEST(of_several_routes_the_right_one_stays),
                TEST(of_several_wrong_routes_none_goes_before_the_right_one_is_there),
                TEST(what_is_desired_as_it_is_always_matches),
                TEST(applying_the_plan_of_any_two_states_leaves_nothing_to_do),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
