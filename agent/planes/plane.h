// A plane: its configuration in force, what the last snapshot came to, and what others keep of it.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/util.h"
#include "config/plane-config.h"
#include "engine/usable.h"
#include "model/reason.h"
#include "planes/drift.h"
#include "planes/handover-state.h"
#include "planes/migration-history.h"
#include "planes/offenders.h"
#include "planes/pending-edit.h"

// What the last snapshot came to. Stored by planes_store_status alone.
typedef struct PlaneStatus {
        Health health;
        Reasons reasons;
        int ifindex; // 0: no device
        int ifb_index, lower_index,
                bridge_index; // the ifb, what the device stands on, and the bridge on its wire; 0: none
        uint32_t mtu;         // bytes; 0: no device
        uint64_t missing;     // a bit for each address that the device lacks, see plane_lacks_address
        bool made_link;       // the device is, or was, ours
        bool is_refused;      // a link has the device's name and cannot be used for the plane
        char cap_fault[1024]; // the first part of its caps that is not in force; "": all are
        uint64_t went_up;     // the generation of the configuration with which the plane has had its addresses; 0: none
        bool verified;        // everything has once been as desired: what differs after that is drift
} PlaneStatus;

typedef struct Plane {
        PlaneConfig *config;  // in force; owned; replaced as a whole, never changed
        uint64_t generation;  // counts changes of the configuration in force
        bool taken_down;      // by request, until asked up again; see down-mark.h
        bool is_released;     // and nothing of it is left, for no other manager either; implies taken_down
        uint64_t files_print; // of the files that the last reload read; 0: there were none
        char broken[512];     // the newest file's first error, while an older configuration is kept; "": none
        PlaneStatus status;

        UsableMemory usable;
        PendingEdit pending;
        Drift drift;
        HandoverState handover;
        Offenders offenders;
        unsigned n_migrations; // that run; stored by planes_store_migrations alone
        MigrationHistory history;
        bool is_unanswered; // a migration gets no answer; see peer-recovery.h
} Plane;

// What of a plane has changed, as a mask.
typedef enum PlaneChange {
        PLANE_CHANGE_HEALTH = 1 << 0,
        PLANE_CHANGE_REASONS = 1 << 1,
        PLANE_CHANGE_IFINDEX = 1 << 2,
        PLANE_CHANGE_MTU = 1 << 3,
        PLANE_CHANGE_RATES = 1 << 4,     // egress and ingress
        PLANE_CHANGE_CONFIG = 1 << 5,    // any of the configuration
        PLANE_CHANGE_ORIGINS = 1 << 6,   // the files and lines that it comes from
        PLANE_CHANGE_ADDRESSES = 1 << 7, // which of the addresses the device has
        PLANE_CHANGE_MIGRATIONS = 1 << 8,
} PlaneChange;

// Takes config over, also when memory is out (NULL).
Plane *plane_new(PlaneConfig *config);
Plane *plane_free(Plane *plane);

// Puts another configuration in force, and gives the one before; announces nothing.
PlaneConfig *plane_swap_config(Plane *plane, PlaneConfig *config);

// The bit of an address in PlaneStatus.missing. From the 64th on they share one: if one of these is missing, all are.
static inline uint64_t plane_address_bit(size_t i) {
        return UINT64_C(1) << (i < 63 ? i : 63);
}
// The next address from *i on that the device has; NULL at the end. Begin with 0.
const Prefix *plane_next_address(const Plane *plane, size_t *i);
