// Addresses, networks, MAC addresses and ports: to and from text, and compared.
// SPDX-License-Identifier: GPL-2.0-or-later

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/inet.h"
#include "base/util.h"

static void test_addresses(void **state _unused_) {
        static const char *const good[] = { "172.150.1.5", "0.0.0.0", "fd00::5", "::", "2001:db8::10" };
        static const char *const bad[] = {
                "",          "172.150.1",    "172.150.1.256", "172.150.01.5", "172.150.1.5/24", " 172.150.1.5",
                "[fd00::5]", "fd00::5%mig0", "fd00::12345",   "host.example",
        };
        char text[ADDRESS_TEXT_MAX];
        Address address;

        for (size_t i = 0; i < ELEMENTSOF(good); i++) {
                memset(&address, 0xff, sizeof(address)); // unused bytes must become 0
                assert_int_equal(address_parse(good[i], &address), 0);
                assert_int_equal(address.family, strchr(good[i], ':') ? AF_INET6 : AF_INET);
                assert_string_equal(address_format(&address, text), good[i]);
        }
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                assert_int_equal(address_parse(bad[i], &address), -EINVAL);

        assert_string_equal(address_format(&(Address){ .family = AF_UNSPEC }, text), "none");
}

static Address address_of(const char *text) {
        Address address;

        assert_int_equal(address_parse(text, &address), 0);
        return address;
}

static Prefix prefix_of(const char *text) {
        Prefix prefix;

        assert_int_equal(prefix_parse(text, &prefix), 0);
        return prefix;
}

static void test_prefixes(void **state _unused_) {
        static const struct {
                const char *text, *back;
                int r;
        } cases[] = {
                { "172.150.1.5/24", "172.150.1.5/24", 0 },
                { "172.150.1.5", "172.150.1.5/32", 0 },
                { "0.0.0.0/0", "0.0.0.0/0", 0 },
                { "fd00::5/64", "fd00::5/64", 0 },
                { "fd00::5", "fd00::5/128", 0 },
                { "172.150.1.5/33", NULL, -ERANGE },
                { "fd00::5/129", NULL, -ERANGE },
                { "172.150.1.5/", NULL, -EINVAL },
                { "172.150.1.5/x", NULL, -EINVAL },
                { "172.150.1.5/24/24", NULL, -EINVAL },
                { "172.150.1.5/255.255.255.0", NULL, -EINVAL },
                { "/24", NULL, -EINVAL },
                { "", NULL, -EINVAL },
                { "1111:1111:1111:1111:1111:1111:1111:1111:1111:1111:1111/64", NULL, -EINVAL },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                char text[PREFIX_TEXT_MAX];
                Prefix prefix;
                assert_int_equal(prefix_parse(cases[i].text, &prefix), cases[i].r);
                if (cases[i].r == 0)
                        assert_string_equal(prefix_format(&prefix, text), cases[i].back);
        }
}

static void test_the_network_of_a_prefix(void **state _unused_) {
        static const struct {
                const char *prefix, *network;
        } cases[] = {
                { "172.150.1.5/24", "172.150.1.0/24" },    { "172.150.131.5/17", "172.150.128.0/17" },
                { "172.150.1.5/32", "172.150.1.5/32" },    { "172.150.1.5/0", "0.0.0.0/0" },
                { "fd00:1:2:3::5/64", "fd00:1:2:3::/64" }, { "fd00::ff/121", "fd00::80/121" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                char text[PREFIX_TEXT_MAX];
                Prefix prefix = prefix_of(cases[i].prefix), network = prefix_network(&prefix);
                assert_string_equal(prefix_format(&network, text), cases[i].network);
        }
}

static void test_prefixes_contain_addresses(void **state _unused_) {
        static const struct {
                const char *prefix, *address;
                bool contains;
        } cases[] = {
                { "172.150.1.5/24", "172.150.1.99", true }, { "172.150.1.5/24", "172.150.2.99", false },
                { "0.0.0.0/0", "8.8.8.8", true },           { "0.0.0.0/0", "fd00::1", false },
                { "fd00::/64", "fd00::1", true },           { "fd00::/64", "fd00:0:0:1::1", false },
                { "172.150.1.5", "172.150.1.5", true },     { "172.150.1.5", "172.150.1.4", false },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Prefix prefix = prefix_of(cases[i].prefix);
                Address address = address_of(cases[i].address);
                assert_int_equal(prefix_contains(&prefix, &address), cases[i].contains);
        }
}

static void test_prefixes_overlap(void **state _unused_) {
        static const struct {
                const char *a, *b;
                bool overlaps;
        } cases[] = {
                { "172.150.1.5/24", "172.150.0.0/16", true }, { "172.150.1.5/24", "172.150.2.5/24", false },
                { "0.0.0.0/0", "10.0.0.0/8", true },          { "0.0.0.0/0", "::/0", false },
                { "fd00::/48", "fd00:0:0:9::/64", true },     { "fd00::/48", "fd00:0:1::/48", false },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Prefix a = prefix_of(cases[i].a), b = prefix_of(cases[i].b);
                assert_int_equal(prefix_overlaps(&a, &b), cases[i].overlaps);
                assert_int_equal(prefix_overlaps(&b, &a), cases[i].overlaps);
        }
}

static void test_order_of_addresses_and_prefixes(void **state _unused_) {
        static const char *const sorted[] = { "9.0.0.0/8",   "10.0.0.0/8", "10.0.0.0/16",
                                              "10.1.0.0/16", "::/0",       "fd00::/8" };

        for (size_t i = 0; i < ELEMENTSOF(sorted); i++)
                for (size_t j = 0; j < ELEMENTSOF(sorted); j++) {
                        Prefix a = prefix_of(sorted[i]), b = prefix_of(sorted[j]);
                        assert_int_equal(prefix_compare(&a, &b) < 0, i < j);
                        assert_int_equal(prefix_compare(&a, &b) == 0, i == j);
                }
}

static void test_mac_addresses(void **state _unused_) {
        static const char *const bad[] = {
                "",
                "52:54:00:12:34",
                "52:54:00:12:34:56:78",
                "52-54-00-12-34-56",
                "525400123456",
                "5:54:00:12:34:56",
                "52:54:00:12:34:5g",
                "52:54:00:12:34:5",
                "52:54:00:12:34:56 ",
        };
        char text[MAC_TEXT_MAX];
        MacAddress mac;

        assert_int_equal(mac_parse("52:54:00:aB:Cd:0f", &mac), 0);
        assert_string_equal(mac_format(&mac, text), "52:54:00:ab:cd:0f");
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                assert_int_equal(mac_parse(bad[i], &mac), -EINVAL);
}

static void test_port_ranges(void **state _unused_) {
        static const struct {
                const char *text;
                int r;
                uint16_t first, last;
        } cases[] = {
                { "49152-49215", 0, 49152, 49215 },
                { "16514", 0, 16514, 16514 },
                { "1-65535", 0, 1, 65535 },
                { "0", -ERANGE, 0, 0 },
                { "0-10", -ERANGE, 0, 0 },
                { "65536", -ERANGE, 0, 0 },
                { "1-65536", -ERANGE, 0, 0 },
                { "20-10", -ERANGE, 0, 0 },
                { "", -EINVAL, 0, 0 },
                { "-", -EINVAL, 0, 0 },
                { "10-", -EINVAL, 0, 0 },
                { "-10", -EINVAL, 0, 0 },
                { "10:20", -EINVAL, 0, 0 },
                { "10-20-30", -EINVAL, 0, 0 },
                { "http", -EINVAL, 0, 0 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                PortRange range = { 0, 0 };
                assert_int_equal(port_range_parse(cases[i].text, &range), cases[i].r);
                assert_int_equal(range.first, cases[i].first);
                assert_int_equal(range.last, cases[i].last);
        }
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_addresses),
                cmocka_unit_test(test_prefixes),
                cmocka_unit_test(test_the_network_of_a_prefix),
                cmocka_unit_test(test_prefixes_contain_addresses),
                cmocka_unit_test(test_prefixes_overlap),
                cmocka_unit_test(test_order_of_addresses_and_prefixes),
                cmocka_unit_test(test_mac_addresses),
                cmocka_unit_test(test_port_ranges),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
