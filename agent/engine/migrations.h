// The migrations that are running on a plane, as the host's TCP connections tell.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "base/inet.h"
#include "base/util.h"
#include "config/plane-config.h"

// One established TCP connection.
typedef struct Flow {
        Address local, remote;
        uint16_t local_port, remote_port;
        bool is_unanswered; // this host is sending something again
} Flow;

typedef struct FlowList {
        Flow *flows;
        size_t n_flows, n_allocated;
} FlowList;

// All that the host has. Source: sock_diag.
int flows_read(FlowList *ret, Error *ret_error);
// The sockets that listen; they have no remote end.
int flows_read_listening(FlowList *ret, Error *ret_error);
void flows_deinit(FlowList *list);
#define _cleanup_flows_ _cleanup_(flows_deinit)

// Whether it is a connection between an address of the plane and a port of Ports= on either side.
bool flow_is_of_plane(const Flow *flow, const PlaneConfig *plane);

// Counts connections between an address of the plane and a port of Ports= on either side; those of one peer, in one
// direction, to one port are the channels of one migration.
unsigned flows_count_migrations(const FlowList *list, const PlaneConfig *plane);
