// The migrations that run on a plane.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "engine/migrations.h"

#include "base/inet.h"
#include "base/util.h"
#include "config/plane-config.h"
#include "kernel/tcp.h"

bool migrations_include(const TcpSocket *connection, const PlaneConfig *plane) {
        return plane_config_has_address(plane, &connection->local) &&
               (plane_config_has_port(plane, connection->local_port) ||
                plane_config_has_port(plane, connection->remote_port));
}

// Channels of one migration have the same peer, direction and listening port. Ports= can be in the range from which the
// kernel chooses the other port, so that both ports may be of Ports=.
static bool same_migration(const PlaneConfig *plane, const TcpSocket *a, const TcpSocket *b) {
        return address_compare(&a->remote, &b->remote) == 0 &&
               ((a->remote_port == b->remote_port && plane_config_has_port(plane, a->remote_port)) ||
                (a->local_port == b->local_port && plane_config_has_port(plane, a->local_port)));
}

unsigned migrations_count(const TcpSockets *connections, const PlaneConfig *plane) {
        unsigned n = 0;

        for (size_t i = 0; i < connections->n_sockets; i++) {
                const TcpSocket *connection = &connections->sockets[i];
                if (!migrations_include(connection, plane))
                        continue;
                bool counted = false;
                for (size_t j = 0; j < i && !counted; j++)
                        counted = migrations_include(&connections->sockets[j], plane) &&
                                  same_migration(plane, connection, &connections->sockets[j]);
                n += !counted;
        }
        return n;
}
