// What limits a migration: each word with its cause.
// SPDX-License-Identifier: GPL-2.0-or-later

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/util.h"
#include "engine/limit.h"

#define OUT(...) \
        { .is_outgoing = true, .usec = 1000000, __VA_ARGS__ }
#define IN(...) \
        { .usec = 1000000, __VA_ARGS__ }

static const struct {
        LimitFacts facts;
        const char *limit, *text;
} cases[] = {
        { {}, "", "" },
        { OUT(.busy_usec = 1000000, .plane_rate = 380000000, .cap = 400000000), "cap",
          "the migrations of the plane use 95 % of its cap of 400.0 Mbit/s" },
        { IN(.unread_bytes = 1 << 20, .plane_rate = 380000000, .cap = 400000000), "cap",
          "the migrations of the plane use 95 % of its cap of 400.0 Mbit/s" },
        { OUT(.busy_usec = 1000000, .plane_rate = 300000000, .cap = 400000000, .round_trip_usec = 2300,
              .retransmits = 7),
          "network", "round trip 2.3 ms, 7 segments sent again" },
        { OUT(.busy_usec = 990000, .window_usec = 830000), "receiver",
          "the receive window of the destination is full for 83 % of the time" },
        { OUT(.busy_usec = 990000, .buffer_usec = 600000), "sender",
          "the send buffer of this host is full for 60 % of the time; see net.ipv4.tcp_wmem" },
        { OUT(.busy_usec = 300000), "sender", "QEMU offers no data for 70 % of the time" },
        { OUT(), "sender", "QEMU offers no data for 100 % of the time" },
        { OUT(.busy_usec = 1100000), "network", "round trip 0.0 ms, 0 segments sent again" },
        { IN(.unread_bytes = 3000000, .out_of_order = 4), "receiver", "QEMU leaves 3000 kB unread" },
        { IN(.unread_bytes = 30000, .out_of_order = 4), "network", "4 segments came out of order" },
        { IN(), "sender", "QEMU reads all that comes; the source can tell more" },
};

static void test_each_word_with_its_cause(void **state _unused_) {
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                char text[LIMIT_TEXT_MAX];

                assert_string_equal(limit_to_string(limit_assess(&cases[i].facts, text)), cases[i].limit);
                assert_string_equal(text, cases[i].text);
        }
}

int main(void) {
        static const struct CMUnitTest tests[] = { cmocka_unit_test(test_each_word_with_its_cause) };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
