// Whether an edit of a plane's files changes the plane.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// The table of keys drives the comparison: a new key counts from its first day. An edit of a key that is not compared
// would be ignored in silence.

#include "config/equal.h"

#include "base/util.h"
#include "config/keys.h"
#include "config/plane-config.h"

// All values of a key in a plane: one, or one for each item of a list or for each of the sections.
typedef struct Values {
        const char *base;
        size_t offset, stride, n;
} Values;

static Values values_of(const ConfigKey *key, const PlaneConfig *plane) {
        const ConfigSection *section = config_section_find(key->section);

        if (key->is_list) {
                const ConfigList list = config_list_at(plane, key->offset);
                return (Values){ .base = list.items, .stride = key->size, .n = list.n };
        }
        if (section->item_size > 0) {
                const ConfigList list = config_list_at(plane, section->offset);
                return (Values){ list.items, key->offset, section->item_size, list.n };
        }
        return (Values){ .base = (const char *)plane, .offset = key->offset, .n = 1 };
}

static bool value_equal(const ConfigKey *key, const char *a, const char *b) {
        return key->type->equal ? key->type->equal(a, b) : memcmp(a, b, key->size) == 0;
}

static bool key_equal(const ConfigKey *key, const PlaneConfig *plane_a, const PlaneConfig *plane_b) {
        const Values a = values_of(key, plane_a), b = values_of(key, plane_b);

        if (a.n != b.n)
                return false;
        for (size_t i = 0; i < a.n; i++) {
                const size_t at = a.offset + i * a.stride;
                if (!value_equal(key, a.base + at, b.base + at))
                        return false;
        }
        return true;
}

bool plane_config_equal(const PlaneConfig *a, const PlaneConfig *b) {
        const ConfigKey *key;

        // These are not keys: the name is that of the file, and the only plane is the default without Default=.
        if (!streq(a->name, b->name) || a->is_default != b->is_default || a->is_unread != b->is_unread)
                return false;
        for (size_t i = 0; (key = config_key_at(i)); i++)
                if (!key_equal(key, a, b))
                        return false;
        return true;
}
