// The offenders that are kept of a plane.
// SPDX-License-Identifier: GPL-2.0-or-later

#include <linux/if_ether.h>

#include "base/clock.h"
#include "base/log.h"
#include "planes/offenders.h"
#include "golden.h"

static LogReport report_from(unsigned host, uint16_t sender_port) {
        LogReport report = {
                .link = "mig0",
                .reason = "in-peer",
                .packet = {
                        .type = ETH_P_IP,
                        .source = { .family = AF_INET, .bytes = { 192, 0, 2, (uint8_t)host } },
                        .destination = { .family = AF_INET, .bytes = { 192, 0, 2, 1 } },
                        .has_protocol = true,
                        .protocol = IPPROTO_TCP,
                        .has_ports = true,
                        .source_port = sender_port,
                        .destination_port = 49152,
                },
        };
        return report;
}

static void add(Offenders *offenders, unsigned host, uint16_t sender_port) {
        const LogReport report = report_from(host, sender_port);

        offenders_add(offenders, "blue", &report, 1);
}

static void assert_kept(const Offenders *offenders, size_t i, unsigned host, unsigned times) {
        assert_int_equal(offenders->offenders[i].report.packet.source.bytes[3], host);
        assert_int_equal(offenders->offenders[i].times, times);
}

static void test_the_latest_stand_first_and_only_so_many(void **state _unused_) {
        Offenders offenders = {};

        for (unsigned host = 1; host <= OFFENDERS_MAX + 2; host++)
                add(&offenders, host, 1);
        assert_int_equal(offenders.n_offenders, OFFENDERS_MAX);
        for (unsigned i = 0; i < OFFENDERS_MAX; i++)
                assert_kept(&offenders, i, OFFENDERS_MAX + 2 - i, 1);
        offenders_deinit(&offenders);
}

static void test_one_who_comes_again_is_counted(void **state _unused_) {
        Offenders offenders = {};

        for (unsigned host = 1; host <= OFFENDERS_MAX; host++)
                add(&offenders, host, 1);
        add(&offenders, 3, 2);
        add(&offenders, 3, 3);
        assert_int_equal(offenders.n_offenders, OFFENDERS_MAX);
        assert_kept(&offenders, 0, 3, 3);
        assert_kept(&offenders, 1, OFFENDERS_MAX, 1);
        assert_kept(&offenders, OFFENDERS_MAX - 1, 1, 1);
        offenders_deinit(&offenders);
}

static void test_the_last_refused_connection_is_told_for_a_while(void **state _unused_) {
        LogReport report = report_from(7, 1);
        Offenders offenders = {};

        add(&offenders, 1, 1);
        assert_null(offenders_refused(&offenders, clock_now_usec()));
        strcpy_fixed(report.reason, "in-fallback");
        offenders_add(&offenders, "blue", &report, 1);
        for (unsigned host = 1; host <= OFFENDERS_MAX; host++)
                add(&offenders, host, 1);
        const Offender *refused = offenders_refused(&offenders, clock_now_usec());
        assert_non_null(refused);
        assert_int_equal(refused->report.packet.source.bytes[3], 7);
        assert_null(offenders_refused(&offenders, clock_now_usec() + UINT64_C(600000000)));
        offenders_deinit(&offenders);
}

static void test_what_is_not_told_is_empty(void **state _unused_) {
        Offender offender = {};
        OffenderTexts texts;

        offender_format(&offender, &texts);
        assert_string_equal(texts.mac, "");
        assert_string_equal(texts.source, "");
        assert_string_equal(texts.destination, "");
        assert_string_equal(texts.protocol, "unknown");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_latest_stand_first_and_only_so_many),
                cmocka_unit_test(test_one_who_comes_again_is_counted),
                cmocka_unit_test(test_the_last_refused_connection_is_told_for_a_while),
                cmocka_unit_test(test_what_is_not_told_is_empty),
        };
        log_set_max_level(LOG_ERR);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
