// The daemon: the kernel, the planes, and the parts that look after them, put together.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <systemd/sd-event.h>

#include "base/error.h"
#include "base/util.h"
#include "daemon/answers.h"
#include "daemon/migration-watch.h"
#include "daemon/reconcile.h"
#include "daemon/reload.h"
#include "daemon/schedule.h"
#include "daemon/watch.h"
#include "engine/kernel.h"
#include "handover/handover.h"
#include "planes/drops.h"
#include "planes/peer-recovery.h"
#include "planes/plane-set.h"
#include "planes/plane.h"

typedef struct Manager {
        sd_event *event;
        Kernel kernel;
        PlaneSet planes;
        Messages messages;    // of the last load
        uint64_t loaded_usec; // when a load last had no error, clock_real_usec; 0: never

        Watch watch;
        Schedule schedule;
        Drops drops;
        PeerRecovery recovery;
        MigrationWatch migrations;
        Handover handover;
        Reconciler reconciler;
        Answers answers;
} Manager;

int manager_new(sd_event *event, Manager **ret, Error *ret_error);
Manager *manager_free(Manager *manager);
static inline void manager_freep(Manager **manager) {
        *manager = manager_free(*manager);
}
// Reads the configuration and applies it, for the first time.
int manager_start(Manager *manager, Error *ret_error);

// Reads the configuration again, see reload_planes, and applies it. What the kernel refuses is in the planes' health.
int manager_reload(Manager *manager, Error *ret_error);
typedef enum PlaneRequest {
        PLANE_UP,
        PLANE_DOWN,    // takes its objects out of the kernel
        PLANE_RELEASE, // and what other managers have been told of it, so that nothing of it is left
} PlaneRequest;

// Does that, over restarts and boots; see down-mark.h. The plane may be gone afterwards.
int manager_set_down(Manager *manager, Plane *plane, PlaneRequest request, Error *ret_error);
