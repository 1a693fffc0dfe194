// The migrations that are running on a plane, as its TCP connections tell.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "config.h"

// Counts connections between an address of the plane and a port of Ports= on either side; those of one peer, in one
// direction, to one port are the channels of one migration. Source: sock_diag.
int flows_count_migrations(const PlaneConfig *plane, unsigned *ret_n, Error *ret_error);
