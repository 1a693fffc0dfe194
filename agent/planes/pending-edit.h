// Edits of a plane's files that would interrupt a running migration wait until it has ended: pure.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/util.h"
#include "config/plane-config.h"
#include "kernel/tcp.h"

typedef struct PendingEdit {
        char why[512];       // "": nothing waits
        PlaneConfig *wanted; // what the files say; owned; NULL: nothing waits, or the plane has no file any more
} PendingEdit;

// The key by which an edit of a plane's files would interrupt a connection of its migrations; NULL: the connection goes
// on. What makes the device another one below the same name (Parent=, VLANId=, VLANProtocol=) waits by itself, see
// engine/device.h.
const char *pending_edit_key(const TcpSocket *connection, const PlaneConfig *in_force, const PlaneConfig *wanted);

// The same for all connections of the host; "" where the plane has lost its file (wanted is NULL) and a migration runs.
const char *pending_edit_find(const TcpSockets *connections, const PlaneConfig *in_force, const PlaneConfig *wanted);

// The edit waits; takes wanted over. Logged.
void pending_edit_begin(PendingEdit *pending, const PlaneConfig *in_force, PlaneConfig *wanted, const char *key,
                        unsigned n_migrations);
void pending_edit_end(PendingEdit *pending);

static inline bool pending_edit_waits(const PendingEdit *pending) {
        return pending->why[0] != '\0';
}
