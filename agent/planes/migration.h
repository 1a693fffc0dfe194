// A migration that runs on a plane, as its TCP connections show it.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/inet.h"
#include "base/util.h"
#include "config/plane-config.h"
#include "engine/guest.h"
#include "engine/limit.h"
#include "kernel/tcp.h"

// What of a migration is told, while it runs and after its end. Bytes are payload of TCP, without headers and what is
// sent again.
typedef struct MigrationFigures {
        uint64_t number; // counts from the daemon's start
        bool is_outgoing;
        Address peer;
        uint16_t port;                   // that the destination listens on
        char guest[GUEST_NAME_MAX];      // ""; not known
        uint64_t began_usec, ended_usec; // of CLOCK_REALTIME; 0: it runs
        uint64_t duration_usec;
        unsigned n_connections;       // now; after the end: the most there were at once
        uint64_t bytes, retransmits;  // retransmits: segments that this host sent again
        uint64_t rate, average, peak; // bits per second; the rate and the peak over a second each
        MigrationLimit limit;         // after the end: that of most of its time
        char limit_text[LIMIT_TEXT_MAX];
} MigrationFigures;

// One connection of a migration.
typedef struct Channel {
        TcpSocket socket; // as it was last seen
        bool is_seen;     // in the look that is under way
} Channel;

typedef struct Migration {
        uint64_t number;
        bool is_outgoing;
        Address peer;
        uint16_t port;
        uint64_t cgroup; // of the first connection; 0: not known
        char guest[GUEST_NAME_MAX];
        uint64_t began_usec;   // of CLOCK_REALTIME, when it was first seen
        uint64_t seen_at_usec; // the same by the monotonic clock
        Channel *channels;
        size_t n_channels, n_allocated;
        size_t n_most; // the most there were at once
        size_t n_told; // that observers know of; 0: they do not know the migration

        uint64_t first_bytes; // that its connections had carried when they were first seen
        TcpCounters closed;   // of connections that have ended
        TcpCounters sampled;
        uint64_t sampled_at_usec;
        uint64_t rate, peak;
        bool is_sampled;  // in the look that is under way
        LimitFacts facts; // of the last sample
        MigrationLimit limit;
        char limit_text[LIMIT_TEXT_MAX];
        uint64_t limit_usec[LIMIT_MAX]; // for how long it had each
} Migration;

// NULL: memory is out. The connection is its first; the numbers are the caller's.
Migration *migration_new(const PlaneConfig *plane, const TcpSocket *connection, uint64_t now_usec);
Migration *migration_free(Migration *migration);

// Whether a connection of the plane is another channel of the migration: it has the same peer and direction, and the
// same port or the guest's cgroup, since QEMU copies disks over a port of their own.
bool migration_has_channel(const Migration *migration, const PlaneConfig *plane, const TcpSocket *connection);
Channel *migration_find_channel(Migration *migration, const TcpSocket *connection);
// 0 or -ENOMEM.
int migration_add_channel(Migration *migration, const TcpSocket *connection);
// Keeps what the channel has carried.
void migration_remove_channel(Migration *migration, size_t i);
// Measures the rate, if the last time is half a second ago. Returns whether.
bool migration_sample(Migration *migration, uint64_t now_usec);
// Judges the last sample, with the rate of all migrations of the plane in the same direction.
void migration_judge(Migration *migration, const PlaneConfig *plane, uint64_t plane_rate);
// Of a migration that has ended: what limited it for most of the time.
void migration_limit_of_most(const Migration *migration, MigrationFigures *figures);
MigrationFigures migration_figures(const Migration *migration, uint64_t now_usec);
