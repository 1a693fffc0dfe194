// The planes, and those who are told of their changes.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "planes/plane-set.h"

#include "base/error.h"
#include "base/log.h"
#include "base/util.h"
#include "config/equal.h"
#include "config/plane-config.h"
#include "engine/kernel.h"
#include "engine/closing.h"
#include "engine/snapshot.h"
#include "model/reason.h"
#include "planes/plane.h"

void planes_deinit(PlaneSet *planes) {
        for (size_t i = 0; i < planes->n_planes; i++)
                plane_free(planes->planes[i]);
        free(planes->planes);
        *planes = (PlaneSet){};
}

void planes_observe(PlaneSet *planes, PlanesObserver *observer) {
        observer->next = planes->observers;
        planes->observers = observer;
}

void planes_unobserve(PlaneSet *planes, PlanesObserver *observer) {
        for (PlanesObserver **link = &planes->observers; *link; link = &(*link)->next)
                if (*link == observer) {
                        *link = observer->next;
                        return;
                }
}

static void announce(const PlaneSet *planes, Plane *plane, PlaneChange change) {
        for (const PlanesObserver *observer = planes->observers; observer && change; observer = observer->next)
                if (observer->changed)
                        observer->changed(plane, change, observer->userdata);
}

Plane *planes_find(const PlaneSet *planes, const char *name) {
        for (size_t i = 0; i < planes->n_planes; i++)
                if (streq(planes->planes[i]->config->name, name))
                        return planes->planes[i];
        return NULL;
}

static int plane_compare(const void *a, const void *b) {
        return strcmp((*(Plane *const *)a)->config->name, (*(Plane *const *)b)->config->name);
}

int planes_add(PlaneSet *planes, PlaneConfig *config) {
        Plane *plane = plane_new(config);

        if (!plane)
                return -ENOMEM;
        if (array_reserve(&planes->planes, &planes->n_allocated, planes->n_planes + 1) < 0) {
                plane_free(plane);
                return -ENOMEM;
        }
        planes->planes[planes->n_planes++] = plane;
        qsort(planes->planes, planes->n_planes, sizeof(*planes->planes), plane_compare);
        for (const PlanesObserver *observer = planes->observers; observer; observer = observer->next)
                if (observer->added)
                        observer->added(plane, observer->userdata);
        return 0;
}

void planes_remove(PlaneSet *planes, Plane *plane) {
        for (const PlanesObserver *observer = planes->observers; observer; observer = observer->next)
                if (observer->removed)
                        observer->removed(plane, observer->userdata);
        for (size_t i = 0; i < planes->n_planes; i++)
                if (planes->planes[i] == plane)
                        memmove(&planes->planes[i], &planes->planes[i + 1],
                                (--planes->n_planes - i) * sizeof(*planes->planes));
        plane_free(plane);
}

static bool origins_equal(const PlaneConfig *a, const PlaneConfig *b) {
        static const char *const keys[] = { "Egress", "Ingress", "PerMigration" };

        for (size_t i = 0; i < ELEMENTSOF(keys); i++) {
                const ConfigLocation at = config_location(a, "Bandwidth", keys[i], 0),
                                     other = config_location(b, "Bandwidth", keys[i], 0);
                if (at.line != other.line || !streq(at.path, other.path))
                        return false;
        }
        return streq(a->path, b->path);
}

void planes_replace_config(PlaneSet *planes, Plane *plane, PlaneConfig *config) {
        PlaneChange change = origins_equal(plane->config, config) ? 0 : PLANE_CHANGE_ORIGINS;

        if (!plane_config_equal(plane->config, config)) {
                change |= PLANE_CHANGE_CONFIG;
                plane->generation++;
        }
        plane_config_free(plane_swap_config(plane, config));
        announce(planes, plane, change);
}

void planes_announce_rates(PlaneSet *planes, Plane *plane) {
        plane->generation++;
        announce(planes, plane, PLANE_CHANGE_RATES);
}

static PlaneChange status_compare(const PlaneStatus *before, const PlaneStatus *after) {
        PlaneChange change = 0;

        if (after->health != before->health)
                change |= PLANE_CHANGE_HEALTH;
        if (!reasons_equal(&after->reasons, &before->reasons))
                change |= PLANE_CHANGE_REASONS;
        if (after->ifindex != before->ifindex)
                change |= PLANE_CHANGE_IFINDEX;
        if (after->missing != before->missing)
                change |= PLANE_CHANGE_ADDRESSES;
        if (after->mtu != before->mtu)
                change |= PLANE_CHANGE_MTU;
        return change;
}

void planes_store_status(PlaneSet *planes, Plane *plane, PlaneStatus *status) {
        status->health = reasons_health(&status->reasons);
        reasons_sort(&status->reasons);
        PlaneChange change = status_compare(&plane->status, status);

        if (change & PLANE_CHANGE_HEALTH)
                log_line(status->health > HEALTH_HEALTHY ? LOG_WARNING : LOG_NOTICE, "%s: %s (was %s): %s",
                         plane->config->name, health_to_string(status->health), health_to_string(plane->status.health),
                         reasons_gravest_text(&status->reasons));
        reasons_deinit(&plane->status.reasons);
        plane->status = *status;
        *status = (PlaneStatus){};
        announce(planes, plane, change);
}

void planes_store_refused(PlaneSet *planes, const Snapshot *snapshot) {
        for (size_t i = 0; i < planes->n_planes; i++)
                planes->planes[i]->status.is_refused = snapshot->planes[i].is_refused;
}

void planes_store_migrations(const PlaneSet *planes, Plane *plane, unsigned n) {
        PlaneChange change = n != plane->n_migrations ? PLANE_CHANGE_MIGRATIONS : 0;

        plane->n_migrations = n;
        announce(planes, plane, change);
}

void planes_announce_reconciled(const PlaneSet *planes) {
        for (const PlanesObserver *observer = planes->observers; observer; observer = observer->next)
                if (observer->reconciled)
                        observer->reconciled(observer->userdata);
}

// What the engine is told of each plane; NULL when out of memory.
static PlaneInput *inputs_new(const PlaneSet *planes) {
        PlaneInput *inputs = calloc(planes->n_planes + 1, sizeof(*inputs));

        for (size_t i = 0; inputs && i < planes->n_planes; i++) {
                const Plane *plane = planes->planes[i];
                inputs[i] = (PlaneInput){
                        .config = plane->config,
                        .taken_down = plane->taken_down,
                        .is_released = plane->is_released,
                        .ifindex = plane->status.ifindex,
                        .made_link = plane->status.made_link,
                        .verified = plane->status.verified,
                        .went_up = plane->status.went_up == plane->generation,
                };
        }
        return inputs;
}

int planes_snapshot(const PlaneSet *planes, Kernel *kernel, const SnapshotFacts *facts, Snapshot *ret,
                    Error *ret_error) {
        _cleanup_free_ PlaneInput *inputs = inputs_new(planes);

        if (!inputs)
                return error_set(ret_error, -ENOMEM, "out of memory");
        return snapshot_new(kernel, inputs, planes->n_planes, facts, ret, ret_error);
}

int planes_close(const PlaneSet *planes, Kernel *kernel, Error *ret_error) {
        _cleanup_free_ PlaneInput *inputs = inputs_new(planes);

        if (!inputs)
                return error_set(ret_error, -ENOMEM, "out of memory");
        return closing_run(kernel, inputs, planes->n_planes, ret_error);
}
