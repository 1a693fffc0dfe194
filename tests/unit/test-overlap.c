// Networks of a plane that overlap those of other links: what goes up, what is told, and what is dropped elsewhere.
// SPDX-License-Identifier: GPL-2.0-or-later

#include <linux/if_ether.h>

#include "base/inet.h"
#include "base/util.h"
#include "engine/derive.h"
#include "engine/overlap.h"
#include "golden.h"
#include "kernel/network.h"

#define PLANE "[Interface]\nName=mig0\nKind=vlan\nParent=eno1\nVLANId=100\n[Address]\nAddress=198.51.100.11/24\n"
#define ROUTE "[Route]\nDestination=203.0.113.0/24\nGateway=198.51.100.1\n"

enum { ENO1 = 2, MGMT0 = 3, TUN0 = 4, MIG0 = 7 };

static Link links[] = {
        { .index = ENO1, .name = "eno1", .mtu = 1500, .has_mac = true },
        { .index = MGMT0, .name = "mgmt0", .mtu = 1500, .has_mac = true },
        { .index = MIG0,
          .name = "mig0",
          .type = LINK_VLAN,
          .kind = "vlan",
          .parent = "eno1",
          .vlan_id = 100,
          .vlan_protocol = ETH_P_8021Q,
          .mtu = 1500,
          .has_mac = true,
          .is_tagged = true },
        { .index = TUN0, .name = "tun0", .mtu = 1500 },
};

static Network network(int ifindex, const char *text, NetworkSource source) {
        Network network = { .ifindex = ifindex, .source = source };

        assert_int_equal(prefix_parse(text, &network.prefix), 0);
        return network;
}

typedef struct Case {
        const char *text;
        Network networks[4];
        size_t n_networks;
        bool went_up;
        ReasonCode reason; // REASON_CODE_MAX: none
        bool goes_up;      // the address is set
        bool has_route;
} Case;

static bool has(const State *state, ObjectKind kind) {
        for (size_t i = 0; i < state->n_objects; i++)
                if (state->objects[i].kind == kind)
                        return true;
        return false;
}

static const char *chain_text(const State *state, RulesetFamily family, const char *chain) {
        for (size_t i = 0; i < state->n_objects; i++)
                if (state->objects[i].kind == OBJECT_RULESET && state->objects[i].as_ruleset.family == family &&
                    streq(state->objects[i].as_ruleset.chain, chain))
                        return state->objects[i].as_ruleset.text;
        fail_msg("no chain %s", chain);
        return "";
}

typedef struct Derived {
        Config *config;
        PlaneFacts plane;
        State state;
} Derived;

static void derived_deinit(Derived *derived) {
        state_deinit(&derived->state);
        plane_facts_deinit(&derived->plane);
        config_freep(&derived->config);
}
#define _cleanup_derived_ _cleanup_(derived_deinit)

static Derived derive_case(Case *c) {
        Derived derived = {};
        const Inventory inventory = { .links = links, .n_links = ELEMENTSOF(links) };
        const NetworkList networks = { .networks = c->networks, .n_networks = c->n_networks };
        const DeriveFacts facts = {
                .inventory = &inventory, .networks = &networks, .leaf = QDISC_FQ_CODEL, .machine_id = ""
        };
        const PlaneInput input = { .config = golden_plane("blue", c->text, &derived.config), .went_up = c->went_up };

        derived.plane = plane_facts_find(&input, &inventory);
        assert_int_equal(derive(&derived.plane, 1, &facts, &derived.state), 0);
        return derived;
}

static void test_what_overlaps_first_is_refused_and_what_comes_later_is_told(void **state _unused_) {
        Case cases[] = {
                { .text = PLANE, .reason = REASON_CODE_MAX, .goes_up = true },
                { .text = PLANE,
                  .networks = { network(MGMT0, "192.0.2.11/24", NETWORK_ADDRESS) },
                  .n_networks = 1,
                  .reason = REASON_CODE_MAX,
                  .goes_up = true },
                // The same network, a wider and a narrower one; an address and a connected route.
                { .text = PLANE,
                  .networks = { network(MGMT0, "198.51.100.12/24", NETWORK_ADDRESS) },
                  .n_networks = 1,
                  .reason = REASON_NETWORK_IN_USE },
                { .text = PLANE,
                  .networks = { network(MGMT0, "198.51.0.0/16", NETWORK_CONNECTED) },
                  .n_networks = 1,
                  .reason = REASON_NETWORK_IN_USE },
                { .text = PLANE,
                  .networks = { network(MGMT0, "198.51.100.200/32", NETWORK_ADDRESS) },
                  .n_networks = 1,
                  .reason = REASON_NETWORK_IN_USE },
                // A tunnel with a wide route loses nothing; one with a route into the plane's network would.
                { .text = PLANE,
                  .networks = { network(TUN0, "198.0.0.0/8", NETWORK_CONNECTED) },
                  .n_networks = 1,
                  .reason = REASON_CODE_MAX,
                  .goes_up = true },
                { .text = PLANE,
                  .networks = { network(TUN0, "198.51.100.0/25", NETWORK_CONNECTED) },
                  .n_networks = 1,
                  .reason = REASON_NETWORK_IN_USE },
                // The plane's own.
                { .text = PLANE,
                  .networks = { network(MIG0, "198.51.100.11/24", NETWORK_ADDRESS),
                                network(MIG0, "198.51.100.0/24", NETWORK_CONNECTED) },
                  .n_networks = 2,
                  .reason = REASON_CODE_MAX,
                  .goes_up = true },
                // The plane has its address, or has had it, or its manager sets it.
                { .text = PLANE,
                  .networks = { network(MIG0, "198.51.100.11/24", NETWORK_ADDRESS),
                                network(MGMT0, "198.51.100.12/24", NETWORK_ADDRESS) },
                  .n_networks = 2,
                  .reason = REASON_NETWORK_OVERLAP,
                  .goes_up = true },
                { .text = PLANE,
                  .networks = { network(MGMT0, "198.51.100.12/24", NETWORK_ADDRESS) },
                  .n_networks = 1,
                  .went_up = true,
                  .reason = REASON_NETWORK_OVERLAP,
                  .goes_up = true },
                // Another address of the device says nothing of this one.
                { .text = PLANE,
                  .networks = { network(MIG0, "198.51.100.9/24", NETWORK_ADDRESS),
                                network(MGMT0, "198.51.100.12/24", NETWORK_ADDRESS) },
                  .n_networks = 2,
                  .reason = REASON_NETWORK_IN_USE },
                // Routes.
                { .text = PLANE ROUTE, .reason = REASON_CODE_MAX, .goes_up = true, .has_route = true },
                { .text = PLANE ROUTE,
                  .networks = { network(MGMT0, "203.0.113.5/28", NETWORK_ADDRESS) },
                  .n_networks = 1,
                  .reason = REASON_NETWORK_IN_USE },
                { .text = PLANE ROUTE,
                  .networks = { network(MGMT0, "203.0.113.5/28", NETWORK_ADDRESS),
                                network(MIG0, "198.51.100.11/24", NETWORK_ADDRESS) },
                  .n_networks = 2,
                  .reason = REASON_NETWORK_IN_USE,
                  .goes_up = true },
                { .text = PLANE ROUTE,
                  .networks = { network(MGMT0, "203.0.113.5/28", NETWORK_ADDRESS),
                                network(MIG0, "198.51.100.11/24", NETWORK_ADDRESS),
                                network(MIG0, "203.0.113.0/24", NETWORK_OURS) },
                  .n_networks = 3,
                  .reason = REASON_NETWORK_OVERLAP,
                  .goes_up = true,
                  .has_route = true },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_derived_ Derived derived = derive_case(&cases[i]);
                const Reasons *reasons = &derived.plane.reasons;

                for (ReasonCode code = REASON_NETWORK_IN_USE; code <= REASON_NETWORK_OVERLAP; code++)
                        if (reasons_have(reasons, code) != (cases[i].reason == code))
                                fail_msg("case %zu: %s", i, reason_to_string(code));
                if (has(&derived.state, OBJECT_ADDRESS) != cases[i].goes_up ||
                    has(&derived.state, OBJECT_LINK) != cases[i].goes_up ||
                    has(&derived.state, OBJECT_ROUTE) != cases[i].has_route)
                        fail_msg("case %zu: its objects", i);
        }
}

static void test_another_managers_plane_is_told(void **state _unused_) {
        Case c = { .text = PLANE "[Interface]\nManagedBy=other\n",
                   .networks = { network(MGMT0, "198.51.100.12/24", NETWORK_ADDRESS) },
                   .n_networks = 1 };
        _cleanup_derived_ Derived derived = derive_case(&c);

        assert_true(reasons_have(&derived.plane.reasons, REASON_NETWORK_OVERLAP));
        (void)chain_text(&derived.state, RULESET_NETDEV, "mig0-in"); // isolated before it is up
}

static void test_the_reason_says_whose_network_it_is(void **state _unused_) {
        Case c = { .text = PLANE,
                   .networks = { network(MGMT0, "198.51.100.12/24", NETWORK_ADDRESS),
                                 network(MGMT0, "198.51.100.0/24", NETWORK_CONNECTED) },
                   .n_networks = 2 };
        _cleanup_derived_ Derived derived = derive_case(&c);

        assert_int_equal(derived.plane.reasons.n_reasons, 1); // both are one thing to a person
        assert_string_equal(derived.plane.reasons.reasons[0].text,
                            "Address=198.51.100.11/24 (blue.plane:7) overlaps the address 198.51.100.12/24 of mgmt0, "
                            "which the plane would cut off: give one of them another network");
}

// What is dropped elsewhere: the plane's networks without those of others.
static void test_the_networks_of_others_are_not_dropped(void **state _unused_) {
        static const struct {
                const char *theirs;
                bool went_up;
                const char *rules[3], *never;
        } cases[] = {
                { "198.51.100.12/24", false, {}, "198.51.100" },
                { "198.51.100.12/24", true, { "ip daddr == 198.51.100.11 " }, "198.51.100.0" },
                { "198.51.100.128/25", true, { "ip daddr & 255.255.255.128 == 198.51.100.0 " }, "198.51.100.128" },
                { "198.51.100.0/26",
                  true,
                  { "ip daddr & 255.255.255.128 == 198.51.100.128 ", "ip daddr & 255.255.255.192 == 198.51.100.64 ",
                    "ip daddr == 198.51.100.11 " },
                  "198.51.100.0" },
                { "198.51.100.0/26",
                  false,
                  { "ip daddr & 255.255.255.128 == 198.51.100.128 ", "ip daddr & 255.255.255.192 == 198.51.100.64 " },
                  "198.51.100.11" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Case c = { .text = PLANE,
                           .networks = { network(MGMT0, cases[i].theirs, NETWORK_CONNECTED) },
                           .n_networks = 1,
                           .went_up = cases[i].went_up };
                _cleanup_derived_ Derived derived = derive_case(&c);
                const char *text = chain_text(&derived.state, RULESET_INET, "prerouting");

                for (size_t j = 0; j < ELEMENTSOF(cases[i].rules) && cases[i].rules[j]; j++)
                        if (!strstr(text, cases[i].rules[j]))
                                fail_msg("case %zu: %s is not in\n%s", i, cases[i].rules[j], text);
                if (strstr(text, cases[i].never))
                        fail_msg("case %zu: %s is in\n%s", i, cases[i].never, text);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_overlaps_first_is_refused_and_what_comes_later_is_told),
                cmocka_unit_test(test_another_managers_plane_is_told),
                cmocka_unit_test(test_the_reason_says_whose_network_it_is),
                cmocka_unit_test(test_the_networks_of_others_are_not_dropped),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
