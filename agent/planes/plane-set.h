// The planes, and those who are told of their changes.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "base/util.h"
#include "config/plane-config.h"
#include "engine/kernel.h"
#include "engine/snapshot.h"
#include "planes/plane.h"

// Any function may be NULL.
typedef struct PlanesObserver PlanesObserver;
struct PlanesObserver {
        void (*added)(Plane *plane, void *userdata);
        void (*removed)(Plane *plane, void *userdata); // while the plane is still whole
        void (*changed)(Plane *plane, PlaneChange change, void *userdata);
        void (*reconciled)(void *userdata); // the status of every plane is that of the last snapshot
        void *userdata;
        PlanesObserver *next;
};

typedef struct PlaneSet {
        Plane **planes; // sorted by name
        size_t n_planes, n_allocated;
        uint64_t files_print;      // of all planes' files that the last reload read
        PlanesObserver *observers; // not owned
} PlaneSet;

void planes_deinit(PlaneSet *planes);

// The observer stays the caller's, and must stay where it is until it is taken out.
void planes_observe(PlaneSet *planes, PlanesObserver *observer);
void planes_unobserve(PlaneSet *planes, PlanesObserver *observer);

Plane *planes_find(const PlaneSet *planes, const char *name);
// Takes config over, also on failure; -ENOMEM.
int planes_add(PlaneSet *planes, PlaneConfig *config);
// Frees the plane.
void planes_remove(PlaneSet *planes, Plane *plane);

// Puts another configuration in force; takes it over.
void planes_replace_config(PlaneSet *planes, Plane *plane, PlaneConfig *config);
// Announces egress and ingress rates that have come into force, see plane_swap_config.
void planes_announce_rates(PlaneSet *planes, Plane *plane);
// Stores ahead of the next status which planes' names are other links', see PlaneStatus; announces nothing. The
// snapshot is of these planes.
void planes_store_refused(PlaneSet *planes, const Snapshot *snapshot);
// Logs, stores and announces; takes the reasons over.
void planes_store_status(PlaneSet *planes, Plane *plane, PlaneStatus *status);
// Stores the number of running migrations, and announces a change.
void planes_store_migrations(const PlaneSet *planes, Plane *plane, unsigned n);
void planes_announce_reconciled(const PlaneSet *planes);

// A snapshot whose planes are in the order of these. Changes none of them.
int planes_snapshot(const PlaneSet *planes, Kernel *kernel, const SnapshotFacts *facts, Snapshot *ret,
                    Error *ret_error);
// Closes planes that have lost their rules, see closing_run.
int planes_close(const PlaneSet *planes, Kernel *kernel, Error *ret_error);
