// The filters that guard egress: which frames they let pass, in a machine for classic BPF like the kernel's.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "base/util.h"
#include "config/plane-config.h"
#include "model/object.h"
#include "model/state.h"
#include "tc/egress-guard.h"

#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "bpf-machine.h"

static const MacAddress macs[] = { { { 0x02, 0xaa, 0xbb, 0xcc, 0xdd, 0xee } }, { { 0x02, 0xaa, 0, 0, 0, 0x02 } } };
static const MacAddress peer_mac = { { 0x02, 0, 0, 0, 0, 1 } };

typedef struct Plane {
        PlaneConfig config;
        PlaneAddress addresses[2];
        Prefix peers[2];
        PortRange ports[1];
        PlanePeer known[2];
        PlaneRoute route;
} Plane;

static void plane_init(Plane *plane) {
        *plane = (Plane){
                .addresses = { { .prefix = prefix("192.0.2.1/24") }, { .prefix = prefix("2001:db8::1/64") } },
                .peers = { prefix("192.0.2.0/24"), prefix("2001:db8::/64") },
                .ports = { { 49152, 49215 } },
                .known = { { .address = prefix("192.0.2.2/32").address, .has_mac = true, .mac = peer_mac },
                           { .address = prefix("2001:db8::2/128").address, .has_mac = true, .mac = peer_mac } },
                .route = { .destination = prefix("203.0.113.0/24"), .gateway = prefix("192.0.2.4/32").address },
        };
        plane->config = (PlaneConfig){
                .interface = "mig0",
                .addresses = plane->addresses,
                .n_addresses = 2,
                .peers = plane->peers,
                .n_peers = 2,
                .ports = plane->ports,
                .n_ports = 1,
                .known_peers = plane->known,
                .n_known_peers = 2,
                .routes = &plane->route,
                .n_routes = 1,
        };
}

// What becomes of a frame, of the protocol that its sender says.
static bool is_sent(const SelectorList *list, uint16_t protocol, const uint8_t *frame, size_t size) {
        bool is_taken = false;

        assert_int_equal(list->selectors[list->n_selectors - 1].protocol, ETH_P_ALL);
        assert_int_equal(list->selectors[list->n_selectors - 1].size, 1);
        assert_int_equal(list->selectors[list->n_selectors - 1].program[0].k, TC_ACT_SHOT);
        for (size_t i = 0; i + 1 < list->n_selectors; i++)
                is_taken |= list->selectors[i].protocol == protocol && program_takes(&list->selectors[i], frame, size);
        return is_taken;
}

static void try_changes(size_t n_macs, bool announces, uint16_t protocol, const uint8_t *frame, size_t size,
                        const Change *changes, size_t n_changes) {
        _cleanup_selectors_ SelectorList list = {};
        uint8_t changed[128];
        Plane plane;

        plane_init(&plane);
        assert_int_equal(selectors_make_egress(&plane.config, macs, n_macs, announces, &list), 0);
        for (size_t i = 0; i < n_changes; i++) {
                frame_change(&changes[i], frame, size, changed);
                if (is_sent(&list, protocol, changed, size) != changes[i].is_taken)
                        fail_msg("%s: %s", changes[i].is_taken ? "dropped" : "sent", changes[i].what);
        }
        for (size_t n = 0; n < 38; n++) // the end of the addresses at least
                assert_false(is_sent(&list, protocol, frame, n));
        // What a packet socket says of a frame may differ from the frame.
        assert_false(is_sent(&list, protocol == ETH_P_IP ? ETH_P_ARP : ETH_P_IP, frame, size));
        assert_false(is_sent(&list, ETH_P_LLDP, frame, size));
}

static const uint8_t segment[ETH_HLEN + 40] = {
        0x02, 0,  0,    0,    0,    1,    0x02, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0x08, 0x00, 0x45, 0x10,
        0,    40, 0x12, 0x34, 0x40, 0x00, 64,   6,    0xab, 0xcd, 192,  0,    2,    1,    192,  0,
        2,    2,  0x80, 0x00, 0xc0, 0x00, 0,    0,    0,    0,    0,    0,    0,    0,    0x50, 0x02,
};

static void test_segments_of_migrations_are_sent_to_peers(void **state _unused_) {
        static const Change changes[] = {
                { "a segment", { { 0, 0x02 } }, true },
                { "of another MAC", { { 11, 0xef } }, false },
                { "of a port's MAC", { { 8, 0 }, { 9, 0 }, { 10, 0 }, { 11, 2 } }, false },
                { "to a group", { { 0, 0x03 } }, false },
                { "of another type", { { 12, 0x88 }, { 13, 0xcc } }, false },
                { "to another MAC than the peer's", { { 5, 2 } }, false },
                { "to another peer, with any MAC", { { 33, 3 }, { 5, 2 } }, true },
                { "to a stranger", { { 32, 3 } }, false },
                { "to the gateway", { { 33, 4 } }, false },
                { "to ourselves", { { 33, 1 }, { 5, 2 } }, false },
                { "of another address", { { 29, 9 } }, false },
                { "with IP options", { { 14, 0x46 } }, false },
                { "a fragment", { { 20, 0x20 } }, false },
                { "UDP", { { 23, 17 } }, false },
                { "to another port", { { 36, 0 }, { 37, 22 } }, false },
                { "an answer", { { 34, 0xc0 }, { 35, 0 }, { 36, 0x80 }, { 37, 0 }, { 47, 0x10 } }, true },
                { "an answer that opens", { { 34, 0xc0 }, { 35, 0 }, { 36, 0x80 }, { 37, 0 }, { 47, 0x02 } }, false },
        };

        try_changes(1, false, ETH_P_IP, segment, sizeof(segment), changes, ELEMENTSOF(changes));
}

static void test_icmp_is_sent_to_peers(void **state _unused_) {
        static const Change changes[] = {
                { "an echo request", { { 23, 1 }, { 34, 8 } }, true },
                { "an echo reply", { { 23, 1 }, { 34, 0 } }, true },
                { "an error", { { 23, 1 }, { 34, 3 } }, true },
                { "an error to the gateway", { { 23, 1 }, { 34, 3 }, { 33, 4 } }, true },
                { "a redirect", { { 23, 1 }, { 34, 5 } }, false },
                { "a timestamp", { { 23, 1 }, { 34, 13 } }, false },
                { "to a stranger", { { 23, 1 }, { 34, 8 }, { 32, 3 } }, false },
                { "of another address", { { 23, 1 }, { 34, 8 }, { 29, 9 } }, false },
                { "IGMP", { { 23, 2 } }, false },
        };

        try_changes(1, false, ETH_P_IP, segment, sizeof(segment), changes, ELEMENTSOF(changes));
}

// Who has 192.0.2.2, tell 192.0.2.1.
static const uint8_t request[ETH_HLEN + 28] = {
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0x08, 0x06, 0, 1, 8, 0,   6, 4, 0,
        1,    0x02, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 192,  0,    2,    1,    0,    0,    0,    0, 0, 0, 192, 0, 2, 2,
};

static void test_arp_is_sent_for_and_to_peers(void **state _unused_) {
        static const Change changes[] = {
                { "a request", { { 0, 0xff } }, true },
                { "an answer", { { 21, 2 } }, true },
                { "RARP", { { 21, 3 } }, false },
                { "for the gateway", { { 41, 4 } }, true },
                { "for a stranger", { { 40, 3 } }, false },
                { "of another address", { { 31, 9 } }, false },
                { "of another MAC", { { 11, 0xef } }, false },
                { "in another MAC's name", { { 27, 0xef } }, false },
                { "an announcement", { { 41, 1 } }, false },
                { "a probe for our address", { { 28, 0 }, { 29, 0 }, { 30, 0 }, { 31, 0 }, { 41, 1 } }, true },
                { "a probe for another address", { { 28, 0 }, { 29, 0 }, { 30, 0 }, { 31, 0 }, { 41, 7 } }, false },
                { "of Token Ring", { { 15, 6 } }, false },
        };
        static const Change of_a_bond[] = {
                { "an announcement", { { 41, 1 } }, true },
                { "an announcement by a port",
                  { { 8, 0 }, { 9, 0 }, { 10, 0 }, { 11, 2 }, { 24, 0 }, { 25, 0 }, { 26, 0 }, { 27, 2 } },
                  true },
        };

        try_changes(1, false, ETH_P_ARP, request, sizeof(request), changes, ELEMENTSOF(changes));
        try_changes(2, true, ETH_P_ARP, request, sizeof(request), of_a_bond, ELEMENTSOF(of_a_bond));
}

// 2001:db8::1 asks ff02::1:ff00:2 for 2001:db8::2.
static const uint8_t solicitation[ETH_HLEN + 64] = {
        0x33, 0x33, 0xff, 0,    0,    2,    0x02, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0x86, 0xdd, 0x60, 0, 0, 0, 0,    24,
        58,   255,  0x20, 0x01, 0x0d, 0xb8, 0,    0,    0,    0,    0,    0,    0,    0,    0,    0, 0, 1, 0xff, 0x02,
        0,    0,    0,    0,    0,    0,    0,    0,    0,    1,    0xff, 0,    0,    2,    135,  0, 0, 0, 0,    0,
        0,    0,    0x20, 0x01, 0x0d, 0xb8, 0,    0,    0,    0,    0,    0,    0,    0,    0,    0, 0, 2,
};

static void test_neighbours_are_solicited(void **state _unused_) {
        static const Change changes[] = {
                { "a solicitation", { { 0, 0x33 } }, true },
                { "of another address", { { 37, 9 } }, false },
                { "of another MAC", { { 11, 0xef } }, false },
                { "a router solicitation", { { 54, 133 } }, false },
                { "a multicast listener report", { { 54, 143 } }, false },
                { "an advertisement to a group", { { 54, 136 } }, false },
                { "UDP", { { 20, 17 } }, false },
                { "to all nodes", { { 49, 0 }, { 50, 0 }, { 53, 1 } }, false },
        };

        try_changes(1, false, ETH_P_IPV6, solicitation, sizeof(solicitation), changes, ELEMENTSOF(changes));
}

static void test_without_a_mac_everything_is_dropped(void **state _unused_) {
        static const Change changes[] = { { "a segment", { { 0, 0x02 } }, false } };

        try_changes(0, false, ETH_P_IP, segment, sizeof(segment), changes, 1);
        try_changes(0, false, ETH_P_ARP, request, sizeof(request), changes, 1);
}

// The drop is there, each part has a number of its own, and there is a clsact.
static void test_the_filters_end_in_a_drop(void **state _unused_) {
        for (uint64_t ingress = 0; ingress <= 1000; ingress += 1000) {
                _cleanup_state_ State derived = {};
                size_t n_clsact = 0, n_drops = 0;
                Plane plane;

                plane_init(&plane);
                plane.config.ingress = ingress;
                assert_int_equal(egress_guard_derive(&plane.config, macs, 1, false, &derived), 0);
                state_sort(&derived);
                for (size_t i = 0; i < derived.n_objects; i++) {
                        const Object *object = &derived.objects[i];

                        assert_true(i == 0 || object_compare(&derived.objects[i - 1], object) < 0);
                        n_clsact += object->kind == OBJECT_QDISC && object->as_qdisc.type == QDISC_CLSACT;
                        if (object->kind != OBJECT_FILTER)
                                continue;
                        assert_true(object_is_rule(object) && !object_is_cap(object));
                        n_drops += object->as_filter.protocol == ETH_P_ALL;
                }
                assert_int_equal(n_clsact, ingress == 0); // the ingress cap has it
                assert_int_equal(n_drops, 1);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_segments_of_migrations_are_sent_to_peers),
                cmocka_unit_test(test_icmp_is_sent_to_peers),
                cmocka_unit_test(test_arp_is_sent_for_and_to_peers),
                cmocka_unit_test(test_neighbours_are_solicited),
                cmocka_unit_test(test_without_a_mac_everything_is_dropped),
                cmocka_unit_test(test_the_filters_end_in_a_drop),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
