// A plane.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "planes/plane.h"

#include "base/util.h"
#include "config/plane-config.h"
#include "model/reason.h"
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
        reasons_add(&plane->status.reasons, REASON_SETTING_UP, "being set up");
        return plane;
}

Plane *plane_free(Plane *plane) {
        if (!plane)
                return NULL;
        reasons_deinit(&plane->status.reasons);
        pending_edit_end(&plane->pending);
        offenders_deinit(&plane->offenders);
        plane_config_free(plane->config);
        free(plane);
        return NULL;
}

PlaneConfig *plane_swap_config(Plane *plane, PlaneConfig *config) {
        PlaneConfig *before = plane->config;

        plane->config = config;
        return before;
}
