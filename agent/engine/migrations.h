// The migrations that run on a plane, as the host's TCP connections show them.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/util.h"
#include "config/plane-config.h"
#include "kernel/tcp.h"

// Whether the connection is part of a migration: it has an address of the plane, and a port of Ports= on either side.
bool migrations_include(const TcpSocket *connection, const PlaneConfig *plane);

// Counts the migrations of a plane: its connections with one peer, in one direction, to one port are the channels of
// one migration.
unsigned migrations_count(const TcpSockets *connections, const PlaneConfig *plane);
