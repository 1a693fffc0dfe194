// A plane.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "planes/plane.h"

#include "base/inet.h"
#include "base/util.h"
#include "config/plane-config.h"
#include "model/reason.h"
#include "planes/migration-history.h"
#include "planes/offenders.h"
#include "planes/pending-edit.h"

Plane *plane_new(PlaneConfig *config) {
        Plane *plane = calloc(1, sizeof(*plane));
        if (!plane) {
                plane_config_free(config);
                return NULL;
        }
        plane->config = config;
        plane->generation = 1;
        plane->status.health = HEALTH_UNKNOWN;
        plane->status.missing = UINT64_MAX;
        reasons_add(&plane->status.reasons, REASON_SETTING_UP, "being set up");
        return plane;
}

Plane *plane_free(Plane *plane) {
        if (!plane)
                return NULL;
        reasons_deinit(&plane->status.reasons);
        pending_edit_end(&plane->pending);
        offenders_deinit(&plane->offenders);
        migration_history_deinit(&plane->history);
        plane_config_free(plane->config);
        free(plane);
        return NULL;
}

static bool has_same_addresses(const PlaneConfig *a, const PlaneConfig *b) {
        if (a->n_addresses != b->n_addresses)
                return false;
        for (size_t i = 0; i < a->n_addresses; i++)
                if (prefix_compare(&a->addresses[i].prefix, &b->addresses[i].prefix) != 0)
                        return false;
        return true;
}

// Which of other addresses the device has is seen at the next look.
PlaneConfig *plane_swap_config(Plane *plane, PlaneConfig *config) {
        PlaneConfig *before = plane->config;

        if (!has_same_addresses(before, config))
                plane->status.missing = UINT64_MAX;
        plane->config = config;
        return before;
}

const Prefix *plane_next_address(const Plane *plane, size_t *i) {
        while (*i < plane->config->n_addresses) {
                size_t found = (*i)++;
                if (!(plane->status.missing & plane_address_bit(found)))
                        return &plane->config->addresses[found].prefix;
        }
        return NULL;
}
