// A copy of a plane's configuration.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "config/copy.h"

#include <stddef.h>

#include "base/util.h"
#include "config/keys.h"
#include "config/plane-config.h"

#define LIST(member) \
        { offsetof(PlaneConfig, member), sizeof(*((PlaneConfig *)NULL)->member) }

// Every list of a PlaneConfig, see plane_config_free; the texts last, see parts_copy.
static const struct {
        size_t offset, item_size;
} lists[] = {
        LIST(addresses),   LIST(routes), LIST(peers),   LIST(ports), LIST(users),
        LIST(known_peers), LIST(probes), LIST(origins), LIST(texts),
};

static int list_copy(const PlaneConfig *plane, size_t offset, size_t item_size, PlaneConfig *copy) {
        const ConfigList list = config_list_at(plane, offset);
        ConfigList duplicate = { .n = list.n, .n_allocated = list.n };

        if (list.n == 0)
                return 0;
        duplicate.items = reallocarray(NULL, list.n, item_size);
        if (!duplicate.items)
                return -ENOMEM;
        memcpy(duplicate.items, list.items, list.n * item_size);
        config_list_store(copy, offset, &duplicate);
        return 0;
}

// The list of texts has the plane's own now: each is copied in its turn.
static int texts_copy(const PlaneConfig *plane, PlaneConfig *copy) {
        copy->n_texts = 0;
        for (size_t i = 0; i < plane->n_texts; i++) {
                copy->texts[i] = strdup(plane->texts[i]);
                if (!copy->texts[i])
                        return -ENOMEM;
                copy->n_texts++;
        }
        return 0;
}

// The copy of a text of the plane's storage; NULL: it is not there.
static char *text_find(const PlaneConfig *plane, const PlaneConfig *copy, const char *text) {
        for (size_t i = 0; i < plane->n_texts; i++)
                if (plane->texts[i] == text)
                        return copy->texts[i];
        return NULL;
}

static int parts_copy(const PlaneConfig *plane, PlaneConfig *copy) {
        for (size_t i = 0; i < ELEMENTSOF(lists); i++)
                if (list_copy(plane, lists[i].offset, lists[i].item_size, copy) < 0)
                        return -ENOMEM;
        if (texts_copy(plane, copy) < 0)
                return -ENOMEM;
        copy->name = strdup(plane->name);
        copy->source = plane->source ? strdup(plane->source) : NULL;
        if (!copy->name || (plane->source && !copy->source))
                return -ENOMEM;
        copy->description = text_find(plane, copy, plane->description);
        copy->path = text_find(plane, copy, plane->path);
        for (size_t i = 0; i < copy->n_origins; i++)
                copy->origins[i].at.path = text_find(plane, copy, plane->origins[i].at.path);
        return 0;
}

PlaneConfig *plane_config_copy(const PlaneConfig *plane) {
        PlaneConfig *copy = malloc(sizeof(*copy));
        const ConfigList none = {};

        if (!copy)
                return NULL;
        *copy = *plane;
        copy->name = copy->source = NULL;
        for (size_t i = 0; i < ELEMENTSOF(lists); i++)
                config_list_store(copy, lists[i].offset, &none);
        return parts_copy(plane, copy) < 0 ? plane_config_free(copy) : copy;
}
