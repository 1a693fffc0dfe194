// Which TCP connections are migrations, and how many.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "base/inet.h"
#include "base/util.h"
#include "config/config.h"
#include "config/load.h"
#include "engine/migrations.h"
#include "golden.h"

#define PLANE "[Interface]\nName=mig0\n[Address]\nAddress=192.0.2.1/24\nAddress=fd00::1/64\n"

static TcpSocket flow(const char *local, uint16_t local_port, const char *remote, uint16_t remote_port) {
        TcpSocket made = { .local_port = local_port, .remote_port = remote_port };

        assert_int_equal(address_parse(local, &made.local), 0);
        assert_int_equal(address_parse(remote, &made.remote), 0);
        return made;
}

static void assert_count(TcpSocket *flows, size_t n_flows, unsigned expected) {
        _cleanup_config_ Config *config = NULL;
        const PlaneConfig *plane = golden_plane("blue", PLANE, &config);

        assert_int_equal(migrations_count(&(TcpSockets){ .sockets = flows, .n_sockets = n_flows }, plane), expected);
}

static void channels_of_one_migration_count_once(void **state _unused_) {
        TcpSocket flows[] = {
                flow("192.0.2.1", 49152, "192.0.2.2", 40001),
                flow("192.0.2.1", 49152, "192.0.2.2", 40002),
                flow("192.0.2.1", 49152, "192.0.2.2", 40003),
        };
        assert_count(flows, ELEMENTSOF(flows), 1);
}

static void peers_ports_and_directions_tell_migrations_apart(void **state _unused_) {
        TcpSocket flows[] = {
                flow("192.0.2.1", 49152, "192.0.2.2", 40001), flow("192.0.2.1", 49153, "192.0.2.2", 40002),
                flow("192.0.2.1", 49152, "192.0.2.3", 40001), flow("192.0.2.1", 40001, "192.0.2.2", 49152),
                flow("fd00::1", 49152, "fd00::2", 40001),
        };
        assert_count(flows, ELEMENTSOF(flows), 5);
}

static void both_ports_may_be_migration_ports(void **state _unused_) {
        TcpSocket flows[] = {
                flow("192.0.2.1", 49152, "192.0.2.2", 49160),
                flow("192.0.2.1", 49152, "192.0.2.2", 40002),
                flow("192.0.2.1", 49152, "192.0.2.2", 49161),
        };
        assert_count(flows, ELEMENTSOF(flows), 1);
}

static void other_addresses_and_ports_are_no_migrations(void **state _unused_) {
        TcpSocket flows[] = {
                flow("192.0.2.9", 49152, "192.0.2.2", 40001),
                flow("192.0.2.1", 22, "192.0.2.2", 40001),
                flow("127.0.0.1", 49152, "127.0.0.1", 40001),
        };
        assert_count(flows, ELEMENTSOF(flows), 0);
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(channels_of_one_migration_count_once),
                cmocka_unit_test(peers_ports_and_directions_tell_migrations_apart),
                cmocka_unit_test(both_ports_may_be_migration_ports),
                cmocka_unit_test(other_addresses_and_ports_are_no_migrations),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
