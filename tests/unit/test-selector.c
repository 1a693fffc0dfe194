// The selectors of ingress filters: which frames they take, in a machine for classic BPF like the kernel's.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "base/util.h"
#include "config/plane-config.h"
#include "tc/selector.h"

#include <linux/if_ether.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "bpf-machine.h"

static const MacAddress our_mac = { { 0x02, 0xaa, 0xbb, 0xcc, 0xdd, 0xee } };
static const MacAddress peer_mac = { { 0x02, 0, 0, 0, 0, 1 } };

// How many of the programs take the frame.
static unsigned takes(const SelectorList *list, const uint8_t *frame, size_t size) {
        unsigned n = 0;

        for (size_t i = 0; i < list->n_selectors; i++)
                n += program_takes(&list->selectors[i], frame, size);
        return n;
}

// --- planes ---

typedef struct Plane {
        PlaneConfig config;
        PlaneAddress addresses[2];
        Prefix peers[2];
        PortRange ports[2];
        PlanePeer known;
} Plane;

static void plane_init(Plane *plane, const char *own, const char *other_own, const char *network, const char *host,
                       const char *known) {
        *plane = (Plane){
                .addresses = { { .prefix = prefix(own) }, { .prefix = prefix(other_own) } },
                .peers = { prefix(network), prefix(host) },
                .ports = { { 49152, 49215 }, { 60000, 65535 } },
                .known = { .address = prefix(known).address, .has_mac = true, .mac = peer_mac },
        };
        plane->config = (PlaneConfig){
                .addresses = plane->addresses,
                .n_addresses = 2,
                .peers = plane->peers,
                .n_peers = 2,
                .ports = plane->ports,
                .n_ports = 2,
                .known_peers = &plane->known,
                .n_known_peers = 1,
        };
}

static void plane_init_ipv4(Plane *plane) {
        plane_init(plane, "192.0.2.1/24", "192.0.2.9/24", "192.0.2.0/24", "198.51.100.7/32", "192.0.2.2");
}

static void plane_init_ipv6(Plane *plane) {
        plane_init(plane, "2001:db8::1/64", "2001:db8::9/64", "2001:db8::/64", "2001:db8:1::7/128", "2001:db8::2");
}

// --- frames ---

static const uint8_t frame_ipv4[ETH_HLEN + 40] = {
        0x02, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0x02, 0, 0,    0,    0,   1, 0x08, 0x00, 0x45, 0x10,
        0,    40,   0x12, 0x34, 0x40, 0x00, 64,   6, 0xab, 0xcd, 192, 0, 2,    2,    192,  0,
        2,    1,    0x80, 0x00, 0xc0, 0x00, 0,    0, 0,    0,    0,   0, 0,    0,    0x50, 0x02,
};

static const uint8_t frame_ipv6[ETH_HLEN + 60] = {
        0x02, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0x02, 0,    0,    0, 0, 1, 0x86, 0xdd, 0x61, 0x23, 0x45,
        0x67, 0,    20,   6,    64,   0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0,    0,    0,    0,    0,
        0,    0,    0,    2,    0x20, 0x01, 0x0d, 0xb8, 0,    0, 0, 0, 0,    0,    0,    0,    0,
        0,    0,    1,    0x80, 0x00, 0xc0, 0x00, 0,    0,    0, 0, 0, 0,    0,    0,    0x50, 0x02,
};

static void try_changes(const Plane *plane, int family, const uint8_t *frame, size_t size, const Change *changes,
                        size_t n_changes) {
        _cleanup_selectors_ SelectorList list = {};
        uint8_t changed[128];

        assert_int_equal(selectors_make(&plane->config, family, &our_mac, 1, &list), 0);
        assert_int_equal(list.n_selectors, 1);
        assert_int_equal(takes(&list, frame, size), 1);
        for (size_t i = 0; i < n_changes; i++) {
                frame_change(&changes[i], frame, size, changed);
                if (takes(&list, changed, size) != changes[i].is_taken)
                        fail_msg("%s: %s", changes[i].is_taken ? "not taken" : "taken", changes[i].what);
        }
        for (size_t n = 0; n < (family == AF_INET6 ? 58 : 38); n++)
                assert_int_equal(takes(&list, frame, n), 0);
}

// Source port and destination port, and flags.
#define PORTS4(a, b, c, d, flags)                             \
        {                                                     \
                { 34, a }, { 35, b }, { 36, c }, { 37, d }, { \
                        47, flags                             \
                }                                             \
        }

static void ipv4_takes_the_segments_of_migrations_alone(void **fixture _unused_) {
        static const Change changes[] = {
                { "another MAC of ours", { { 0, 0x06 } }, false },
                { "a MAC of ours that differs at the end", { { 5, 0xef } }, false },
                { "IP options", { { 14, 0x46 } }, false },
                { "another version", { { 14, 0x65 } }, false },
                { "may be fragmented", { { 20, 0x00 } }, true },
                { "the reserved bit", { { 20, 0xc0 } }, false },
                { "a first fragment", { { 20, 0x20 } }, false },
                { "a later fragment", { { 21, 0x01 } }, false },
                { "a later fragment far out", { { 20, 0x10 } }, false },
                { "UDP", { { 23, 17 } }, false },
                { "another address", { { 33, 2 } }, false },
                { "our other address", { { 33, 9 } }, true },
                { "a known peer with another MAC", { { 11, 2 } }, false },
                { "a known peer with another start of its MAC", { { 6, 6 } }, false },
                { "another peer, with any MAC", { { 29, 3 }, { 11, 2 } }, true },
                { "a single peer", { { 26, 198 }, { 27, 51 }, { 28, 100 }, { 29, 7 } }, true },
                { "the neighbour of a single peer", { { 26, 198 }, { 27, 51 }, { 28, 100 }, { 29, 8 } }, false },
                { "a stranger", { { 28, 3 } }, false },
                { "a stranger with half of a peer's address", { { 26, 198 }, { 27, 51 } }, false },
                { "to the last port of a range", PORTS4(0x80, 0, 0xc0, 0x3f, 0x10), true },
                { "to the next port", PORTS4(0x80, 0, 0xc0, 0x40, 0x10), false },
                { "to the port before", PORTS4(0x80, 0, 0xbf, 0xff, 0x10), false },
                { "to the last port of all", PORTS4(0x80, 0, 0xff, 0xff, 0x10), true },
                { "to ssh", PORTS4(0x80, 0, 0, 22, 0x02), false },
                { "from a privileged port", PORTS4(3, 0xff, 0xc0, 0, 0x10), false },
                { "an answer", PORTS4(0xc0, 0, 0x80, 0, 0x10), true },
                { "an answer that accepts", PORTS4(0xc0, 0, 0x80, 0, 0x12), true },
                { "a reset", PORTS4(0xc0, 0, 0x80, 0, 0x04), true },
                { "an answer that opens", PORTS4(0xc0, 0, 0x80, 0, 0x02), false },
                { "an answer without ACK", PORTS4(0xc0, 0, 0x80, 0, 0x01), false },
                { "an answer to a privileged port", PORTS4(0xc0, 0, 3, 0xff, 0x10), false },
                { "between other ports", PORTS4(0x80, 0, 0x80, 1, 0x10), false },
        };
        Plane plane;

        plane_init_ipv4(&plane);
        try_changes(&plane, AF_INET, frame_ipv4, sizeof(frame_ipv4), changes, ELEMENTSOF(changes));
}

static void ipv6_takes_the_segments_of_migrations_alone(void **fixture _unused_) {
        static const Change changes[] = {
                { "another MAC of ours", { { 1, 0 } }, false },
                { "another version", { { 14, 0x41 } }, false },
                { "a hop-by-hop header", { { 20, 0 } }, false },
                { "a fragment header", { { 20, 44 } }, false },
                { "UDP", { { 20, 17 } }, false },
                { "another network", { { 38, 0x21 } }, false },
                { "another address", { { 53, 2 } }, false },
                { "our other address", { { 53, 9 } }, true },
                { "a known peer with another MAC", { { 11, 2 } }, false },
                { "another peer, with any MAC", { { 37, 3 }, { 11, 2 } }, true },
                { "a single peer", { { 27, 1 }, { 37, 7 } }, true },
                { "the neighbour of a single peer", { { 27, 1 }, { 37, 8 } }, false },
                { "a stranger", { { 29, 1 } }, false },
                { "to another port", { { 56, 0xd0 } }, false },
                { "an answer", { { 54, 0xc0 }, { 55, 0 }, { 56, 0x80 }, { 57, 0 }, { 67, 0x10 } }, true },
                { "an answer that opens", { { 54, 0xc0 }, { 55, 0 }, { 56, 0x80 }, { 57, 0 } }, false },
        };
        Plane plane;

        plane_init_ipv6(&plane);
        try_changes(&plane, AF_INET6, frame_ipv6, sizeof(frame_ipv6), changes, ELEMENTSOF(changes));
}

static void a_gateway_is_not_a_peer(void **fixture _unused_) {
        static const Change changes[] = {
                { "the gateway", { { 29, 4 } }, false },
                { "its neighbour", { { 29, 5 } }, true },
        };
        PlaneRoute route = { .destination = prefix("203.0.113.0/24"), .gateway = prefix("192.0.2.4").address };
        Plane plane;

        plane_init_ipv4(&plane);
        plane.config.routes = &route;
        plane.config.n_routes = 1;
        try_changes(&plane, AF_INET, frame_ipv4, sizeof(frame_ipv4), changes, ELEMENTSOF(changes));
}

static void a_family_without_an_address_or_a_peer_takes_nothing(void **fixture _unused_) {
        _cleanup_selectors_ SelectorList list = {};
        Plane plane;

        plane_init_ipv4(&plane);
        assert_int_equal(selectors_make(&plane.config, AF_INET6, &our_mac, 1, &list), 0);
        assert_int_equal(list.n_selectors, 0);
        plane.config.n_peers = 0;
        assert_int_equal(selectors_make(&plane.config, AF_INET, &our_mac, 1, &list), 0);
        assert_int_equal(list.n_selectors, 0);
}

// --- many peers: several programs, of which one takes a packet ---

enum { N_KNOWN = 1000 };

static void address_put(uint8_t *frame, int family, const Address *address) {
        memcpy(frame + (family == AF_INET6 ? 22 : 26), address->bytes, address_bits(family) / 8);
}

static Address nth(int family, unsigned n) {
        Address address = prefix(family == AF_INET6 ? "2001:db8:0:0:1::" : "10.1.0.0").address;

        address.bytes[address_bits(family) / 8 - 2] = (uint8_t)(n >> 8);
        address.bytes[address_bits(family) / 8 - 1] = (uint8_t)n;
        return address;
}

static void many(int family, const char *own, const char *network, const uint8_t *frame, size_t size) {
        static PlanePeer known[N_KNOWN];
        _cleanup_selectors_ SelectorList list = {};
        uint8_t sent[128];
        Plane plane;

        plane_init(&plane, own, own, network, network, own);
        plane.config.n_peers = 1;
        plane.config.known_peers = known;
        plane.config.n_known_peers = N_KNOWN;
        for (unsigned i = 0; i < N_KNOWN; i++) // the even ones, from the last on
                known[i] =
                        (PlanePeer){ .address = nth(family, 2 * (N_KNOWN - 1 - i)), .has_mac = true, .mac = peer_mac };
        assert_int_equal(selectors_make(&plane.config, family, &our_mac, 1, &list), 0);
        assert_true(list.n_selectors > 5);
        for (size_t i = 0; i < list.n_selectors; i++)
                assert_in_range(list.selectors[i].size, 1, 3000); // the kernel lists a filter in 32 KiB

        memcpy(sent, frame, size);
        for (unsigned i = 0; i < 2 * N_KNOWN + 10; i++) {
                Address from = nth(family, i);
                address_put(sent, family, &from);
                sent[11] = 1;
                assert_int_equal(takes(&list, sent, size), 1);
                sent[11] = 2;
                assert_int_equal(takes(&list, sent, size), i % 2 == 1 || i >= 2 * N_KNOWN);
        }
        Address outside = prefix(family == AF_INET6 ? "2001:db9::1" : "10.0.255.255").address;
        address_put(sent, family, &outside);
        assert_int_equal(takes(&list, sent, size), 0);
        Address before = prefix(family == AF_INET6 ? "2001:db8::5" : "10.1.255.255").address;
        address_put(sent, family, &before);
        assert_int_equal(takes(&list, sent, size), 1);
}

static void many_known_peers_are_taken_by_one_program_each(void **fixture _unused_) {
        uint8_t frame[sizeof(frame_ipv4)];

        memcpy(frame, frame_ipv4, sizeof(frame));
        many(AF_INET, "192.0.2.1/32", "10.1.0.0/16", frame, sizeof(frame));
        many(AF_INET6, "2001:db8::1/64", "2001:db8::/64", frame_ipv6, sizeof(frame_ipv6));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(ipv4_takes_the_segments_of_migrations_alone),
                cmocka_unit_test(ipv6_takes_the_segments_of_migrations_alone),
                cmocka_unit_test(a_gateway_is_not_a_peer),
                cmocka_unit_test(a_family_without_an_address_or_a_peer_takes_nothing),
                cmocka_unit_test(many_known_peers_are_taken_by_one_program_each),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
