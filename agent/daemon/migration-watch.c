// When migrations begin and end.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "daemon/migration-watch.h"

#include <sys/epoll.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/names.h"
#include "base/util.h"
#include "config/plane-config.h"
#include "engine/migrations.h"
#include "firewall/nflog.h"
#include "kernel/tcp-watch.h"
#include "kernel/tcp.h"
#include "planes/peer-recovery.h"
#include "planes/plane-set.h"
#include "planes/plane.h"

#define MSEC UINT64_C(1000)
#define RUNNING_USEC (1000 * MSEC)
#define RUNNING_ACCURACY_USEC (50 * MSEC)
// From one look to the next, so that neither a flood of reports nor many connections keep the daemon from its other
// work.
#define SPACE_USEC (10 * MSEC)
enum { SPACE_LOOKS = 10 }; // and as many times as long as the last one took
#define REPORT_USEC (1 * MSEC)

// A report comes before the connection is established: by the time of one answer from the peer, or by a few
// microseconds. So the looks after it are these apart.
static const uint64_t early_usec[] = { 4 * MSEC, 16 * MSEC, 64 * MSEC, 256 * MSEC };

static void on_plane_removed(Plane *plane, void *userdata) {
        MigrationWatch *watch = userdata;

        migration_set_forget(&watch->set, plane, clock_now_usec());
}

void migration_watch_init(MigrationWatch *watch, sd_event *event, PlaneSet *planes, PeerRecovery *recovery) {
        *watch = (MigrationWatch){
                .event = event,
                .planes = planes,
                .recovery = recovery,
                .n_early = ELEMENTSOF(early_usec),
                .set = { .planes = planes, .netlink = recovery->netlink },
                .observer = { .removed = on_plane_removed, .userdata = watch },
        };
        planes_observe(planes, &watch->observer);
}

static void opens_close(MigrationWatch *watch) {
        watch->opens_source = sd_event_source_unref(watch->opens_source);
        watch->opens = nflog_free(watch->opens);
}

static void ends_close(MigrationWatch *watch) {
        watch->ends_source = sd_event_source_unref(watch->ends_source);
        watch->ends = tcp_watch_free(watch->ends);
}

void migration_watch_deinit(MigrationWatch *watch) {
        watch->timer = sd_event_source_unref(watch->timer);
        ends_close(watch);
        opens_close(watch);
        if (watch->planes)
                planes_unobserve(watch->planes, &watch->observer);
        migration_set_deinit(&watch->set);
}

// --- the next look ---

static int on_timer(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata) {
        MigrationWatch *watch = userdata;

        watch->due_usec = 0;
        migration_watch_look(watch);
        return 0;
}

static void timer_set(MigrationWatch *watch, uint64_t usec, uint64_t accuracy_usec) {
        watch->due_usec = usec;
        if (!watch->timer) {
                (void)sd_event_add_time(watch->event, &watch->timer, CLOCK_MONOTONIC, usec, accuracy_usec, on_timer,
                                        watch);
                return;
        }
        (void)sd_event_source_set_time(watch->timer, usec);
        (void)sd_event_source_set_time_accuracy(watch->timer, accuracy_usec);
        (void)sd_event_source_set_enabled(watch->timer, SD_EVENT_ONESHOT);
}

static uint64_t after_look(const MigrationWatch *watch, uint64_t usec) {
        uint64_t space_usec = SPACE_LOOKS * watch->took_usec;

        return watch->looked_usec + (usec > space_usec ? usec : space_usec);
}

static void look_soon(MigrationWatch *watch) {
        uint64_t usec = clock_now_usec() + REPORT_USEC, first = after_look(watch, SPACE_USEC);

        usec = usec > first ? usec : first;
        if (watch->due_usec == 0 || usec < watch->due_usec)
                timer_set(watch, usec, 1);
}

static void next_arrange(MigrationWatch *watch, bool is_running) {
        if (watch->n_early < ELEMENTSOF(early_usec))
                timer_set(watch, after_look(watch, early_usec[watch->n_early++]), 1);
        else if (is_running)
                timer_set(watch, after_look(watch, RUNNING_USEC), RUNNING_ACCURACY_USEC);
}

// --- opened connections ---

static void on_open(const LogReport *report _unused_, void *userdata) {
        MigrationWatch *watch = userdata;

        watch->n_early = 0;
}

static void opens_open(MigrationWatch *watch);

static int on_opens(sd_event_source *source _unused_, int fd _unused_, uint32_t revents _unused_, void *userdata) {
        MigrationWatch *watch = userdata;

        // An error would switch the source off for good.
        if (nflog_dispatch(watch->opens, on_open, watch) < 0) {
                opens_close(watch);
                opens_open(watch);
        }
        look_soon(watch);
        return 0;
}

static void opens_open(MigrationWatch *watch) {
        Error error = {};

        int r = nflog_new(OUR_OPENS_LOG_GROUP, &watch->opens, &error);
        if (r >= 0)
                r = sd_event_add_io(watch->event, &watch->opens_source, nflog_fd(watch->opens), EPOLLIN, on_opens,
                                    watch);
        if (r < 0) {
                opens_close(watch);
                if (!error.text[0])
                        (void)error_set(&error, r, "cannot watch netfilter's log: %s", strerror(-r));
        }
        strcpy_fixed(watch->opens_fault, error.text);
}

void migration_watch_listen(MigrationWatch *watch) {
        if (!watch->opens)
                opens_open(watch);
}

bool migration_watch_reports(const MigrationWatch *watch) {
        return watch->opens;
}

const char *migration_watch_fault(const MigrationWatch *watch) {
        return watch->opens_fault[0] ? watch->opens_fault : watch->ends_fault;
}

// --- ended connections ---

// The look finds what was lost, and leaves the group after the last end.
static void on_end(const TcpSocket *ended, void *userdata) {
        MigrationWatch *watch = userdata;

        if (ended)
                migration_set_end_connection(&watch->set, ended, clock_now_usec());
        look_soon(watch);
}

static int on_ends(sd_event_source *source _unused_, int fd _unused_, uint32_t revents _unused_, void *userdata) {
        MigrationWatch *watch = userdata;

        if (tcp_watch_dispatch(watch->ends, on_end, watch) < 0)
                ends_close(watch); // until the next look
        return 0;
}

// The ports of all planes, as one range.
static void ports_span(const PlaneSet *planes, uint16_t *ret_first, uint16_t *ret_last) {
        *ret_first = UINT16_MAX;
        *ret_last = 0;
        for (size_t i = 0; i < planes->n_planes; i++) {
                const PlaneConfig *config = planes->planes[i]->config;
                for (size_t j = 0; j < config->n_ports; j++) {
                        if (config->ports[j].first < *ret_first)
                                *ret_first = config->ports[j].first;
                        if (config->ports[j].last > *ret_last)
                                *ret_last = config->ports[j].last;
                }
        }
}

static void ends_open(MigrationWatch *watch) {
        Error error = {};

        int r = tcp_watch_new(watch->ends_first, watch->ends_last, &watch->ends, &error);
        if (r >= 0)
                r = sd_event_add_io(watch->event, &watch->ends_source, tcp_watch_fd(watch->ends), EPOLLIN, on_ends,
                                    watch);
        if (r < 0)
                ends_close(watch);
        strcpy_fixed(watch->ends_fault, error.text);
}

// Listens while migrations run, and not longer: the kernel makes a report for each of the host's connections. Returns
// whether it has just begun to listen, so that an end before that is not known.
static bool ends_update(MigrationWatch *watch, uint16_t first, uint16_t last) {
        bool is_running = watch->set.n_running > 0;

        if (!is_running || first != watch->ends_first || last != watch->ends_last)
                ends_close(watch);
        if (!is_running || watch->ends)
                return false;
        watch->ends_first = first;
        watch->ends_last = last;
        ends_open(watch);
        return watch->ends;
}

// --- a look ---

void migration_watch_look(MigrationWatch *watch) {
        _cleanup_tcp_sockets_ TcpSockets connections = {};
        uint16_t first, last;
        Error error = {};

        watch->looked_usec = clock_now_usec();
        ports_span(watch->planes, &first, &last);
        if (tcp_read_on_ports(first, last, &connections, &error) < 0) {
                log_debug("%s", error.text);
                return;
        }
        peer_recovery_look(watch->recovery, &connections);
        migration_set_look(&watch->set, &connections, watch->looked_usec);
        watch->took_usec = clock_now_usec() - watch->looked_usec;
        if (ends_update(watch, first, last))
                look_soon(watch);
        else
                next_arrange(watch, watch->set.n_running > 0);
}
