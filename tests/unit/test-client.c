// Calls to the daemon: kinds of failure, values as JSON, and the list of planes.
// SPDX-License-Identifier: GPL-2.0-or-later

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "base/util.h"
#include "client/client.h"

static void test_the_name_of_an_error_gives_the_kind_of_failure(void **state _unused_) {
        static const struct {
                const char *name;
                ClientResult result;
                const char *text;
        } cases[] = {
                { "org.migplane1.Error.NoSuchPlane", CLIENT_NO_PLANE, "Verify: because" },
                { "org.migplane1.Error.ConfigurationFailed", CLIENT_BAD_CONFIGURATION, "Verify: because" },
                { "org.migplane1.Error.ApplyFailed", CLIENT_NOT_APPLIED, "Verify: because" },
                { "org.migplane1.Error.Other", CLIENT_FAILED, "Verify: because" },
                { SD_BUS_ERROR_UNKNOWN_OBJECT, CLIENT_NO_PLANE, "Verify: because" },
                { SD_BUS_ERROR_SERVICE_UNKNOWN, CLIENT_NO_DAEMON, "Cannot reach migplaned: because" },
                { SD_BUS_ERROR_NAME_HAS_NO_OWNER, CLIENT_NO_DAEMON, "Cannot reach migplaned: because" },
                { "org.freedesktop.DBus.Error.Spawn.ChildExited", CLIENT_NO_DAEMON, "Cannot reach migplaned: because" },
                { "org.freedesktop.systemd1.UnitMasked", CLIENT_NO_DAEMON, "Cannot reach migplaned: because" },
                { SD_BUS_ERROR_NO_SERVER, CLIENT_NO_BUS, "Cannot reach migplaned: because" },
                { SD_BUS_ERROR_DISCONNECTED, CLIENT_NO_BUS, "Cannot reach migplaned: because" },
                { "System.Error.ECONNRESET", CLIENT_DISCONNECTED, "Cannot reach migplaned: because" },
                { SD_BUS_ERROR_TIMEOUT, CLIENT_TIMED_OUT, "Verify: because" },
                { SD_BUS_ERROR_NO_REPLY, CLIENT_TIMED_OUT, "Verify: because" },
                { SD_BUS_ERROR_ACCESS_DENIED, CLIENT_DENIED, "Verify: because" },
                { SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED, CLIENT_NEEDS_PASSWORD, "Verify: because" },
                { SD_BUS_ERROR_INVALID_ARGS, CLIENT_FAILED, "Verify: because" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Error error;
                assert_int_equal(client_failure("Verify", &SD_BUS_ERROR_MAKE_CONST(cases[i].name, "because"), -1,
                                                &error),
                                 cases[i].result);
                assert_string_equal(error.text, cases[i].text);
                assert_true(error.code < 0);
        }
}

static void test_without_an_error_the_errno_gives_it(void **state _unused_) {
        sd_bus_error none = SD_BUS_ERROR_NULL;
        Error error;

        assert_int_equal(client_failure("Verify", NULL, -ETIMEDOUT, &error), CLIENT_TIMED_OUT);
        assert_int_equal(client_failure("Verify", &none, -ENOMEM, &error), CLIENT_FAILED);
        assert_string_equal(error.text, "Verify: Cannot allocate memory");
        assert_int_equal(error.code, -ENOMEM);
        assert_int_equal(client_failure("Verify", NULL, -EIO, NULL), CLIENT_FAILED);
}

static void test_a_missing_bus_is_not_a_missing_daemon(void **state _unused_) {
        const ClientCall call = { .path = "/org/migplane1", .interface = "org.migplane1.Manager", .member = "Plan" };
        Client client = {};
        Error error;

        (void)setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent", true);
        assert_int_equal(client_call(&client, &call, NULL, &error, "s", ""), CLIENT_NO_BUS);
        assert_string_equal(error.text, "Cannot connect to the system bus: No such file or directory");
        assert_null(client.bus);
}

// A message belongs to a connection, which has to be started and need not be connected to anything.
static sd_bus *bus_new(void) {
        sd_bus *bus = NULL;
        int ends[2];

        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
        assert_true(sd_bus_new(&bus) >= 0);
        assert_true(sd_bus_set_fd(bus, ends[0], ends[1]) >= 0);
        assert_true(sd_bus_start(bus) >= 0);
        return bus;
}

static sd_bus_message *message_new(sd_bus *bus) {
        sd_bus_message *message = NULL;

        assert_true(sd_bus_message_new_signal(bus, &message, "/a", "a.b", "C") >= 0);
        return message;
}

static void message_seal(sd_bus_message *message) {
        assert_true(sd_bus_message_seal(message, 1, 0) >= 0);
        assert_true(sd_bus_message_rewind(message, true) >= 0);
}

static void test_values_of_every_type_are_json(void **state _unused_) {
        _cleanup_(sd_bus_unrefp) sd_bus *bus = bus_new();
        _cleanup_message_ sd_bus_message *message = message_new(bus);
        _cleanup_json_ json_t *value = NULL;

        assert_true(sd_bus_message_append(message, "(sobynqiuxtd)", "text", "/path", 1, 255, -2, 65535, -3, UINT32_MAX,
                                          INT64_MIN, UINT64_MAX, 0.5) >= 0);
        message_seal(message);
        assert_int_equal(client_read_json(message, &value), 0);
        _cleanup_free_ char *text = json_dumps(value, JSON_COMPACT);
        // jansson's integers end at INT64_MAX.
        assert_string_equal(text,
                            "[\"text\",\"/path\",true,255,-2,65535,-3,4294967295,-9223372036854775808,"
                            "9223372036854775807,0.5]");
        assert_true(client_read_json(message, &value) < 0); // nothing is left
}

// As GetManagedObjects answers: the Manager's object and two planes, in no order.
static void planes_append(sd_bus_message *message) {
        assert_true(sd_bus_message_append(message, "a{oa{sa{sv}}}", 3, "/org/migplane1/plane/red", 1,
                                          "org.migplane1.Plane", 2, "Name", "s", "red", "MTU", "u", 9000,
                                          "/org/migplane1", 1, "org.migplane1.Manager", 1, "Version", "s", "0",
                                          "/org/migplane1/plane/blue", 1, "org.migplane1.Plane", 4, "Name", "s", "blue",
                                          "Default", "b", 1, "Health", "s", "degraded", "HealthReasons", "a(ss)", 1,
                                          "drift", "an address is missing") >= 0);
}

static void test_planes_are_sorted_and_found(void **state _unused_) {
        _cleanup_(sd_bus_unrefp) sd_bus *bus = bus_new();
        _cleanup_message_ sd_bus_message *message = message_new(bus);
        _cleanup_json_ json_t *planes = NULL;

        planes_append(message);
        message_seal(message);
        assert_int_equal(client_planes_take(message, &planes), 0);
        assert_int_equal(json_array_size(planes), 2);
        const json_t *blue = json_array_get(planes, 0), *red = json_array_get(planes, 1);
        assert_string_equal(client_plane_string(blue, "Name"), "blue");
        assert_string_equal(client_plane_string(blue, "ObjectPath"), "/org/migplane1/plane/blue");
        assert_string_equal(client_plane_reason(blue), "an address is missing");
        assert_true(client_plane_is_usable(blue));
        assert_int_equal(client_plane_number(red, "MTU"), 9000);
        // A missing property reads as "", 0 or false.
        assert_string_equal(client_plane_string(red, "Health"), "");
        assert_string_equal(client_plane_reason(red), "no reason given");
        assert_false(client_plane_is_usable(red));
        assert_false(client_plane_flag(red, "Default"));
        assert_int_equal(client_plane_number(red, "PortMin"), 0);

        assert_ptr_equal(client_planes_find(planes, "red"), red);
        assert_null(client_planes_find(planes, "green"));
        assert_ptr_equal(client_planes_find_default(planes), blue);
}

static void test_a_plane_that_was_taken_down_is_told_from_a_failed_one(void **state _unused_) {
        _cleanup_json_ json_t *failed = json_pack("{s[[ss]]}", "HealthReasons", "no-carrier", "a cable is missing");
        _cleanup_json_ json_t *down = json_pack("{s[[ss][ss]]}", "HealthReasons", "apply-failed", "a link is busy",
                                                "taken-down", "taken down by request");
        _cleanup_json_ json_t *none = json_object();

        assert_false(client_plane_is_down(failed));
        assert_true(client_plane_is_down(down));
        assert_false(client_plane_is_down(none));
}

static void test_the_only_plane_needs_no_default(void **state _unused_) {
        _cleanup_json_ json_t *planes = json_pack("[{s:s}, {s:s}]", "Name", "blue", "Name", "red");

        assert_null(client_planes_find_default(planes));
        assert_int_equal(json_array_remove(planes, 0), 0);
        assert_string_equal(client_plane_string(client_planes_find_default(planes), "Name"), "red");
        assert_int_equal(json_array_clear(planes), 0);
        assert_null(client_planes_find_default(planes));
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_name_of_an_error_gives_the_kind_of_failure),
                cmocka_unit_test(test_without_an_error_the_errno_gives_it),
                cmocka_unit_test(test_a_missing_bus_is_not_a_missing_daemon),
                cmocka_unit_test(test_values_of_every_type_are_json),
                cmocka_unit_test(test_planes_are_sorted_and_found),
                cmocka_unit_test(test_a_plane_that_was_taken_down_is_told_from_a_failed_one),
                cmocka_unit_test(test_the_only_plane_needs_no_default),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
