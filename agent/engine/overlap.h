// Networks of a plane that overlap those of other links: pure.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// A plane takes the traffic of its networks for itself, so it must never get a network that another link has. What
// overlaps before the plane has its address is refused. What comes later is told, and keeps its own traffic.
#pragma once

#include "base/util.h"
#include "engine/plane-facts.h"
#include "kernel/link.h"
#include "kernel/network.h"

typedef struct OverlapHost {
        const Inventory *inventory;
        const NetworkList *networks;
        const PlaneFacts *planes; // their links are not others
        size_t n_planes;
} OverlapHost;

// Fills in plane->overlaps, and adds a reason for each network of the plane that overlaps. 0 or -ENOMEM.
int overlap_find(PlaneFacts *plane, const OverlapHost *host);
// Whether an address or a route of the plane, by its place in the configuration, must not be set.
bool overlap_refuses(const PlaneFacts *plane, const Prefix *ours);
bool overlap_refuses_any(const PlaneFacts *plane);
// Whether the plane must not go up at all.
bool overlap_refuses_plane(const PlaneFacts *plane);
