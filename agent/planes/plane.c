// A plane as the manager knows it.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "planes/plane.h"

#include "base/log.h"
#include "base/util.h"
#include "config/equal.h"
#include "config/plane-config.h"
#include "daemon/manager.h"
#include "model/reason.h"

Plane *plane_new(Manager *manager, PlaneConfig *config) {
        Plane *plane = calloc(1, sizeof(*plane));
        if (!plane)
                return NULL;
        plane->manager = manager;
        plane->config = config;
        plane->health = HEALTH_UNKNOWN;
        plane->generation = 1;
        reasons_add(&plane->reasons, REASON_SETTING_UP, "being set up");
        return plane;
}

Plane *plane_free(Plane *plane) {
        if (!plane)
                return NULL;
        reasons_deinit(&plane->reasons);
        plane_config_free(plane->config);
        plane_config_free(plane->wanted);
        free(plane->offenders);
        free(plane);
        return NULL;
}

static void announce(Plane *plane, const char *const *properties) {
        const ManagerListener *listener = &plane->manager->listener;

        if (properties[0] && listener->plane_changed)
                listener->plane_changed(plane, properties, listener->userdata);
}

void plane_set_state(Plane *plane, int ifindex, uint32_t mtu, Reasons *reasons) {
        const char *changed[5] = {};
        size_t n_changed = 0;
        Health health = reasons_health(reasons);

        reasons_sort(reasons);
        if (health != plane->health) {
                log_line(health > HEALTH_HEALTHY ? LOG_WARNING : LOG_NOTICE, "%s: %s (was %s): %s", plane->config->name,
                         health_to_string(health), health_to_string(plane->health), reasons_gravest_text(reasons));
                changed[n_changed++] = "Health";
        }
        if (!reasons_equal(reasons, &plane->reasons))
                changed[n_changed++] = "HealthReasons";
        if (ifindex != plane->ifindex)
                changed[n_changed++] = "InterfaceIndex";
        if (mtu != plane->mtu)
                changed[n_changed++] = "MTU";

        reasons_deinit(&plane->reasons);
        plane->reasons = *reasons;
        *reasons = (Reasons){};
        plane->health = health;
        plane->ifindex = ifindex;
        plane->mtu = mtu;
        announce(plane, changed);
}

void plane_set_config(Plane *plane, PlaneConfig *config) {
        static const char *const properties[] = {
                "Description",   "Interface",       "Kind",         "Address",
                "Cidr",          "Addresses",       "Family",       "MigrateUri",
                "MigrateUriLegacy", "ListenAddress", "PortMin",     "PortMax",
                "EgressBitsPerSecond", "IngressBitsPerSecond", "PerMigrationBitsPerSecond", "SuggestedMiBps",
                "Required",      "Default",         "Fallback",     "Generation",
                NULL,
        };

        bool changed = !plane_config_equal(plane->config, config);
        plane_config_free(plane->config);
        plane->config = config;
        if (!changed)
                return;
        plane->generation++;
        announce(plane, properties);
}

void plane_announce_rates(Plane *plane) {
        static const char *const properties[] = {
                "EgressBitsPerSecond", "IngressBitsPerSecond", "SuggestedMiBps", "Generation", NULL,
        };

        plane->generation++;
        announce(plane, properties);
}

uint64_t plane_suggested_mebibytes(const Plane *plane) {
        uint64_t bits = plane->config->per_migration ?: plane->config->egress;
        return bits / 8 / (1024 * 1024);
}
