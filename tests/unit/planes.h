// A set of planes from texts, and what a snapshot of an empty host says of them, for tests of what looks after planes.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "engine/plane-facts.h"
#include "engine/snapshot.h"
#include "golden.h"
#include "planes/plane-set.h"
#include "planes/plane.h"

#define ON_DEVICE(link, address) "[Interface]\nName=" link "\n[Address]\nAddress=" address "\n"

// The set owns the plane.
static inline Plane *planes_add_text(PlaneSet *planes, const char *name, const char *text) {
        _cleanup_config_ Config *config = NULL;

        (void)golden_plane(name, text, &config);
        assert_int_equal(planes_add(planes, TAKE(config->planes[0])), 0);
        return planes_find(planes, name);
}

// The plan borrows the operations; see snapshot_clear.
static inline Snapshot snapshot_of(const PlaneSet *planes, Operation *operations, size_t n_operations) {
        static const Inventory none;
        Snapshot snapshot = {
                .planes = calloc(planes->n_planes + 1, sizeof(*snapshot.planes)),
                .n_planes = planes->n_planes,
                .plan = { .operations = operations, .n_operations = n_operations },
        };

        assert_non_null(snapshot.planes);
        for (size_t i = 0; i < planes->n_planes; i++) {
                const Plane *plane = planes->planes[i];
                PlaneInput input = { .config = plane->config, .taken_down = plane->taken_down };
                snapshot.planes[i] = plane_facts_find(&input, &none);
        }
        return snapshot;
}

static inline void snapshot_clear(Snapshot *snapshot) {
        snapshot->plan = (Plan){};
        snapshot_deinit(snapshot);
}
#define _cleanup_snapshot_of_ _cleanup_(snapshot_clear)

static inline Object object_on(ObjectKind kind, const char *link) {
        Object object = { .kind = kind };

        strcpy_fixed(object.link, link);
        return object;
}

static inline Object chain_on(const char *link, RulesetFamily family, const char *chain) {
        Object object = object_on(OBJECT_RULESET, link);

        object.as_ruleset.family = family;
        strcpy_fixed(object.as_ruleset.chain, chain);
        return object;
}
