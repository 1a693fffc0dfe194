// What the kernel counts of the planes.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "planes/counters.h"

#include "base/error.h"
#include "base/util.h"
#include "config/plane-config.h"
#include "engine/kernel.h"
#include "firewall/chain-name.h"
#include "firewall/firewall.h"
#include "kernel/link.h"
#include "planes/plane-set.h"
#include "planes/plane.h"

int counters_read_drops(Counters *counters, const Kernel *kernel, Error *ret_error) {
        free(TAKE(counters->drops));
        counters->n_drops = 0;
        return firewall_read_counters(kernel->firewall, FIREWALL_ALL, &counters->drops, &counters->n_drops, ret_error);
}

int counters_read_bytes(Counters *counters, const Kernel *kernel, const PlaneSet *planes, Error *ret_error) {
        free(counters->bytes);
        counters->n_bytes = 0;
        counters->bytes = calloc(planes->n_planes + 1, sizeof(*counters->bytes));
        if (!counters->bytes)
                return error_set(ret_error, -ENOMEM, "out of memory");
        for (size_t i = 0; i < planes->n_planes; i++) {
                CountedBytes *bytes = &counters->bytes[counters->n_bytes];

                bytes->ifindex = planes->planes[i]->status.ifindex;
                // A device that has just gone has carried nothing.
                if (bytes->ifindex > 0 &&
                    link_read_bytes(kernel->netlink, bytes->ifindex, &bytes->sent, &bytes->received, NULL) >= 0)
                        counters->n_bytes++;
        }
        return 0;
}

void counters_deinit(Counters *counters) {
        free(counters->drops);
        free(counters->bytes);
        *counters = (Counters){};
}

const char *counters_drop_reason(const FirewallCounter *counter, const PlaneConfig *plane) {
        bool is_parents = plane->kind == PLANE_KIND_VLAN && streq(counter->link, plane->parent);
        char spelling[LINK_SPELLING_MAX];

        if (!is_parents && !streq(counter->link, plane->interface))
                return NULL;
        return counter->name + strlen(chain_name_spell_link(counter->link, spelling)) + 1;
}

CountedBytes counters_bytes(const Counters *counters, const Plane *plane) {
        for (size_t i = 0; i < counters->n_bytes; i++)
                if (counters->bytes[i].ifindex == plane->status.ifindex)
                        return counters->bytes[i];
        return (CountedBytes){};
}
