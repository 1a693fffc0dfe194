// When migrations begin and end: reports of the kernel that lead to a look at the host's connections.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// Reports carry no state: a lost one costs a later look. The rules report a connection that opens, and the kernel one
// that ended while any migration is known. While migrations run there is a look each second, and else one at each
// audit.
#pragma once

#include <systemd/sd-event.h>

#include "base/error.h"
#include "base/util.h"
#include "firewall/nflog.h"
#include "kernel/tcp-watch.h"
#include "planes/migration-set.h"
#include "planes/peer-recovery.h"
#include "planes/plane-set.h"

typedef struct MigrationWatch {
        sd_event *event;        // not owned
        PlaneSet *planes;       // not owned
        PeerRecovery *recovery; // not owned
        MigrationSet set;
        PlanesObserver observer;

        Nflog *opens; // NULL: netfilter's log cannot be had
        sd_event_source *opens_source;
        char opens_fault[sizeof(((Error *)NULL)->text)]; // why opened connections are not reported; ""

        TcpWatch *ends; // NULL: no migration runs, or the kernel does not report ends
        sd_event_source *ends_source;
        uint16_t ends_first, ends_last;                 // ports
        char ends_fault[sizeof(((Error *)NULL)->text)]; // why ended connections are not reported; ""

        sd_event_source *timer;
        uint64_t due_usec;               // when the next look is; 0: at the next audit
        unsigned n_early;                // looks since the last report that a connection opens
        uint64_t looked_usec, took_usec; // when the last look began, and how long it took
} MigrationWatch;

void migration_watch_init(MigrationWatch *watch, sd_event *event, PlaneSet *planes, PeerRecovery *recovery);
void migration_watch_deinit(MigrationWatch *watch);

// Listens to opened connections, unless it does already. If that fails, migrations are found by the audit.
void migration_watch_listen(MigrationWatch *watch);
// Whether it listens.
bool migration_watch_reports(const MigrationWatch *watch);
// What of migrations is seen late, and why; "".
const char *migration_watch_fault(const MigrationWatch *watch);

// Finds the migrations, and looks after them once a second until there are none.
void migration_watch_look(MigrationWatch *watch);
