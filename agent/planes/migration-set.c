// The migrations that run on all planes, and those that have ended.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "planes/migration-set.h"

#include <inttypes.h>
#include <time.h>

#include "base/inet.h"
#include "base/log.h"
#include "base/text.h"
#include "base/util.h"
#include "engine/guest.h"
#include "engine/migrations.h"
#include "kernel/cgroup.h"
#include "kernel/tcp.h"
#include "planes/journal.h"
#include "planes/migration.h"
#include "planes/off-plane.h"
#include "planes/plane-set.h"
#include "planes/plane.h"

// journalctl MESSAGE_ID=...
#define MESSAGE_ID_BEGAN "e399992548b5483eb743b6d29bc0be65"
#define MESSAGE_ID_ENDED "971c0b7792474af9b88dcfff1efa5d8e"

// --- the log ---

static void fields_add(JournalFields *fields, const Plane *plane, const MigrationFigures *figures) {
        char peer[ADDRESS_TEXT_MAX];

        journal_field_add(fields, "MIGPLANE_PLANE", plane->config->name);
        journal_field_add_number(fields, "MIGPLANE_MIGRATION", figures->number);
        journal_field_add(fields, "MIGPLANE_DIRECTION", figures->is_outgoing ? "outgoing" : "incoming");
        journal_field_add(fields, "MIGPLANE_PEER", address_format(&figures->peer, peer));
        journal_field_add_number(fields, "MIGPLANE_PORT", figures->port);
        journal_field_add(fields, "MIGPLANE_GUEST", figures->guest);
}

// "outgoing migration of web1 to 192.0.2.1, port 49152"
static const char *name_format(const MigrationFigures *figures, char *ret, size_t size) {
        char peer[ADDRESS_TEXT_MAX];

        text_format(ret, size, "%s migration%s%s %s %s, port %u", figures->is_outgoing ? "outgoing" : "incoming",
                    figures->guest[0] ? " of " : "", figures->guest, figures->is_outgoing ? "to" : "from",
                    address_format(&figures->peer, peer), figures->port);
        return ret;
}

static void log_began(const Plane *plane, const MigrationFigures *figures) {
        char line[JOURNAL_LINE_MAX], name[JOURNAL_LINE_MAX / 2];
        JournalFields fields = {};

        fields_add(&fields, plane, figures);
        text_format(line, sizeof(line), "%s: %s begins", plane->config->name, name_format(figures, name, sizeof(name)));
        journal_send(&fields, MESSAGE_ID_BEGAN, line);
}

static void log_ended(const Plane *plane, const MigrationFigures *figures) {
        char line[JOURNAL_LINE_MAX], name[JOURNAL_LINE_MAX / 2];
        JournalFields fields = {};

        fields_add(&fields, plane, figures);
        journal_field_add_number(&fields, "MIGPLANE_DURATION_USEC", figures->duration_usec);
        journal_field_add_number(&fields, "MIGPLANE_BYTES", figures->bytes);
        journal_field_add_number(&fields, "MIGPLANE_AVERAGE_BITS_PER_SECOND", figures->average);
        journal_field_add_number(&fields, "MIGPLANE_PEAK_BITS_PER_SECOND", figures->peak);
        journal_field_add_number(&fields, "MIGPLANE_RETRANSMITS", figures->retransmits);
        journal_field_add_number(&fields, "MIGPLANE_CONNECTIONS", figures->n_connections);
        journal_field_add(&fields, "MIGPLANE_LIMIT", limit_to_string(figures->limit));
        text_format(line, sizeof(line),
                    "%s: %s has ended: %.1f MB in %.1f s, %.1f Mbit/s on average and %.1f at most, %" PRIu64
                    " segments sent again",
                    plane->config->name, name_format(figures, name, sizeof(name)), (double)figures->bytes / 1e6,
                    (double)figures->duration_usec / 1e6, (double)figures->average / 1e6, (double)figures->peak / 1e6,
                    figures->retransmits);
        journal_send(&fields, MESSAGE_ID_ENDED, line);
}

// --- begin and end ---

static const CgroupGuest *guest_of(MigrationSet *set, uint64_t cgroup) {
        char path[CGROUP_PATH_MAX];

        for (size_t i = 0; i < ELEMENTSOF(set->guests); i++)
                if (set->guests[i].cgroup == cgroup)
                        return &set->guests[i];
        CgroupGuest *kept = &set->guests[set->next_guest];
        set->next_guest = (set->next_guest + 1) % ELEMENTSOF(set->guests);
        *kept = (CgroupGuest){ .cgroup = cgroup };
        if (cgroup_find(cgroup, path) > 0) {
                (void)guest_from_cgroup(path, kept->guest);
                kept->is_libvirt = guest_is_libvirt(path);
        }
        return kept;
}

static void migration_begin(MigrationSet *set, Plane *plane, const TcpSocket *connection, uint64_t now_usec) {
        if (array_reserve(&set->running, &set->n_allocated, set->n_running + 1) < 0)
                return; // tried again at the next look
        Migration *migration = migration_new(plane->config, connection, now_usec);
        if (!migration)
                return;
        migration->number = ++set->last_number;
        if (connection->cgroup)
                strcpy_fixed(migration->guest, guest_of(set, connection->cgroup)->guest);
        set->running[set->n_running++] = (RunningMigration){ migration, plane };
}

// Of a migration that has just been found: all of its connections are known by now.
static void began_tell(const MigrationSet *set, const RunningMigration *running, uint64_t now_usec) {
        const MigrationFigures figures = migration_figures(running->migration, now_usec);

        log_began(running->plane, &figures);
        if (set->observer && set->observer->began)
                set->observer->began(running->migration, set->observer->userdata);
}

static void changes_tell(const MigrationSet *set, const RunningMigration *running, uint64_t now_usec) {
        Migration *migration = running->migration;
        size_t n_told = migration->n_told;

        migration->n_told = migration->n_channels;
        if (n_told == 0)
                began_tell(set, running, now_usec);
        else if (n_told != migration->n_channels && set->observer && set->observer->changed)
                set->observer->changed(migration, set->observer->userdata);
}

static void migration_end(MigrationSet *set, size_t i, uint64_t now_usec) {
        Migration *migration = set->running[i].migration;
        Plane *plane = set->running[i].plane;
        MigrationFigures figures = migration_figures(migration, now_usec);
        struct timespec now;

        (void)clock_gettime(CLOCK_REALTIME, &now);
        figures.ended_usec = (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
        figures.n_connections = (unsigned)migration->n_most;
        figures.rate = 0;
        migration_limit_of_most(migration, &figures);
        migration_history_add(&plane->history, &figures);
        log_ended(plane, &figures);
        memmove(&set->running[i], &set->running[i + 1], (--set->n_running - i) * sizeof(*set->running));
        if (set->observer && set->observer->ended)
                set->observer->ended(migration, plane, &figures, set->observer->userdata);
        migration_free(migration);
}

static void counts_store(const MigrationSet *set) {
        for (size_t i = 0; i < set->planes->n_planes; i++) {
                Plane *plane = set->planes->planes[i];
                unsigned n = 0;

                for (size_t j = 0; j < set->n_running; j++)
                        n += set->running[j].plane == plane;
                planes_store_migrations(set->planes, plane, n);
        }
}

void migration_set_deinit(MigrationSet *set) {
        for (size_t i = 0; i < set->n_running; i++)
                migration_free(set->running[i].migration);
        free(set->running);
        off_planes_deinit(&set->off_plane);
        *set = (MigrationSet){};
}

// --- a look ---

static void connection_see(MigrationSet *set, Plane *plane, const TcpSocket *connection, uint64_t now_usec) {
        Migration *same = NULL;

        for (size_t i = 0; i < set->n_running; i++) {
                Migration *migration = set->running[i].migration;
                Channel *channel =
                        set->running[i].plane == plane ? migration_find_channel(migration, connection) : NULL;
                if (channel) {
                        // One that is being closed has ended, with what it has carried.
                        *channel = (Channel){ .socket = *connection, .is_seen = !connection->is_closing };
                        return;
                }
                if (!same && set->running[i].plane == plane &&
                    migration_has_channel(migration, plane->config, connection))
                        same = migration;
        }
        if (connection->is_closing)
                return;
        if (!same)
                migration_begin(set, plane, connection, now_usec);
        else
                (void)migration_add_channel(same, connection);
}

static Plane *plane_of(const MigrationSet *set, const TcpSocket *connection) {
        for (size_t i = 0; i < set->planes->n_planes; i++)
                if (migrations_include(connection, set->planes->planes[i]->config))
                        return set->planes->planes[i];
        return NULL;
}

static void looks_begin(const MigrationSet *set) {
        for (size_t i = 0; i < set->n_running; i++)
                for (size_t j = 0; j < set->running[i].migration->n_channels; j++)
                        set->running[i].migration->channels[j].is_seen = false;
}

static void unseen_remove(Migration *migration) {
        for (size_t i = migration->n_channels; i-- > 0;)
                if (!migration->channels[i].is_seen)
                        migration_remove_channel(migration, i);
}

static void off_plane_look(MigrationSet *set, const TcpSockets *connections) {
        OffPlanes before = set->off_plane;
        bool is_changed = false;

        set->off_plane = (OffPlanes){};
        for (size_t i = 0; i < connections->n_sockets; i++) {
                const TcpSocket *connection = &connections->sockets[i];
                if (connection->is_closing || !off_plane_may_be(set->planes, connection) || plane_of(set, connection))
                        continue;
                const CgroupGuest *maker = guest_of(set, connection->cgroup);
                if (maker->guest[0] || maker->is_libvirt)
                        off_plane_add(&set->off_plane, set->planes, connection, maker->guest);
        }
        for (size_t i = 0; i < set->off_plane.n_entries; i++) {
                OffPlane *entry = &set->off_plane.entries[i];
                const OffPlane *known = off_plane_find(&before, entry);

                is_changed |= !known;
                if (known)
                        *entry = *known;
                else
                        off_plane_tell(entry, set->netlink);
        }
        is_changed |= before.n_entries != set->off_plane.n_entries;
        off_planes_deinit(&before);
        if (is_changed && set->observer && set->observer->off_plane)
                set->observer->off_plane(set->observer->userdata);
}

// The rates first: what limits one depends on all of its plane.
static void samples_take(const MigrationSet *set, uint64_t now_usec) {
        for (size_t i = 0; i < set->n_running; i++)
                set->running[i].migration->is_sampled = migration_sample(set->running[i].migration, now_usec);
        for (size_t i = 0; i < set->n_running; i++) {
                const RunningMigration *running = &set->running[i];
                uint64_t rate = 0;

                if (!running->migration->is_sampled)
                        continue;
                for (size_t j = 0; j < set->n_running; j++)
                        if (set->running[j].plane == running->plane &&
                            set->running[j].migration->is_outgoing == running->migration->is_outgoing)
                                rate += set->running[j].migration->rate;
                migration_judge(running->migration, running->plane->config, rate);
        }
}

void migration_set_look(MigrationSet *set, const TcpSockets *connections, uint64_t now_usec) {
        looks_begin(set);
        for (size_t i = 0; i < connections->n_sockets; i++) {
                Plane *plane = plane_of(set, &connections->sockets[i]);
                if (plane)
                        connection_see(set, plane, &connections->sockets[i], now_usec);
        }
        off_plane_look(set, connections);
        for (size_t i = set->n_running; i-- > 0;) {
                Migration *migration = set->running[i].migration;

                unseen_remove(migration);
                if (migration->n_channels == 0)
                        migration_end(set, i, now_usec);
                else
                        changes_tell(set, &set->running[i], now_usec);
        }
        samples_take(set, now_usec);
        counts_store(set);
}

void migration_set_end_connection(MigrationSet *set, const TcpSocket *ended, uint64_t now_usec) {
        for (size_t i = 0; i < set->n_running; i++) {
                Migration *migration = set->running[i].migration;
                Channel *channel = migration_find_channel(migration, ended);

                if (!channel)
                        continue;
                if (ended->has_counters)
                        channel->socket = *ended;
                migration_remove_channel(migration, (size_t)(channel - migration->channels));
                if (migration->n_channels == 0) {
                        migration_end(set, i, now_usec);
                        counts_store(set);
                } else {
                        changes_tell(set, &set->running[i], now_usec);
                }
                return;
        }
}

void migration_set_forget(MigrationSet *set, const Plane *plane, uint64_t now_usec) {
        for (size_t i = set->n_running; i-- > 0;)
                if (set->running[i].plane == plane)
                        migration_end(set, i, now_usec);
}
