// The migration ports, closed wherever no plane is: planes with Fallback=deny.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// QEMU listens on all of the host's addresses with most stacks, so that without these rules a migration, or whoever
// finds the port open, could come in over any network. Only the segment that opens a connection is dropped: what runs
// already goes on, and so does a connection that the host itself opened from a port of the range. In the input hook, so
// that nothing is said about what is forwarded to guests and containers.

#include "firewall/fallback.h"

#include "base/inet.h"
#include "base/util.h"
#include "config/plane-config.h"
#include "firewall/chain-name.h"
#include "firewall/log-rule.h"
#include "firewall/ruleset.h"

// A stretch of ports that one plane closes.
typedef struct Closed {
        PortRange ports;
        const RulesetPlane *plane;
} Closed;

static bool covers(const PortRange *range, unsigned port) {
        return range->first <= port && port <= range->last;
}

// Who closes the port: the first plane with Fallback=deny; nobody where a plane with Fallback=allow has it too.
static const RulesetPlane *closer_of(const RulesetPlane *planes, size_t n_planes, unsigned port) {
        const RulesetPlane *closer = NULL;

        for (size_t i = 0; i < n_planes; i++) {
                if (!covers(plane_config_migration_ports(planes[i].plane), port))
                        continue;
                if (planes[i].plane->fallback == FALLBACK_ALLOW)
                        return NULL;
                closer = closer ?: &planes[i];
        }
        return closer;
}

// Where what holds of ports can change: at the first port of a plane and after its last. Two for each plane.
static unsigned start_at(const RulesetPlane *planes, size_t i) {
        const PortRange *ports = plane_config_migration_ports(planes[i / 2].plane);

        return i % 2 == 0 ? ports->first : ports->last + 1U;
}

static int compare_numbers(const void *a, const void *b) {
        return (int)(*(const unsigned *)a - *(const unsigned *)b);
}

// Returns how many stretches there are; both arrays have room for two a plane.
static size_t closed_find(const RulesetPlane *planes, size_t n_planes, unsigned *starts, Closed *closed) {
        size_t n = 0;

        for (size_t i = 0; i < 2 * n_planes; i++)
                starts[i] = start_at(planes, i);
        qsort(starts, 2 * n_planes, sizeof(*starts), compare_numbers);
        for (size_t i = 0; i + 1 < 2 * n_planes; i++) {
                const RulesetPlane *closer = starts[i] < starts[i + 1] ? closer_of(planes, n_planes, starts[i]) : NULL;
                if (closer)
                        closed[n++] = (Closed){ { (uint16_t)starts[i], (uint16_t)(starts[i + 1] - 1) }, closer };
        }
        return n;
}

// A rule for each: see set.h for why there is no map of them.
static void closed_print(const Closed *closed, FILE *file) {
        char link[LINK_SPELLING_MAX];

        (void)link_name_spell(closed->plane->plane->interface, link);
        for (MapUse use = MAP_REPORT; use < MAP_USE_MAX; use++) {
                if (!map_use_has(use, closed->plane))
                        continue;
                fprintf(file, "tcp flags & (syn | ack) == syn tcp dport %u", closed->ports.first);
                if (closed->ports.last != closed->ports.first)
                        fprintf(file, "-%u", closed->ports.last);
                fprintf(file, use == MAP_REPORT ? " jump %s-%s\n" : " counter name \"%s-%s\" drop\n", link,
                        FALLBACK_IN);
        }
}

int fallback_print(const RulesetPlane *planes, size_t n_planes, FILE *file) {
        _cleanup_free_ char *memory = calloc(2 * n_planes, sizeof(Closed) + sizeof(unsigned));
        if (!memory)
                return -ENOMEM;

        Closed *closed = (Closed *)memory;
        size_t n = closed_find(planes, n_planes, (unsigned *)(closed + 2 * n_planes), closed);
        for (size_t i = 0; i < n; i++)
                closed_print(&closed[i], file);
        return 0;
}
