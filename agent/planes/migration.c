// A migration that runs on a plane, as its TCP connections show it.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "planes/migration.h"

#include <time.h>

#include "base/inet.h"
#include "base/util.h"
#include "config/plane-config.h"
#include "kernel/tcp.h"

#define SAMPLE_USEC UINT64_C(500000)

// Ports= can be in the range from which the kernel chooses the initiator's port, so that both ports are of Ports=.
// Those that libvirt and Proxmox listen on are the first that are free, and so most likely the lower one.
static bool is_outgoing(const PlaneConfig *plane, const TcpSocket *connection) {
        if (!plane_config_has_port(plane, connection->local_port))
                return true;
        return plane_config_has_port(plane, connection->remote_port) &&
               connection->remote_port < connection->local_port;
}

static uint16_t listening_port(const PlaneConfig *plane, const TcpSocket *connection) {
        return is_outgoing(plane, connection) ? connection->remote_port : connection->local_port;
}

static uint64_t bytes_of(const Migration *migration, const TcpCounters *counters) {
        return migration->is_outgoing ? counters->bytes_acked : counters->bytes_received;
}

static TcpCounters counters_of(const Migration *migration) {
        TcpCounters sum = migration->closed;

        for (size_t i = 0; i < migration->n_channels; i++)
                tcp_counters_add(&sum, &migration->channels[i].socket.counters);
        return sum;
}

// Bits per second; 0 for no time at all.
static uint64_t rate_of(uint64_t bytes, uint64_t usec) {
        return usec > 0 ? (uint64_t)((double)bytes * 8e6 / (double)usec) : 0;
}

Migration *migration_new(const PlaneConfig *plane, const TcpSocket *connection, uint64_t now_usec) {
        Migration *migration = calloc(1, sizeof(*migration));
        struct timespec now;

        if (!migration)
                return NULL;
        (void)clock_gettime(CLOCK_REALTIME, &now);
        *migration = (Migration){
                .is_outgoing = is_outgoing(plane, connection),
                .peer = connection->remote,
                .port = listening_port(plane, connection),
                .cgroup = connection->cgroup,
                .began_usec = (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000,
                .seen_at_usec = now_usec,
                .sampled_at_usec = now_usec,
        };
        if (migration_add_channel(migration, connection) < 0)
                return migration_free(migration);
        migration->sampled = connection->counters;
        return migration;
}

Migration *migration_free(Migration *migration) {
        if (migration)
                free(migration->channels);
        free(migration);
        return NULL;
}

bool migration_has_channel(const Migration *migration, const PlaneConfig *plane, const TcpSocket *connection) {
        // Also where both ports are of Ports=, and is_outgoing can be wrong.
        uint16_t port = migration->is_outgoing ? connection->remote_port : connection->local_port;

        return address_compare(&migration->peer, &connection->remote) == 0 &&
               (migration->port == port || (migration->is_outgoing == is_outgoing(plane, connection) &&
                                            migration->guest[0] && migration->cgroup == connection->cgroup));
}

Channel *migration_find_channel(Migration *migration, const TcpSocket *connection) {
        for (size_t i = 0; i < migration->n_channels; i++) {
                const TcpSocket *socket = &migration->channels[i].socket;
                if (socket->cookie == connection->cookie && socket->local_port == connection->local_port &&
                    socket->remote_port == connection->remote_port &&
                    address_compare(&socket->remote, &connection->remote) == 0)
                        return &migration->channels[i];
        }
        return NULL;
}

int migration_add_channel(Migration *migration, const TcpSocket *connection) {
        if (array_reserve(&migration->channels, &migration->n_allocated, migration->n_channels + 1) < 0)
                return -ENOMEM;
        migration->channels[migration->n_channels++] = (Channel){ .socket = *connection, .is_seen = true };
        if (migration->n_channels > migration->n_most)
                migration->n_most = migration->n_channels;
        migration->first_bytes += bytes_of(migration, &connection->counters);
        return 0;
}

void migration_remove_channel(Migration *migration, size_t i) {
        tcp_counters_add(&migration->closed, &migration->channels[i].socket.counters);
        migration->channels[i] = migration->channels[--migration->n_channels];
}

// A connection that has come since the last sample may have counted before.
static uint64_t grown(uint64_t before, uint64_t now) {
        return now > before ? now - before : 0;
}

bool migration_sample(Migration *migration, uint64_t now_usec) {
        const TcpCounters before = migration->sampled, now = counters_of(migration);
        uint64_t usec = now_usec - migration->sampled_at_usec;

        if (usec < SAMPLE_USEC)
                return false;
        migration->rate = rate_of(grown(bytes_of(migration, &before), bytes_of(migration, &now)), usec);
        if (migration->rate > migration->peak)
                migration->peak = migration->rate;
        migration->facts = (LimitFacts){
                .is_outgoing = migration->is_outgoing,
                .usec = usec * migration->n_channels,
                .busy_usec = grown(before.busy_usec, now.busy_usec),
                .window_usec = grown(before.window_usec, now.window_usec),
                .buffer_usec = grown(before.buffer_usec, now.buffer_usec),
                .retransmits = grown(before.retransmits, now.retransmits),
                .out_of_order = grown(before.out_of_order, now.out_of_order),
        };
        for (size_t i = 0; i < migration->n_channels; i++) {
                const TcpSocket *socket = &migration->channels[i].socket;
                migration->facts.unread_bytes += socket->unread_bytes;
                if (socket->round_trip_usec > migration->facts.round_trip_usec)
                        migration->facts.round_trip_usec = socket->round_trip_usec;
        }
        migration->sampled_at_usec = now_usec;
        migration->sampled = now;
        return true;
}

void migration_judge(Migration *migration, const PlaneConfig *plane, uint64_t plane_rate) {
        LimitFacts *facts = &migration->facts;

        facts->plane_rate = plane_rate;
        facts->cap = migration->is_outgoing ? plane->egress : plane->ingress;
        migration->limit = limit_assess(facts, migration->limit_text);
        if (migration->n_channels > 0)
                migration->limit_usec[migration->limit] += facts->usec / migration->n_channels;
}

void migration_limit_of_most(const Migration *migration, MigrationFigures *figures) {
        figures->limit = LIMIT_UNKNOWN;
        for (MigrationLimit limit = LIMIT_UNKNOWN + 1; limit < LIMIT_MAX; limit++)
                if (migration->limit_usec[limit] > migration->limit_usec[figures->limit])
                        figures->limit = limit;
        if (figures->limit != migration->limit)
                figures->limit_text[0] = '\0'; // which was about the end
}

MigrationFigures migration_figures(const Migration *migration, uint64_t now_usec) {
        const TcpCounters counters = counters_of(migration);
        uint64_t duration_usec = now_usec - migration->seen_at_usec;
        MigrationFigures figures = {
                .number = migration->number,
                .is_outgoing = migration->is_outgoing,
                .peer = migration->peer,
                .port = migration->port,
                .began_usec = migration->began_usec,
                .duration_usec = duration_usec,
                .n_connections = (unsigned)migration->n_channels,
                .bytes = bytes_of(migration, &counters),
                .retransmits = counters.retransmits,
                .rate = migration->rate,
                .peak = migration->peak,
                .limit = migration->limit,
        };

        strcpy_fixed(figures.guest, migration->guest);
        strcpy_fixed(figures.limit_text, migration->limit_text);
        figures.average = rate_of(grown(migration->first_bytes, figures.bytes), duration_usec);
        if (figures.peak < figures.average)
                figures.peak = figures.average;
        return figures;
}
