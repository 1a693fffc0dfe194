// Rules that close the migration ports on networks that are no plane.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// With most stacks QEMU listens on all addresses of the host. Without these rules a migration, or anybody who finds the
// port open, could come in over any network. Only the segment that opens a connection is refused, so that running
// connections continue, and those that the host itself opens from a port of the range. The rules are in the input hook,
// so that they do not touch what is forwarded to guests and containers.
//
// If the segment were dropped, an initiator would wait for two minutes. A closed port answers with a reset too, so a
// scan finds nothing new. Earlier rules of the chain handle segments that arrive on a plane or are for its address.

#include "firewall/fallback.h"

#include "firewall/chain-name.h"
#include "firewall/log-rule.h"

// The first plane with Fallback=deny whose range contains the port; NULL where the range of a plane with Fallback=allow
// contains it too.
static const RulesetPlane *closer_of(const RulesetPlane *planes, size_t n_planes, uint16_t port) {
        const RulesetPlane *closer = NULL;

        for (size_t i = 0; i < n_planes; i++) {
                if (!port_range_contains(plane_config_migration_ports(planes[i].plane), port))
                        continue;
                if (planes[i].plane->fallback == FALLBACK_ALLOW)
                        return NULL;
                closer = closer ?: &planes[i];
        }
        return closer;
}

// The ports where closer_of may change, two for each plane: the first port of its range, and the one after its last.
static unsigned change_at(const RulesetPlane *planes, size_t i) {
        const PortRange *ports = plane_config_migration_ports(planes[i / 2].plane);

        return i % 2 == 0 ? ports->first : ports->last + 1U;
}

static int compare_numbers(const void *a, const void *b) {
        return (int)(*(const unsigned *)a - *(const unsigned *)b);
}

EventRate fallback_report_rate(const RulesetPlane *plane) {
        if (plane->plane->fallback == FALLBACK_ALLOW || !plane->reports)
                return (EventRate){};
        return log_rule_rate(plane).count > 0 ? log_rule_rate(plane) : (EventRate){ .count = 10, .seconds = 60 };
}

static void print_match(unsigned first, unsigned last, FILE *file) {
        fprintf(file, "tcp flags & (syn | ack) == syn tcp dport %u", first);
        if (last != first)
                fprintf(file, "-%u", last);
}

// A rule for each range, because a map from ranges would be one of intervals (element-set.h).
static void print_closed(const RulesetPlane *plane, unsigned first, unsigned last, FILE *file) {
        char link[LINK_SPELLING_MAX];

        (void)chain_name_spell_link(plane->plane->interface, link);
        if (fallback_report_rate(plane).count > 0) {
                print_match(first, last, file);
                fprintf(file, " jump %s-" FALLBACK_IN "\n", link);
        }
        print_match(first, last, file);
        // A plane whose file cannot be read may be on any device, so its ports send no answer.
        fprintf(file, " counter name \"%s-" FALLBACK_IN "\" %s\n", link,
                plane->is_plain || plane->plane->is_unread ? "drop" : "reject with tcp reset");
}

int fallback_print(const RulesetPlane *planes, size_t n_planes, FILE *file) {
        _cleanup_free_ unsigned *changes = calloc(2 * n_planes, sizeof(unsigned));
        if (!changes)
                return -ENOMEM;

        for (size_t i = 0; i < 2 * n_planes; i++)
                changes[i] = change_at(planes, i);
        qsort(changes, 2 * n_planes, sizeof(*changes), compare_numbers);
        for (size_t i = 0; i + 1 < 2 * n_planes; i++) {
                unsigned first = changes[i], end = changes[i + 1];
                const RulesetPlane *closer = first < end ? closer_of(planes, n_planes, (uint16_t)first) : NULL;

                if (closer)
                        print_closed(closer, first, end - 1, file);
        }
        return 0;
}
