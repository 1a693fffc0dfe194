// Rules that drop what belongs to a plane and is not on it.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "firewall/elsewhere.h"

#include "base/inet.h"
#include "base/text-file.h"
#include "firewall/element-set.h"
#include "firewall/map-rule.h"

// How often a network is cut in half to leave out what another link has. Each cut is a prefix length more, and so a
// rule more for every packet of the host.
enum { CUTS_MAX = 12 };

// Adds what no other link has of a network. A part that could be cut further is left out as a whole.
static int network_add(const RulesetPlane *plane, const Prefix *network, unsigned n_cuts, ElementSet *ret) {
        Prefix half = prefix_network(network);
        bool is_whole = true;

        for (size_t i = 0; i < plane->n_overlaps; i++) {
                const Prefix *theirs = &plane->overlaps[i].theirs;
                if (!prefix_overlaps(theirs, network))
                        continue;
                if (theirs->length <= network->length)
                        return 0;
                is_whole = false;
        }
        if (is_whole)
                return element_set_add(ret, network, plane->plane->interface);
        if (n_cuts == CUTS_MAX)
                return 0;
        half.length++;
        int r = network_add(plane, &half, n_cuts + 1, ret);
        half.address.bytes[network->length / 8] |= (uint8_t)(0x80 >> network->length % 8);
        return r < 0 ? r : network_add(plane, &half, n_cuts + 1, ret);
}

// The plane's own address is the plane's, whoever got its network later; as long as the plane has not got it, it may be
// another host's.
static int own_add(const RulesetPlane *plane, const Address *address, ElementSet *ret) {
        for (size_t i = 0; i < plane->n_overlaps; i++)
                if (plane->overlaps[i].is_refused && prefix_contains(&plane->overlaps[i].theirs, address))
                        return 0;
        return element_set_add_address(ret, address, plane->plane->interface);
}

static int plane_elements_add(const RulesetPlane *plane, int family, Extent extent, ElementSet *ret) {
        const PlaneConfig *config = plane->plane;

        for (size_t i = 0; i < config->n_addresses; i++) {
                const Prefix *prefix = &config->addresses[i].prefix;
                if (prefix->address.family != family)
                        continue;
                if (own_add(plane, &prefix->address, ret) < 0 ||
                    (extent != EXTENT_OWN && network_add(plane, prefix, 0, ret) < 0))
                        return -ENOMEM;
        }
        for (size_t i = 0; i < config->n_peers && extent == EXTENT_PEERS; i++) {
                const Prefix *peer = &config->peers[i];
                if (peer->address.family == family && peer->length == address_bits(family) &&
                    network_add(plane, peer, 0, ret) < 0)
                        return -ENOMEM;
        }
        return 0;
}

static int run_print(const Field *field, const SetElement *elements, size_t n, MapUse use, const char *reason,
                     FILE *file) {
        _cleanup_free_ MapElement *mapped = calloc(n, sizeof(MapElement));
        _cleanup_free_ char *key = NULL;
        bool raw = field->key[0] == '@';
        size_t size;
        FILE *text = mapped ? text_file_open(&key, &size) : NULL;

        if (!text)
                return -ENOMEM;
        fputs(field->key, text);
        element_set_print_mask(&elements[0], raw, text);
        if (fclose(text) != 0)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                mapped[i].link = elements[i].link;
                (void)element_set_format(&elements[i], raw, mapped[i].text);
        }
        map_rule_print(use, field->match ?: "", key, mapped, n, reason, file);
        return 0;
}

static int field_print(const RulesetPlane *planes, size_t n_planes, const Field *field, MapUse use, const char *reason,
                       FILE *file) {
        _cleanup_element_set_ ElementSet set = {};

        for (size_t i = 0; i < n_planes; i++)
                if (map_rule_is_needed(use, &planes[i]) &&
                    plane_elements_add(&planes[i], field->family, field->extent, &set) < 0)
                        return -ENOMEM;
        element_set_normalise(&set);
        for (size_t i = 0, n; i < set.n_elements; i += n) {
                n = element_set_run(&set, i);
                if (run_print(field, &set.elements[i], n, use, reason, file) < 0)
                        return -ENOMEM;
        }
        return 0;
}

int elsewhere_print(const RulesetPlane *planes, size_t n_planes, const Field *fields, size_t n_fields,
                    const char *reason, FILE *file) {
        for (size_t i = 0; i < n_fields; i++)
                for (MapUse use = MAP_REPORT; use < MAP_USE_MAX; use++)
                        if (field_print(planes, n_planes, &fields[i], use, reason, file) < 0)
                                return -ENOMEM;
        return 0;
}
