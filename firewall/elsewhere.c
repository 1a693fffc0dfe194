// Rules that drop what belongs to a plane and is not on it.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "firewall/elsewhere.h"

#include "base/inet.h"
#include "base/text-file.h"
#include "firewall/element-set.h"
#include "firewall/map-rule.h"

static int plane_elements_add(const PlaneConfig *plane, int family, Extent extent, ElementSet *ret) {
        for (size_t i = 0; i < plane->n_addresses; i++) {
                Prefix prefix = plane->addresses[i].prefix;
                if (prefix.address.family != family)
                        continue;
                if (extent == EXTENT_OWN)
                        prefix.length = (uint8_t)address_bits(family);
                if (element_set_add(ret, &prefix, plane->interface) < 0)
                        return -ENOMEM;
        }
        for (size_t i = 0; i < plane->n_peers && extent == EXTENT_PEERS; i++) {
                const Prefix *peer = &plane->peers[i];
                if (peer->address.family == family && peer->length == address_bits(family) &&
                    element_set_add(ret, peer, plane->interface) < 0)
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
                    plane_elements_add(planes[i].plane, field->family, field->extent, &set) < 0)
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
