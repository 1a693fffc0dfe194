// The shaping tree: rates, bursts and the objects of a plane.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "base/inet.h"
#include "base/names.h"
#include "base/util.h"
#include "tc/shape.h"

#include <linux/if_ether.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define K UINT64_C(1000)
#define M (1000 * K)
#define G (1000 * M)

#define CLASS(rate, burst) "rate " rate " ceil " rate " burst " burst " cburst " burst " quantum 65536"

static const ShapeFacts facts_pfifo = {
        .ifb = "ifb-mig0",
        .mac = { { 0x02, 0x00, 0x00, 0x00, 0x00, 0x05 } },
        .mtu = 1500,
        .leaf = QDISC_PFIFO,
};

static PlaneAddress address_make(const char *text) {
        PlaneAddress address = {};
        assert_int_equal(prefix_parse(text, &address.prefix), 0);
        return address;
}

static Prefix everybody[] = { { .address.family = AF_INET }, { .address.family = AF_INET6 } };

static PlaneConfig plane_make(uint64_t egress, uint64_t ingress, PlaneAddress *addresses, size_t n_addresses) {
        return (PlaneConfig){
                .interface = "mig0",
                .addresses = addresses,
                .n_addresses = n_addresses,
                .peers = everybody,
                .n_peers = ELEMENTSOF(everybody),
                .egress = egress,
                .ingress = ingress,
        };
}

static char *state_print(State *state) {
        char *text = NULL;
        size_t size;
        FILE *file = open_memstream(&text, &size);
        assert_non_null(file);
        for (size_t i = 0; i < state->n_objects; i++) {
                object_print(&state->objects[i], file);
                fputc('\n', file);
        }
        fclose(file);
        // The hash of a program depends on the machine's byte order.
        for (char *at = text; (at = strstr(at, " program "));) {
                at += strlen(" program ");
                memset(at, '#', 16);
        }
        return text;
}

static void expect_objects(const PlaneConfig *plane, const ShapeFacts *facts, const char *expected) {
        _cleanup_state_ State state = {};
        assert_int_equal(shape_derive(plane, facts, &state), 0);
        state_sort(&state);
        _cleanup_free_ char *text = state_print(&state);
        assert_string_equal(text, expected);
}

static void a_plane_capped_both_ways(void **fixture _unused_) {
        PlaneAddress addresses[] = { address_make("192.0.2.1/24") };
        PlaneConfig plane = plane_make(8 * G, 400 * M, addresses, 1);

        expect_objects(&plane, &facts_pfifo,
                       "qdisc ifb-mig0 htb parent root handle 6d70: default 10\n"
                       "qdisc mig0 htb parent root handle 6d70: default 10\n"
                       "qdisc mig0 clsact parent clsact handle ffff:\n"
                       "class ifb-mig0 6d70:1 parent root " CLASS("400M", "131072") "\n"
                       "class ifb-mig0 6d70:10 parent 6d70:1 " CLASS("400M", "131072") "\n"
                       "class mig0 6d70:1 parent root " CLASS("8G", "1000000") "\n"
                       "class mig0 6d70:10 parent 6d70:1 " CLASS("8G", "1000000") "\n"
                       "leaf ifb-mig0 pfifo parent 6d70:10 handle 6d71: limit 660\n"
                       "leaf mig0 pfifo parent 6d70:10 handle 6d71: limit 13210\n"
                       "filter mig0 ingress ip part 0 program ################ redirect ifb-mig0\n");
}

static void egress_alone_needs_no_ifb(void **fixture _unused_) {
        PlaneAddress addresses[] = { address_make("192.0.2.1/24") };
        PlaneConfig plane = plane_make(25 * G, 0, addresses, 1);
        ShapeFacts facts = facts_pfifo;
        facts.ifb = NULL;
        facts.leaf = QDISC_FQ_CODEL;

        expect_objects(&plane, &facts,
                       "qdisc mig0 htb parent root handle 6d70: default 10\n"
                       "class mig0 6d70:1 parent root " CLASS("25G", "3125000") "\n"
                       "class mig0 6d70:10 parent 6d70:1 " CLASS("25G", "3125000") "\n"
                       "leaf mig0 fq_codel parent 6d70:10 handle 6d71: limit 10240\n");
}

static void ingress_alone_leaves_the_device_unshaped(void **fixture _unused_) {
        PlaneAddress addresses[] = { address_make("2001:db8::1/64") };
        PlaneConfig plane = plane_make(0, 10 * M, addresses, 1);

        expect_objects(&plane, &facts_pfifo,
                       "qdisc ifb-mig0 htb parent root handle 6d70: default 10\n"
                       "qdisc mig0 clsact parent clsact handle ffff:\n"
                       "class ifb-mig0 6d70:1 parent root " CLASS("10M", "131072") "\n"
                       "class ifb-mig0 6d70:10 parent 6d70:1 " CLASS("10M", "131072") "\n"
                       "leaf ifb-mig0 pfifo parent 6d70:10 handle 6d71: limit 64\n"
                       "filter mig0 ingress ipv6 part 0 program ################ redirect ifb-mig0\n");
}

static void no_cap_no_objects(void **fixture _unused_) {
        PlaneAddress addresses[] = { address_make("192.0.2.1/24") };
        PlaneConfig plane = plane_make(0, 0, addresses, 1);
        expect_objects(&plane, &facts_pfifo, "");
}

static void every_family_has_filters_of_its_own(void **fixture _unused_) {
        static const uint16_t expected[] = { ETH_P_IP, ETH_P_IPV6 };
        PlaneAddress addresses[] = {
                address_make("2001:db8::1/64"),
                address_make("198.51.100.1/24"),
                address_make("192.0.2.1/24"),
        };
        PlaneConfig plane = plane_make(0, G, addresses, ELEMENTSOF(addresses));
        _cleanup_state_ State state = {};
        assert_int_equal(shape_derive(&plane, &facts_pfifo, &state), 0);
        state_sort(&state);

        for (size_t i = 0; i < ELEMENTSOF(expected); i++) {
                const Object *object = &state.objects[state.n_objects - ELEMENTSOF(expected) + i];
                assert_int_equal(object->kind, OBJECT_FILTER);
                assert_int_equal(object->as_filter.protocol, expected[i]);
                assert_int_equal(object->as_filter.part, 0);
        }
}

static void packets_of_no_class_are_not_let_through(void **fixture _unused_) {
        PlaneConfig plane = plane_make(G, 0, NULL, 0);
        _cleanup_state_ State state = {};
        assert_int_equal(shape_derive(&plane, &facts_pfifo, &state), 0);
        assert_int_equal(state.objects[0].as_qdisc.type, QDISC_HTB);
        assert_int_equal(state.objects[0].as_qdisc.limit, 0);
}

static const uint64_t rates[] = {
        M,      10 * M, 100 * M,     999999999,   G,      1048576 * K, 2500 * M, 8 * G,
        10 * G, 25 * G, 34359738360, 34359738368, 40 * G, 100 * G,     200 * G,  400 * G,
};

static void bursts_cover_a_millisecond_and_two_aggregates(void **fixture _unused_) {
        for (size_t i = 0; i < ELEMENTSOF(rates); i++) {
                uint64_t rate = rates[i] / 8, burst = shape_burst_bytes(rate);
                assert_true(burst >= rate / 1000);
                assert_true(burst >= 131072);
                assert_true(burst == 131072 || burst == rate / 1000);
        }
}

static void classes_keep_the_exact_rate_and_burst(void **fixture _unused_) {
        for (size_t i = 0; i < ELEMENTSOF(rates); i++) {
                PlaneConfig plane = plane_make(rates[i], 0, NULL, 0);
                _cleanup_state_ State state = {};
                assert_int_equal(shape_derive(&plane, &facts_pfifo, &state), 0);

                for (size_t j = 1; j <= 2; j++) {
                        const ClassObject *class = &state.objects[j].as_class;
                        assert_int_equal(state.objects[j].kind, OBJECT_CLASS);
                        assert_true(class->rate == rates[i] / 8 && class->ceil == class->rate);
                        assert_int_equal(class->burst, class->cburst);
                        // Not cut by 32 bits, and not a tick below what was asked.
                        uint64_t bytes = bytes_from_ticks(class->burst, class->rate);
                        uint64_t asked = shape_burst_bytes(class->rate);
                        assert_true(bytes >= asked && bytes <= asked + class->rate / 15625000 + 1);
                }
        }
}

static void quantum_holds_a_packet_and_is_not_big(void **fixture _unused_) {
        for (size_t i = 0; i < ELEMENTSOF(rates); i++) {
                PlaneConfig plane = plane_make(rates[i], 0, NULL, 0);
                _cleanup_state_ State state = {};
                assert_int_equal(shape_derive(&plane, &facts_pfifo, &state), 0);
                assert_true(state.objects[1].as_class.quantum >= 65536 && state.objects[1].as_class.quantum <= 200000);
                assert_true(state.objects[2].as_class.quantum >= 65536 && state.objects[2].as_class.quantum <= 200000);
        }
}

static void part_of_a_byte_is_rounded_down(void **fixture _unused_) {
        PlaneConfig plane = plane_make(10 * M + 7, 0, NULL, 0);
        _cleanup_state_ State state = {};
        assert_int_equal(shape_derive(&plane, &facts_pfifo, &state), 0);
        assert_int_equal(state.objects[1].as_class.rate, 10 * M / 8);
}

static void pfifo_holds_20_milliseconds(void **fixture _unused_) {
        assert_int_equal(shape_pfifo_limit_packets(G / 8, 1500), 2500000 / 1514);
        assert_int_equal(shape_pfifo_limit_packets(G / 8, 9000), 2500000 / 9014);
        assert_int_equal(shape_pfifo_limit_packets(M / 8, 9000), 64);
        assert_int_equal(shape_pfifo_limit_packets(UINT64_MAX, 68), UINT32_MAX);
}

static void no_memory_is_reported(void **fixture _unused_) {
        PlaneAddress addresses[] = { address_make("192.0.2.1/24") };
        PlaneConfig plane = plane_make(G, G, addresses, 1);
        // So many objects that there is no room for one more.
        State state = { .n_objects = SIZE_MAX - 1 };
        assert_int_equal(shape_derive(&plane, &facts_pfifo, &state), -ENOMEM);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_plane_capped_both_ways),
                cmocka_unit_test(egress_alone_needs_no_ifb),
                cmocka_unit_test(ingress_alone_leaves_the_device_unshaped),
                cmocka_unit_test(no_cap_no_objects),
                cmocka_unit_test(every_family_has_filters_of_its_own),
                cmocka_unit_test(packets_of_no_class_are_not_let_through),
                cmocka_unit_test(bursts_cover_a_millisecond_and_two_aggregates),
                cmocka_unit_test(classes_keep_the_exact_rate_and_burst),
                cmocka_unit_test(quantum_holds_a_packet_and_is_not_big),
                cmocka_unit_test(part_of_a_byte_is_rounded_down),
                cmocka_unit_test(pfifo_holds_20_milliseconds),
                cmocka_unit_test(no_memory_is_reported),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
