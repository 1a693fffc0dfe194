// What the kernel counts of the planes.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "planes/counters.h"

#include "base/error.h"
#include "base/util.h"
#include "config/plane-config.h"
#include "engine/kernel.h"
#include "engine/migrations.h"
#include "firewall/chain-name.h"
#include "firewall/firewall.h"
#include "kernel/link.h"
#include "kernel/tcp.h"
#include "planes/plane.h"

int counters_read_connections(Counters *counters, Error *ret_error) {
        return tcp_read_established(&counters->connections, ret_error);
}

int counters_read_drops(Counters *counters, const Kernel *kernel, Error *ret_error) {
        return firewall_read_counters(kernel->firewall, &counters->drops, &counters->n_drops, ret_error);
}

void counters_deinit(Counters *counters) {
        tcp_sockets_deinit(&counters->connections);
        free(counters->drops);
        *counters = (Counters){};
}

unsigned counters_migrations(const Counters *counters, const PlaneConfig *plane) {
        return migrations_count(&counters->connections, plane);
}

const char *counters_drop_reason(const FirewallCounter *counter, const PlaneConfig *plane) {
        bool is_parents = plane->kind == PLANE_KIND_VLAN && streq(counter->link, plane->parent);
        char spelling[LINK_SPELLING_MAX];

        if (!is_parents && !streq(counter->link, plane->interface))
                return NULL;
        return counter->name + strlen(chain_name_spell_link(counter->link, spelling)) + 1;
}

void counters_read_bytes(const Kernel *kernel, const Plane *plane, uint64_t *ret_sent, uint64_t *ret_received) {
        *ret_sent = *ret_received = 0;
        if (plane->status.ifindex > 0)
                (void)link_read_bytes(kernel->netlink, plane->status.ifindex, ret_sent, ret_received, NULL);
}
