// Migrations from connections: which are one, when they begin and end, and what they have carried.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// The linker calls the __wrap_ functions instead of the kernel's (--wrap, see meson.build).

#include "base/util.h"
#include "kernel/cgroup.h"
#include "planes.h"
#include "planes/migration-set.h"

#define SECOND UINT64_C(1000000)
#define WEB1 11
#define WEB2 12
#define LIBVIRTD 13

static unsigned n_searches;

int __wrap_cgroup_find(uint64_t id, char ret[static CGROUP_PATH_MAX]);
int __wrap_cgroup_find(uint64_t id, char ret[static CGROUP_PATH_MAX]) {
        n_searches++;
        if (id == LIBVIRTD)
                strcpy(ret, "system.slice/libvirtd.service");
        if (id == LIBVIRTD)
                return 1;
        if (id != WEB1 && id != WEB2)
                return 0;
        (void)snprintf(ret, CGROUP_PATH_MAX, "machine.slice/machine-qemu\\x2d3\\x2dweb%d.scope", id == WEB1 ? 1 : 2);
        return 1;
}

// --- planes, and what is told ---

typedef struct Lab {
        PlaneSet planes;
        Plane *blue, *green;
        MigrationSet set;
        MigrationsObserver observer;
        TcpSocket sockets[64];
        size_t n_sockets;
        uint64_t now_usec;
        char told[1024];
        MigrationFigures last; // that has ended
        unsigned n_off_plane;  // announcements
} Lab;

static void tell(Lab *lab, const char *event, const Migration *migration) {
        size_t n = strlen(lab->told);

        (void)snprintf(lab->told + n, sizeof(lab->told) - n, "%s %u of %zu\n", event, (unsigned)migration->number,
                       migration->n_channels);
}

static void on_began(const Migration *migration, void *userdata) {
        tell(userdata, "began", migration);
}

static void on_changed(const Migration *migration, void *userdata) {
        tell(userdata, "changed", migration);
}

static void on_ended(const Migration *migration, const Plane *plane _unused_, const MigrationFigures *figures,
                     void *userdata) {
        Lab *lab = userdata;

        tell(lab, "ended", migration);
        lab->last = *figures;
}

static void on_off_plane(void *userdata) {
        ((Lab *)userdata)->n_off_plane++;
}

static void lab_init(Lab *lab) {
        *lab = (Lab){ .now_usec = 100 * SECOND };
        n_searches = 0;
        lab->blue = planes_add_text(&lab->planes, "blue", ON_DEVICE("mig0", "172.150.1.5/24"));
        lab->green = planes_add_text(&lab->planes, "green", ON_DEVICE("mig1", "172.150.2.5/24"));
        lab->observer = (MigrationsObserver){ on_began, on_ended, on_changed, on_off_plane, lab };
        lab->set = (MigrationSet){ .planes = &lab->planes, .observer = &lab->observer };
}

static void lab_deinit(Lab *lab) {
        migration_set_deinit(&lab->set);
        planes_deinit(&lab->planes);
}
#define _cleanup_lab_ _cleanup_(lab_deinit)

static TcpSocket *opens(Lab *lab, const char *peer, uint16_t local_port, uint16_t remote_port, uint64_t cgroup) {
        static uint64_t cookie;
        TcpSocket *made = &lab->sockets[lab->n_sockets++];

        assert_true(lab->n_sockets <= ELEMENTSOF(lab->sockets));
        *made = (TcpSocket){ .local_port = local_port,
                             .remote_port = remote_port,
                             .cookie = ++cookie,
                             .cgroup = cgroup,
                             .has_counters = true };
        assert_int_equal(address_parse(strncmp(peer, "172.150.2.", 10) == 0 ? "172.150.2.5" : "172.150.1.5",
                                       &made->local),
                         0);
        assert_int_equal(address_parse(peer, &made->remote), 0);
        return made;
}

static void look(Lab *lab) {
        migration_set_look(&lab->set, &(TcpSockets){ .sockets = lab->sockets, .n_sockets = lab->n_sockets },
                           lab->now_usec);
}

static void assert_told(Lab *lab, const char *expected) {
        assert_string_equal(lab->told, expected);
        lab->told[0] = '\0';
}

// --- which connections are one migration ---

static void test_channels_of_one_port_are_one_and_begin_together(void **state _unused_) {
        _cleanup_lab_ Lab lab;

        lab_init(&lab);
        for (uint16_t i = 0; i < 5; i++)
                opens(&lab, "172.150.1.6", 49152, (uint16_t)(40000 + i), WEB1);
        look(&lab);
        assert_told(&lab, "began 1 of 5\n");
        assert_int_equal(lab.blue->n_migrations, 1);
        assert_string_equal(lab.set.running[0].migration->guest, "web1");
        opens(&lab, "172.150.1.6", 49152, 40100, WEB1);
        look(&lab);
        assert_told(&lab, "changed 1 of 6\n");
        look(&lab);
        assert_told(&lab, "");
}

static void test_peers_directions_ports_and_planes_are_others(void **state _unused_) {
        _cleanup_lab_ Lab lab;

        lab_init(&lab);
        opens(&lab, "172.150.1.6", 49152, 40000, 0);
        opens(&lab, "172.150.1.7", 49152, 40000, 0);
        opens(&lab, "172.150.1.6", 40000, 49152, 0);
        opens(&lab, "172.150.1.6", 49153, 40000, 0);
        opens(&lab, "172.150.2.6", 49152, 40000, 0);
        opens(&lab, "172.150.1.6", 22, 40000, 0);
        look(&lab);
        assert_int_equal(lab.set.n_running, 5);
        assert_int_equal(lab.blue->n_migrations, 4);
        assert_int_equal(lab.green->n_migrations, 1);
}

static void test_both_ports_may_be_migration_ports(void **state _unused_) {
        _cleanup_lab_ Lab lab;

        lab_init(&lab);
        opens(&lab, "172.150.1.6", 49160, 49152, 0);
        opens(&lab, "172.150.1.6", 40000, 49152, 0);
        opens(&lab, "172.150.1.6", 49153, 40000, 0);
        opens(&lab, "172.150.1.6", 49153, 49152 + 7, 0);
        look(&lab);
        assert_told(&lab, "began 2 of 2\nbegan 1 of 2\n");
        assert_true(lab.set.running[0].migration->is_outgoing);
        assert_false(lab.set.running[1].migration->is_outgoing);
}

static void test_a_guests_second_port_is_the_same_migration(void **state _unused_) {
        _cleanup_lab_ Lab lab;

        lab_init(&lab);
        opens(&lab, "172.150.1.6", 49153, 40000, WEB1); // its disks
        look(&lab);
        opens(&lab, "172.150.1.6", 49152, 40001, WEB1);
        look(&lab);
        assert_told(&lab, "began 1 of 1\nchanged 1 of 2\n");
        opens(&lab, "172.150.1.6", 49154, 40002, WEB2);
        look(&lab);
        assert_told(&lab, "began 2 of 1\n");
}

// Otherwise all that one management daemon connects would be one.
static void test_another_cgroup_joins_nothing(void **state _unused_) {
        _cleanup_lab_ Lab lab;

        lab_init(&lab);
        opens(&lab, "172.150.1.6", 40000, 49152, LIBVIRTD);
        opens(&lab, "172.150.1.6", 40001, 49153, LIBVIRTD);
        opens(&lab, "172.150.1.6", 40002, 49154, 0);
        opens(&lab, "172.150.1.6", 40003, 49155, 0);
        look(&lab);
        assert_int_equal(lab.set.n_running, 4);
        assert_string_equal(lab.set.running[0].migration->guest, "");
        assert_int_equal(n_searches, 1);
}

// --- begin and end ---

static void test_it_ends_with_its_last_connection(void **state _unused_) {
        _cleanup_lab_ Lab lab;

        lab_init(&lab);
        opens(&lab, "172.150.1.6", 49152, 40000, WEB1);
        opens(&lab, "172.150.1.6", 49152, 40001, WEB1);
        look(&lab);
        lab.n_sockets = 1;
        look(&lab);
        lab.n_sockets = 0;
        look(&lab);
        assert_told(&lab, "began 1 of 2\nchanged 1 of 1\nended 1 of 0\n");
        assert_int_equal(lab.blue->n_migrations, 0);
        assert_int_equal(lab.last.n_connections, 2);
}

static void test_the_end_of_a_connection_counts_to_the_last_byte(void **state _unused_) {
        _cleanup_lab_ Lab lab;

        lab_init(&lab);
        TcpSocket *first = opens(&lab, "172.150.1.6", 49152, 40000, 0),
                  *second = opens(&lab, "172.150.1.6", 49152, 40001, 0);
        look(&lab);
        lab.now_usec += 2 * SECOND;
        first->counters.bytes_received = 1000000;
        first->counters.bytes_acked = 7; // of the other direction
        second->counters.bytes_received = 500000;
        look(&lab);
        first->counters.bytes_received = 1200000;
        first->counters.retransmits = 3;
        lab.now_usec += 2 * SECOND;
        migration_set_end_connection(&lab.set, first, lab.now_usec);
        assert_told(&lab, "began 1 of 2\nchanged 1 of 1\n");
        second->counters.bytes_received = 800000;
        migration_set_end_connection(&lab.set, second, lab.now_usec);
        assert_told(&lab, "ended 1 of 0\n");
        assert_int_equal(lab.last.bytes, 2000000);
        assert_int_equal(lab.last.retransmits, 3);
        assert_int_equal(lab.last.duration_usec, 4 * SECOND);
        assert_int_equal(lab.last.average, 4000000);
        assert_int_equal(lab.last.peak, 6000000);
        assert_int_equal(lab.blue->n_migrations, 0);
        // Reports of others, and a report that comes twice.
        migration_set_end_connection(&lab.set, second, lab.now_usec);
        assert_told(&lab, "");
}

// The other side has closed it, and what came before that is not lost.
static void test_a_connection_that_is_being_closed_has_ended(void **state _unused_) {
        _cleanup_lab_ Lab lab;

        lab_init(&lab);
        TcpSocket *one = opens(&lab, "172.150.1.6", 49152, 40000, 0);
        look(&lab);
        one->counters.bytes_received = 1000;
        one->is_closing = true;
        look(&lab);
        assert_told(&lab, "began 1 of 1\nended 1 of 0\n");
        assert_int_equal(lab.last.bytes, 1000);
        look(&lab);
        assert_told(&lab, "");
}

static void test_a_report_without_counters_keeps_those_before(void **state _unused_) {
        _cleanup_lab_ Lab lab;

        lab_init(&lab);
        TcpSocket *one = opens(&lab, "172.150.1.6", 40000, 49152, 0);
        one->counters.bytes_acked = 1000;
        look(&lab);
        TcpSocket ended = *one;
        ended.has_counters = false;
        ended.counters.bytes_acked = 0;
        migration_set_end_connection(&lab.set, &ended, lab.now_usec);
        assert_int_equal(lab.last.bytes, 1000);
        assert_true(lab.last.is_outgoing);
}

static void test_a_port_that_is_used_again_is_another_connection(void **state _unused_) {
        _cleanup_lab_ Lab lab;

        lab_init(&lab);
        opens(&lab, "172.150.1.6", 49152, 40000, 0)->counters.bytes_received = 5;
        look(&lab);
        lab.n_sockets = 0;
        opens(&lab, "172.150.1.6", 49152, 40000, 0)->counters.bytes_received = 3;
        look(&lab);
        assert_told(&lab, "began 1 of 1\n");
        assert_int_equal(migration_figures(lab.set.running[0].migration, lab.now_usec).bytes, 8);
}

// A migration that was there before the daemon: how long is not known, so that its rate is that since then.
static void test_the_average_is_of_what_was_seen(void **state _unused_) {
        _cleanup_lab_ Lab lab;

        lab_init(&lab);
        TcpSocket *one = opens(&lab, "172.150.1.6", 49152, 40000, 0);
        one->counters.bytes_received = UINT64_C(1) << 40;
        look(&lab);
        one->counters.bytes_received += 1000;
        lab.now_usec += SECOND;
        look(&lab);
        const MigrationFigures figures = migration_figures(lab.set.running[0].migration, lab.now_usec);
        assert_int_equal(figures.rate, 8000);
        assert_int_equal(figures.average, 8000);
        assert_int_equal(figures.bytes, (UINT64_C(1) << 40) + 1000);
}

static void test_the_rate_is_measured_over_a_while(void **state _unused_) {
        _cleanup_lab_ Lab lab;

        lab_init(&lab);
        TcpSocket *one = opens(&lab, "172.150.1.6", 49152, 40000, 0);
        look(&lab);
        one->counters.bytes_received = 1000;
        lab.now_usec += 10000; // a look after a report
        look(&lab);
        assert_int_equal(lab.set.running[0].migration->rate, 0);
        one->counters.bytes_received = 125000;
        lab.now_usec += SECOND - 10000;
        look(&lab);
        assert_int_equal(lab.set.running[0].migration->rate, 1000000);
}

static void test_a_plane_that_goes_ends_its_migrations(void **state _unused_) {
        _cleanup_lab_ Lab lab;

        lab_init(&lab);
        opens(&lab, "172.150.1.6", 49152, 40000, 0);
        opens(&lab, "172.150.2.6", 49152, 40000, 0);
        look(&lab);
        lab.told[0] = '\0';
        migration_set_forget(&lab.set, lab.blue, lab.now_usec);
        assert_told(&lab, "ended 1 of 1\n");
        planes_remove(&lab.planes, lab.blue);
        look(&lab);
        assert_int_equal(lab.set.n_running, 1);
}

static void test_guests_off_the_planes_are_told_and_others_are_not(void **state _unused_) {
        static const struct {
                const char *local, *remote;
                uint16_t local_port, remote_port;
                uint64_t cgroup;
                bool is_told;
        } cases[] = {
                { "192.0.2.5", "192.0.2.6", 40000, 49152, WEB1, true },
                { "192.0.2.5", "192.0.2.6", 49153, 40000, WEB1, true },
                { "fd00::5", "fd00::6", 49153, 40000, WEB1, true },
                { "192.0.2.5", "192.0.2.6", 40000, 49154, LIBVIRTD, true },
                { "192.0.2.5", "192.0.2.6", 40000, 49155, 14, false },
                { "192.0.2.5", "192.0.2.6", 40000, 49156, 0, false },
                { "192.0.2.5", "192.0.2.6", 5901, 49157, WEB1, false }, // its console
                { "192.0.2.5", "192.0.2.6", 49158, 6800, WEB1, false }, // its storage
                { "192.0.2.5", "192.0.2.6", 40000, 50000, WEB1, false },
                { "127.0.0.1", "127.0.0.1", 40000, 49159, WEB1, false },
                { "::1", "::1", 40000, 49159, WEB1, false },
        };
        _cleanup_lab_ Lab lab;

        lab_init(&lab);
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                TcpSocket *made =
                        opens(&lab, "172.150.1.6", cases[i].local_port, cases[i].remote_port, cases[i].cgroup);
                assert_int_equal(address_parse(cases[i].local, &made->local), 0);
                assert_int_equal(address_parse(cases[i].remote, &made->remote), 0);
                look(&lab);
                assert_int_equal(lab.set.off_plane.n_entries, cases[i].is_told);
                lab.n_sockets = 0;
                look(&lab);
                assert_int_equal(lab.set.off_plane.n_entries, 0);
        }
        assert_int_equal(lab.n_off_plane, 8);
        assert_told(&lab, "");
        // Channels are one, and are told once.
        for (uint16_t i = 0; i < 5; i++)
                assert_int_equal(address_parse("192.0.2.5",
                                               &opens(&lab, "172.150.1.6", 49152, (uint16_t)(40000 + i), WEB2)->local),
                                 0);
        look(&lab);
        look(&lab);
        assert_int_equal(lab.set.off_plane.n_entries, 1);
        assert_int_equal(lab.n_off_plane, 9);
        assert_string_equal(lab.set.off_plane.entries[0].guest, "web2");
}

static void test_the_last_that_have_ended_are_kept(void **state _unused_) {
        _cleanup_lab_ Lab lab;

        lab_init(&lab);
        for (unsigned i = 0; i < 40; i++) {
                lab.n_sockets = 0;
                opens(&lab, "172.150.1.6", 49152, 40000, 0);
                look(&lab);
                lab.n_sockets = 0;
                look(&lab);
        }
        assert_int_equal(lab.blue->history.n_ended, MIGRATION_HISTORY_MAX);
        assert_int_equal(lab.blue->history.ended[0].number, 9);
        assert_int_equal(lab.blue->history.ended[MIGRATION_HISTORY_MAX - 1].number, 40);
        assert_int_equal(lab.green->history.n_ended, 0);
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_channels_of_one_port_are_one_and_begin_together),
                cmocka_unit_test(test_peers_directions_ports_and_planes_are_others),
                cmocka_unit_test(test_both_ports_may_be_migration_ports),
                cmocka_unit_test(test_a_guests_second_port_is_the_same_migration),
                cmocka_unit_test(test_another_cgroup_joins_nothing),
                cmocka_unit_test(test_it_ends_with_its_last_connection),
                cmocka_unit_test(test_the_end_of_a_connection_counts_to_the_last_byte),
                cmocka_unit_test(test_a_connection_that_is_being_closed_has_ended),
                cmocka_unit_test(test_a_report_without_counters_keeps_those_before),
                cmocka_unit_test(test_a_port_that_is_used_again_is_another_connection),
                cmocka_unit_test(test_the_average_is_of_what_was_seen),
                cmocka_unit_test(test_the_rate_is_measured_over_a_while),
                cmocka_unit_test(test_a_plane_that_goes_ends_its_migrations),
                cmocka_unit_test(test_guests_off_the_planes_are_told_and_others_are_not),
                cmocka_unit_test(test_the_last_that_have_ended_are_kept),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
