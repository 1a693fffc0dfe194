// Migrations that run on an interface that is no plane's.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// Migration ports lie in the range from which the kernel takes ports for all programs. So only connections of a guest's
// QEMU and of libvirt count, which their cgroup tells, and only where the other port is not that of a service.
#pragma once

#include <net/if.h>

#include "base/inet.h"
#include "base/util.h"
#include "engine/guest.h"
#include "kernel/tcp.h"
#include "netlink/request.h"
#include "planes/plane-set.h"

enum { OFF_PLANE_MAX = 64 }; // more are not told

typedef struct OffPlane {
        bool is_outgoing;
        Address local, peer;
        uint16_t port;
        char guest[GUEST_NAME_MAX]; // "": libvirt made the connection
        char interface[IFNAMSIZ];   // that has the local address; "": none, or it is not known
} OffPlane;

typedef struct OffPlanes {
        OffPlane *entries;
        size_t n_entries, n_allocated;
} OffPlanes;

// Whether a connection that is no plane's may be a migration: its ports and addresses.
bool off_plane_may_be(const PlaneSet *planes, const TcpSocket *connection);
// Adds the connection's migration, unless it is there.
void off_plane_add(OffPlanes *found, const PlaneSet *planes, const TcpSocket *connection, const char *guest);
// The same migration among others, or NULL.
const OffPlane *off_plane_find(const OffPlanes *others, const OffPlane *entry);
// Fills in the interface, and logs.
void off_plane_tell(OffPlane *entry, Netlink *netlink);
void off_planes_deinit(OffPlanes *found);
