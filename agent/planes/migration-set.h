// The migrations that run on all planes, and those that have ended.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/util.h"
#include "kernel/tcp.h"
#include "netlink/request.h"
#include "planes/migration.h"
#include "planes/off-plane.h"
#include "planes/plane-set.h"
#include "planes/plane.h"

// Any function may be NULL.
typedef struct MigrationsObserver {
        void (*began)(const Migration *migration, void *userdata);
        void (*ended)(const Migration *migration, const Plane *plane, const MigrationFigures *figures, void *userdata);
        void (*changed)(const Migration *migration, void *userdata); // another number of connections
        void (*off_plane)(void *userdata);                           // other migrations are off the planes
        void *userdata;
} MigrationsObserver;

// A migration and its plane. The plane outlives it, see migration_set_forget.
typedef struct RunningMigration {
        Migration *migration;
        Plane *plane;
} RunningMigration;

typedef struct CgroupGuest {
        uint64_t cgroup; // 0: free
        char guest[GUEST_NAME_MAX];
        bool is_libvirt;
} CgroupGuest;

typedef struct MigrationSet {
        Netlink *netlink; // not owned; NULL: interfaces are not looked up
        OffPlanes off_plane;
        PlaneSet *planes;          // not owned
        RunningMigration *running; // in the order of their numbers
        size_t n_running, n_allocated;
        uint64_t last_number;
        CgroupGuest guests[16]; // that were asked for last
        size_t next_guest;
        const MigrationsObserver *observer; // not owned; NULL: none
} MigrationSet;

void migration_set_deinit(MigrationSet *set);

// Brings the migrations up to date with the host's established connections. Logs and announces what has changed, and
// stores the number of migrations of each plane.
void migration_set_look(MigrationSet *set, const TcpSockets *connections, uint64_t now_usec);
// A connection has ended, with what it has carried to the last byte.
void migration_set_end_connection(MigrationSet *set, const TcpSocket *ended, uint64_t now_usec);
// The plane is about to go: its migrations end.
void migration_set_forget(MigrationSet *set, const Plane *plane, uint64_t now_usec);
