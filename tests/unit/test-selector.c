// The u32 selector of an ingress filter: what it matches, and that only our own are taken for ours.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "base/inet.h"
#include "base/util.h"
#include "tc/selector.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static FilterObject filter_make(const char *address) {
        FilterObject filter = { .mac = { { 0x02, 0xaa, 0xbb, 0xcc, 0xdd, 0xee } } };
        assert_int_equal(address_parse(address, &filter.address), 0);
        filter.protocol = filter.address.family == AF_INET6 ? ETH_P_IPV6 : ETH_P_IP;
        return filter;
}

// As the kernel does it; packet points to the network header.
static bool selector_matches(const Selector *selector, const uint8_t *packet) {
        for (unsigned i = 0; i < selector->head.nkeys; i++) {
                const struct tc_u32_key *key = &selector->head.keys[i];
                uint32_t word;
                memcpy(&word, packet + key->off, sizeof(word));
                if ((word ^ key->val) & key->mask)
                        return false;
        }
        return true;
}

static const uint8_t frame_ipv4[ETH_HLEN + 40] = {
        0x02, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0x02, 0,    0,    0,   0, 1, 0x08, 0x00, 0x45, 0x10, 0,
        40,   0x12, 0x34, 0x40, 0x00, 64,   6,    0xab, 0xcd, 192, 0, 2, 2,    192,  0,    2,    1,
};

static const uint8_t frame_ipv6[ETH_HLEN + 60] = {
        0x02, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0x02, 0,    0, 0, 0, 1, 0x86, 0xdd, 0x61, 0x23, 0x45, 0x67,
        0,    20,   6,    64,   0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0,    0,    0,    0,    0,    0,
        0,    2,    0x20, 0x01, 0x0d, 0xb8, 0,    0,    0, 0, 0, 0, 0,    0,    0,    0,    0,    1,
};

typedef struct Change {
        const char *what;
        size_t offset; // in the frame
        uint8_t value;
} Change;

static void expect_misses(const FilterObject *filter, const uint8_t *frame, size_t size, const Change *changes,
                          size_t n_changes) {
        Selector selector = selector_make(filter);
        uint8_t changed[128];

        assert_true(selector_matches(&selector, frame + ETH_HLEN));
        for (size_t i = 0; i < n_changes; i++) {
                memcpy(changed, frame, size);
                changed[changes[i].offset] = changes[i].value;
                if (selector_matches(&selector, changed + ETH_HLEN))
                        fail_msg("matched: %s", changes[i].what);
        }
}

static void ipv4_takes_whole_tcp_segments_to_us_alone(void **fixture _unused_) {
        static const Change changes[] = {
                { "another MAC", 0, 0x06 },
                { "a MAC that differs at the end", 5, 0xef },
                { "IP options", 14, 0x46 },
                { "another version", 14, 0x65 },
                { "a first fragment", 20, 0x20 },
                { "a later fragment", 21, 0x01 },
                { "a later fragment far out", 20, 0x10 },
                { "UDP", 23, 17 },
                { "another address", 33, 2 },
        };
        FilterObject filter = filter_make("192.0.2.1");
        expect_misses(&filter, frame_ipv4, sizeof(frame_ipv4), changes, ELEMENTSOF(changes));
}

static void ipv6_takes_tcp_segments_to_us_alone(void **fixture _unused_) {
        static const Change changes[] = {
                { "another MAC", 1, 0 },
                { "another version", 14, 0x41 },
                { "a hop-by-hop header", 20, 0 },
                { "a fragment header", 20, 44 },
                { "UDP", 20, 17 },
                { "another network", 38, 0x21 },
                { "another address", 53, 2 },
        };
        FilterObject filter = filter_make("2001:db8::1");
        expect_misses(&filter, frame_ipv6, sizeof(frame_ipv6), changes, ELEMENTSOF(changes));
}

static void the_don_t_fragment_bit_makes_no_difference(void **fixture _unused_) {
        FilterObject filter = filter_make("192.0.2.1");
        Selector selector = selector_make(&filter);
        uint8_t frame[sizeof(frame_ipv4)];
        memcpy(frame, frame_ipv4, sizeof(frame));
        frame[20] = 0;
        assert_true(selector_matches(&selector, frame + ETH_HLEN));
}

static void what_is_written_reads_back(void **fixture _unused_) {
        static const char *const addresses[] = { "192.0.2.1", "255.255.255.255", "2001:db8::1", "fe80::ff:fe00:5" };

        for (size_t i = 0; i < ELEMENTSOF(addresses); i++) {
                FilterObject filter = filter_make(addresses[i]), read = { .protocol = filter.protocol };
                Selector selector = selector_make(&filter);
                assert_true(selector_read(&selector, selector_size(&selector), &read));
                assert_memory_equal(&read.mac, &filter.mac, sizeof(read.mac));
                assert_int_equal(address_compare(&read.address, &filter.address), 0);
        }
}

static void every_byte_counts(void **fixture _unused_) {
        FilterObject filter = filter_make("2001:db8::1");
        const Selector selector = selector_make(&filter);
        size_t size = selector_size(&selector);

        // A changed byte may be one of the MAC or the address; nothing else may go unseen.
        for (size_t i = 0; i < size; i++) {
                FilterObject read = { .protocol = filter.protocol };
                Selector changed = selector;
                changed.room[i] ^= 1;
                if (selector_read(&changed, size, &read))
                        assert_true(memcmp(&read.mac, &filter.mac, sizeof(read.mac)) != 0 ||
                                    address_compare(&read.address, &filter.address) != 0);
        }
}

static void others_are_not_taken_for_ours(void **fixture _unused_) {
        FilterObject filter = filter_make("192.0.2.1");
        Selector selector = selector_make(&filter);
        size_t size = selector_size(&selector);
        FilterObject read = { .protocol = ETH_P_IP }, untouched = read;

        assert_false(selector_read(&selector, size - 1, &read));
        assert_false(selector_read(&selector, size + sizeof(struct tc_u32_key), &read));
        assert_false(selector_read(&selector, 0, &read));

        selector.head.nkeys--;
        assert_false(selector_read(&selector, size, &read));
        assert_memory_equal(&read, &untouched, sizeof(read));

        selector = selector_make(&filter);
        read.protocol = ETH_P_IPV6;
        assert_false(selector_read(&selector, size, &read));
        read.protocol = ETH_P_ALL;
        assert_false(selector_read(&selector, size, &read));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(ipv4_takes_whole_tcp_segments_to_us_alone),
                cmocka_unit_test(ipv6_takes_tcp_segments_to_us_alone),
                cmocka_unit_test(the_don_t_fragment_bit_makes_no_difference),
                cmocka_unit_test(what_is_written_reads_back),
                cmocka_unit_test(every_byte_counts),
                cmocka_unit_test(others_are_not_taken_for_ours),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
