// When the daemon looks for migrations: after reports, while some run, and not more often.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// The linker calls the __wrap_ functions instead of the kernel's (--wrap, see meson.build).

#include <fcntl.h>
#include <sys/eventfd.h>
#include <time.h>

#include "base/util.h"
#include "daemon/migration-watch.h"
#include "planes.h"

#define SECOND UINT64_C(1000000)
#define MSEC UINT64_C(1000)

// --- the kernel ---

static struct {
        uint64_t now_usec;
        TcpSocket sockets[4];
        size_t n_sockets;
        unsigned n_reads;
        int read_error;
        int opens_fd, ends_fd; // readable: there are reports
        int opens_error, ends_error;
        bool has_opens; // the reports are of opened connections
        unsigned n_ends_opened;
        uint16_t ends_first, ends_last;
        bool listens_to_ends;
        uint64_t takes_usec; // a reading
} kernel;

int __wrap_clock_gettime(clockid_t clock, struct timespec *ret);
int __wrap_clock_gettime(clockid_t clock _unused_, struct timespec *ret) {
        *ret = (struct timespec){ .tv_sec = (time_t)(kernel.now_usec / SECOND),
                                  .tv_nsec = (long)(kernel.now_usec % SECOND * 1000) };
        return 0;
}

int __wrap_tcp_read_on_ports(uint16_t first, uint16_t last, TcpSockets *ret, Error *ret_error);
int __wrap_tcp_read_on_ports(uint16_t first, uint16_t last, TcpSockets *ret, Error *ret_error) {
        kernel.n_reads++;
        kernel.now_usec += kernel.takes_usec;
        assert_int_equal(first, 16514);
        assert_true(last >= 49215);
        if (kernel.read_error < 0)
                return error_set(ret_error, kernel.read_error, "no");
        *ret = (TcpSockets){ .sockets = calloc(ELEMENTSOF(kernel.sockets), sizeof(TcpSocket)),
                             .n_sockets = kernel.n_sockets };
        memcpy(ret->sockets, kernel.sockets, sizeof(kernel.sockets));
        return 0;
}

void __wrap_peer_recovery_look(PeerRecovery *recovery, const TcpSockets *connections);
void __wrap_peer_recovery_look(PeerRecovery *recovery _unused_, const TcpSockets *connections _unused_) {
}

int __wrap_nflog_new(uint16_t group, Nflog **ret, Error *ret_error);
int __wrap_nflog_new(uint16_t group, Nflog **ret, Error *ret_error) {
        assert_int_equal(group, 0x6d71);
        if (kernel.opens_error < 0)
                return error_set(ret_error, kernel.opens_error, "another process reads it");
        *ret = (Nflog *)&kernel;
        return 0;
}

Nflog *__wrap_nflog_free(Nflog *log);
Nflog *__wrap_nflog_free(Nflog *log _unused_) {
        return NULL;
}

int __wrap_nflog_fd(const Nflog *log);
int __wrap_nflog_fd(const Nflog *log _unused_) {
        return kernel.opens_fd;
}

int __wrap_nflog_dispatch(Nflog *log, NflogHandler handler, void *userdata);
int __wrap_nflog_dispatch(Nflog *log _unused_, NflogHandler handler, void *userdata) {
        eventfd_t number;

        if (eventfd_read(kernel.opens_fd, &number) == 0)
                handler(&(LogReport){}, userdata);
        return 0;
}

int __wrap_tcp_watch_new(uint16_t first, uint16_t last, TcpWatch **ret, Error *ret_error);
int __wrap_tcp_watch_new(uint16_t first, uint16_t last, TcpWatch **ret, Error *ret_error) {
        if (kernel.ends_error < 0)
                return error_set(ret_error, kernel.ends_error, "this kernel has no such group");
        kernel.ends_first = first;
        kernel.ends_last = last;
        kernel.n_ends_opened++;
        kernel.listens_to_ends = true;
        *ret = (TcpWatch *)&kernel;
        return 0;
}

TcpWatch *__wrap_tcp_watch_free(TcpWatch *watch);
TcpWatch *__wrap_tcp_watch_free(TcpWatch *watch) {
        if (watch)
                kernel.listens_to_ends = false;
        return NULL;
}

int __wrap_tcp_watch_fd(const TcpWatch *watch);
int __wrap_tcp_watch_fd(const TcpWatch *watch _unused_) {
        return kernel.ends_fd;
}

int __wrap_tcp_watch_dispatch(TcpWatch *watch, TcpWatchHandler handler, void *userdata);
int __wrap_tcp_watch_dispatch(TcpWatch *watch _unused_, TcpWatchHandler handler, void *userdata) {
        eventfd_t number;

        if (eventfd_read(kernel.ends_fd, &number) == 0)
                handler(NULL, userdata);
        return 0;
}

// --- a plane ---

typedef struct Lab {
        PlaneSet planes;
        Plane *plane;
        sd_event *event;
        PeerRecovery recovery;
        MigrationWatch watch;
} Lab;

static void lab_init(Lab *lab) {
        *lab = (Lab){};
        memset(&kernel, 0, sizeof(kernel));
        kernel.now_usec = UINT64_C(1) << 50; // far ahead of the real clock, by which timers fire
        kernel.opens_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        kernel.ends_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        lab->plane = planes_add_text(&lab->planes, "blue",
                                     ON_DEVICE("mig0", "172.150.1.5/24") "[Isolation]\nPorts=16514 49152-49215\n");
        assert_int_equal(sd_event_new(&lab->event), 0);
        migration_watch_init(&lab->watch, lab->event, &lab->planes, &lab->recovery);
        migration_watch_listen(&lab->watch);
}

static void lab_deinit(Lab *lab) {
        migration_watch_deinit(&lab->watch);
        sd_event_unref(lab->event);
        planes_deinit(&lab->planes);
        (void)close(kernel.opens_fd);
        (void)close(kernel.ends_fd);
}
#define _cleanup_lab_ _cleanup_(lab_deinit)

static void connection_opens(uint16_t local_port) {
        TcpSocket *made = &kernel.sockets[kernel.n_sockets++];

        *made = (TcpSocket){ .local_port = local_port, .remote_port = 40000 };
        assert_int_equal(address_parse("172.150.1.5", &made->local), 0);
        assert_int_equal(address_parse("172.150.1.6", &made->remote), 0);
}

static void report(Lab *lab, int fd) {
        assert_int_equal(eventfd_write(fd, 1), 0);
        assert_true(sd_event_run(lab->event, 0) > 0);
}

// The microseconds until the next look; 0: none is arranged.
static uint64_t next_look(const Lab *lab) {
        return lab->watch.due_usec ? lab->watch.due_usec - kernel.now_usec : 0;
}

static void time_passes(Lab *lab) {
        unsigned n_reads = kernel.n_reads;

        assert_true(lab->watch.due_usec > 0);
        kernel.now_usec = lab->watch.due_usec;
        assert_true(sd_event_source_set_time(lab->watch.timer, 1) >= 0);
        assert_true(sd_event_run(lab->event, 0) > 0);
        assert_int_equal(kernel.n_reads, n_reads + 1);
}

// --- tests ---

static void test_without_migrations_and_reports_it_never_looks_by_itself(void **state _unused_) {
        _cleanup_lab_ Lab lab;

        lab_init(&lab);
        migration_watch_look(&lab.watch);
        assert_int_equal(next_look(&lab), 0);
        assert_int_equal(lab.plane->n_migrations, 0);
        assert_false(kernel.listens_to_ends);
}

static void test_a_report_leads_to_a_few_looks_and_no_more(void **state _unused_) {
        static const uint64_t expected[] = { 4 * MSEC, 16 * MSEC, 64 * MSEC, 256 * MSEC, 0 };
        _cleanup_lab_ Lab lab;

        lab_init(&lab);
        report(&lab, kernel.opens_fd);
        assert_int_equal(next_look(&lab), MSEC);
        for (size_t i = 0; i < ELEMENTSOF(expected); i++) {
                time_passes(&lab);
                assert_int_equal(next_look(&lab), expected[i]);
        }
}

static void test_reports_in_a_flood_leave_time_between_looks(void **state _unused_) {
        _cleanup_lab_ Lab lab;

        lab_init(&lab);
        report(&lab, kernel.opens_fd);
        time_passes(&lab);
        for (unsigned i = 0; i < 3; i++)
                time_passes(&lab); // 4, 16, 64
        uint64_t due = lab.watch.looked_usec + 10 * MSEC;
        for (unsigned i = 0; i < 20; i++) {
                report(&lab, kernel.opens_fd);
                assert_int_equal(lab.watch.due_usec, due); // neither earlier nor put off
                kernel.now_usec += 100;
        }
}

static void test_looks_that_take_long_are_ten_times_as_far_apart(void **state _unused_) {
        _cleanup_lab_ Lab lab;

        lab_init(&lab);
        kernel.takes_usec = 30 * MSEC;
        connection_opens(49152);
        migration_watch_look(&lab.watch);
        report(&lab, kernel.opens_fd);
        assert_int_equal(lab.watch.due_usec, lab.watch.looked_usec + 300 * MSEC);
        time_passes(&lab);
        assert_int_equal(lab.watch.due_usec, lab.watch.looked_usec + 300 * MSEC); // instead of 4 ms
        kernel.takes_usec = 200 * MSEC;
        for (unsigned i = 0; i < 4; i++)
                time_passes(&lab);
        assert_int_equal(lab.watch.due_usec, lab.watch.looked_usec + 2000 * MSEC); // while a migration runs
}

static void test_while_a_migration_runs_it_looks_each_second(void **state _unused_) {
        _cleanup_lab_ Lab lab;

        lab_init(&lab);
        connection_opens(49152);
        migration_watch_look(&lab.watch);
        assert_int_equal(lab.plane->n_migrations, 1);
        // Once more, because an end before it listened is not known.
        assert_true(kernel.listens_to_ends);
        assert_int_equal(next_look(&lab), 10 * MSEC);
        for (unsigned i = 0; i < 3; i++) {
                time_passes(&lab);
                assert_int_equal(next_look(&lab), SECOND);
        }
        assert_int_equal(kernel.n_ends_opened, 1);
        kernel.n_sockets = 0;
        time_passes(&lab);
        assert_int_equal(next_look(&lab), 0);
        assert_int_equal(lab.plane->n_migrations, 0);
        assert_false(kernel.listens_to_ends);
}

static void test_the_end_of_a_connection_leads_to_a_look(void **state _unused_) {
        _cleanup_lab_ Lab lab;

        lab_init(&lab);
        connection_opens(49152);
        migration_watch_look(&lab.watch);
        time_passes(&lab);
        kernel.now_usec += 500 * MSEC;
        kernel.n_sockets = 0;
        report(&lab, kernel.ends_fd);
        assert_int_equal(next_look(&lab), MSEC);
        time_passes(&lab);
        assert_int_equal(lab.plane->n_migrations, 0);
}

static void test_ends_are_those_on_the_ports_of_all_planes(void **state _unused_) {
        _cleanup_lab_ Lab lab;

        lab_init(&lab);
        connection_opens(49152);
        migration_watch_look(&lab.watch);
        assert_int_equal(kernel.ends_first, 16514);
        assert_int_equal(kernel.ends_last, 49215);
        (void)planes_add_text(&lab.planes, "green",
                              ON_DEVICE("mig1", "172.150.2.5/24") "[Isolation]\nPorts=60000-60050\n");
        migration_watch_look(&lab.watch);
        assert_int_equal(kernel.ends_last, 60050);
        assert_int_equal(kernel.n_ends_opened, 2);
}

static void test_what_cannot_be_seen_is_said(void **state _unused_) {
        _cleanup_lab_ Lab lab;

        lab_init(&lab);
        assert_string_equal(migration_watch_fault(&lab.watch), "");
        assert_true(migration_watch_reports(&lab.watch));
        migration_watch_deinit(&lab.watch);
        migration_watch_init(&lab.watch, lab.event, &lab.planes, &lab.recovery);

        kernel.opens_error = -EPERM;
        kernel.ends_error = -EINVAL;
        migration_watch_listen(&lab.watch);
        assert_false(migration_watch_reports(&lab.watch));
        assert_string_equal(migration_watch_fault(&lab.watch), "another process reads it");
        // It still looks, at each audit and while migrations run.
        connection_opens(49152);
        migration_watch_look(&lab.watch);
        assert_int_equal(lab.plane->n_migrations, 1);
        assert_int_equal(next_look(&lab), SECOND);
        kernel.opens_error = 0;
        migration_watch_listen(&lab.watch);
        assert_string_equal(migration_watch_fault(&lab.watch), "this kernel has no such group");
}

static void test_what_cannot_be_read_leaves_what_is_known(void **state _unused_) {
        _cleanup_lab_ Lab lab;

        lab_init(&lab);
        connection_opens(49152);
        migration_watch_look(&lab.watch);
        kernel.read_error = -EAGAIN;
        migration_watch_look(&lab.watch);
        assert_int_equal(lab.plane->n_migrations, 1);
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_without_migrations_and_reports_it_never_looks_by_itself),
                cmocka_unit_test(test_a_report_leads_to_a_few_looks_and_no_more),
                cmocka_unit_test(test_reports_in_a_flood_leave_time_between_looks),
                cmocka_unit_test(test_looks_that_take_long_are_ten_times_as_far_apart),
                cmocka_unit_test(test_while_a_migration_runs_it_looks_each_second),
                cmocka_unit_test(test_the_end_of_a_connection_leads_to_a_look),
                cmocka_unit_test(test_ends_are_those_on_the_ports_of_all_planes),
                cmocka_unit_test(test_what_cannot_be_seen_is_said),
                cmocka_unit_test(test_what_cannot_be_read_leaves_what_is_known),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
