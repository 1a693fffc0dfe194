// Metrics: their text, escaped labels, no sample twice, and what they say without a daemon.
// SPDX-License-Identifier: GPL-2.0-or-later

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/text-file.h"
#include "base/util.h"
#include "client/client.h"
#include "metrics/metrics.h"

// NULL: nothing of it.
static char *metrics_of(const char *planes_text, const char *manager_text) {
        _cleanup_json_ json_t *planes = planes_text ? json_loads(planes_text, 0, NULL) : NULL;
        _cleanup_json_ json_t *manager = manager_text ? json_loads(manager_text, 0, NULL) : NULL;
        char *text = NULL;
        size_t size;

        assert_int_equal(!planes, !planes_text);
        assert_int_equal(!manager, !manager_text);
        FILE *file = text_file_open(&text, &size);
        assert_non_null(file);
        metrics_print(file, planes, manager);
        assert_int_equal(fclose(file), 0);
        return text;
}

static void assert_has(const char *text, const char *line) {
        _cleanup_free_ char *whole = NULL;

        assert_true(asprintf(&whole, "\n%s\n", line) >= 0);
        if (!strstr(text, whole))
                fail_msg("no line %s in:\n%s", line, text);
}

#define MANAGER "{\"Version\": \"1.2\", \"ConfigurationMessages\": [], \"ReloadSuccessTimestamp\": 1500000}"

static void test_without_a_daemon_the_metrics_say_so_and_nothing_else(void **state _unused_) {
        _cleanup_free_ char *text = metrics_of(NULL, NULL);

        assert_string_equal(text,
                            "# HELP migplane_up Whether the daemon answers.\n"
                            "# TYPE migplane_up gauge\n"
                            "migplane_up 0\n");
}

static void test_a_plane_has_a_sample_of_each_kind(void **state _unused_) {
        _cleanup_free_ char *text = metrics_of(
                "[{\"Name\": \"blue\", \"Interface\": \"mig0\", \"Kind\": \"vlan\", \"Address\": \"172.150.1.5\","
                "  \"Required\": true, \"Default\": false, \"Fallback\": \"deny\", \"Health\": \"degraded\","
                "  \"HealthReasons\": [[\"drift\", \"one\"], [\"bypassed\", \"two\"], [\"drift\", \"three\"]],"
                "  \"EgressBitsPerSecond\": 8000000001, \"IngressBitsPerSecond\": 0, \"BytesSent\": 123456789012,"
                "  \"BytesReceived\": 0, \"PacketsDropped\": {\"in-peer\": 3, \"out-port\": 0}, \"Repairs\": 2,"
                "  \"ActiveMigrations\": 1}]",
                MANAGER);
        static const char *const lines[] = {
                "migplane_up 1",
                "migplane_build_info{version=\"1.2\"} 1",
                "migplane_config_errors 0",
                "migplane_reload_success_timestamp_seconds 1.5",
                "# TYPE migplane_plane_info gauge\n"
                "migplane_plane_info{plane=\"blue\",interface=\"mig0\",kind=\"vlan\",address=\"172.150.1.5\","
                "required=\"yes\",default=\"no\",fallback=\"deny\"} 1",
                "migplane_health{plane=\"blue\",health=\"healthy\"} 0\n"
                "migplane_health{plane=\"blue\",health=\"degraded\"} 1\n"
                "migplane_health{plane=\"blue\",health=\"failed\"} 0\n"
                "migplane_health{plane=\"blue\",health=\"unknown\"} 0",
                "migplane_reason{plane=\"blue\",reason=\"drift\"} 1\n"
                "migplane_reason{plane=\"blue\",reason=\"bypassed\"} 1\n"
                "# HELP migplane_cap_bytes_per_second Cap on the traffic of the plane; missing: not capped.\n"
                "# TYPE migplane_cap_bytes_per_second gauge\n"
                "migplane_cap_bytes_per_second{plane=\"blue\",direction=\"egress\"} 1000000000.125\n"
                "# HELP migplane_transmit_bytes_total Bytes that the device of the plane has sent.\n"
                "# TYPE migplane_transmit_bytes_total counter\n"
                "migplane_transmit_bytes_total{plane=\"blue\"} 123456789012",
                "migplane_receive_bytes_total{plane=\"blue\"} 0",
                "migplane_dropped_packets_total{plane=\"blue\",reason=\"in-peer\"} 3",
                "migplane_dropped_packets_total{plane=\"blue\",reason=\"out-port\"} 0",
                "migplane_repairs_total{plane=\"blue\"} 2",
                "migplane_migrations{plane=\"blue\"} 1",
        };

        for (size_t i = 0; i < ELEMENTSOF(lines); i++)
                assert_has(text, lines[i]);
}

static void test_a_counter_that_could_not_be_read_has_no_sample(void **state _unused_) {
        _cleanup_free_ char *text = metrics_of("[{\"Name\": \"blue\", \"Health\": \"failed\"}]", MANAGER);

        assert_null(strstr(text, "migplane_transmit_bytes_total{"));
        assert_null(strstr(text, "migplane_migrations{"));
        assert_has(text, "migplane_health{plane=\"blue\",health=\"failed\"} 1");
}

static void test_label_values_are_escaped(void **state _unused_) {
        _cleanup_free_ char *text =
                metrics_of("[{\"Name\": \"blue\", \"Interface\": \"a\\\"b\\\\c\\nd}\", \"Health\": \"healthy\"}]",
                           MANAGER);

        assert_non_null(strstr(text, "interface=\"a\\\"b\\\\c\\nd}\","));
}

static void test_all_samples_of_a_metric_stand_together(void **state _unused_) {
        _cleanup_free_ char *text = metrics_of(
                "[{\"Name\": \"blue\", \"Health\": \"healthy\", \"Repairs\": 1},"
                " {\"Name\": \"green\", \"Health\": \"healthy\", \"Repairs\": 2}]",
                MANAGER);

        assert_has(text, "migplane_repairs_total{plane=\"blue\"} 1\nmigplane_repairs_total{plane=\"green\"} 2");
}

static void test_errors_of_the_configuration_are_counted_and_warnings_are_not(void **state _unused_) {
        _cleanup_free_ char *text = metrics_of(
                "[]",
                "{\"ConfigurationMessages\": [\"/a.plane:1: error: no\", \"/a.plane:2: warning: a: error: b\","
                " \"/b.plane:1: error: a: warning: b\"]}");

        assert_has(text, "migplane_config_errors 2");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_without_a_daemon_the_metrics_say_so_and_nothing_else),
                cmocka_unit_test(test_a_plane_has_a_sample_of_each_kind),
                cmocka_unit_test(test_a_counter_that_could_not_be_read_has_no_sample),
                cmocka_unit_test(test_label_values_are_escaped),
                cmocka_unit_test(test_all_samples_of_a_metric_stand_together),
                cmocka_unit_test(test_errors_of_the_configuration_are_counted_and_warnings_are_not),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
