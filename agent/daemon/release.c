// migplaned --release: the daemon lets go of the host, without a bus, and ends.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "daemon/release.h"

#include <systemd/sd-bus.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/log.h"
#include "base/util.h"
#include "config/config.h"
#include "config/plane-config.h"
#include "daemon/reconcile.h"
#include "daemon/reload.h"
#include "engine/snapshot.h"
#include "handover/handover.h"
#include "model/plan.h"
#include "planes/last-good.h"
#include "planes/plane-set.h"
#include "planes/plane.h"

#define ANSWERS_USEC UINT64_C(5000000)

// What another program has set stays as that program has set it.
static void planes_mark(const PlaneSet *planes) {
        for (size_t i = 0; i < planes->n_planes; i++) {
                Plane *plane = planes->planes[i];

                plane->taken_down = plane->is_released = true;
                log_notice("%s: released", plane->config->name);
                if (plane->config->managed_by == MANAGED_BY_OTHER)
                        log_warning("%s: %s keeps what its manager has set, without isolation and caps",
                                    plane->config->name, plane->config->interface);
        }
}

// A host without a bus has neither of the two running.
static void managers_ask(Manager *manager) {
        uint64_t now = clock_now_usec(), until = now + ANSWERS_USEC;
        sd_bus *bus = NULL;

        if (sd_bus_open_system(&bus) < 0)
                return;
        if (sd_bus_attach_event(bus, manager->event, SD_EVENT_PRIORITY_NORMAL) >= 0 &&
            handover_connect(&manager->handover, bus) >= 0)
                while (handover_is_busy(&manager->handover) && now < until &&
                       sd_event_run(manager->event, until - now) >= 0)
                        now = clock_now_usec();
        if (handover_is_busy(&manager->handover))
                log_warning("networkd or NetworkManager did not answer; it forgets the planes when it restarts");
        handover_disconnect(&manager->handover);
        (void)sd_bus_flush_close_unref(bus);
}

static int rest_check(const Manager *manager, Error *ret_error) {
        _cleanup_snapshot_ Snapshot snapshot = {};
        char text[512];

        int r = reconcile_snapshot(&manager->reconciler, &snapshot, ret_error);
        if (r < 0 || snapshot.plan.n_operations == 0)
                return r;
        operation_format(&snapshot.plan.operations[0], text, sizeof(text));
        return error_set(ret_error, -EIO, "%zu object(s) could not be removed, such as: %s", snapshot.plan.n_operations,
                         text);
}

int release_all(Manager *manager, Error *ret_error) {
        static const Config no_planes;

        if (reload_restore(&manager->planes) < 0)
                return error_set(ret_error, -ENOMEM, "out of memory");
        int r = reload_planes(&manager->planes, &manager->messages, ret_error);
        if (r < 0)
                return r;
        planes_mark(&manager->planes);
        handover_write(&manager->handover);
        r = reconcile(&manager->reconciler, RECONCILE_INTENT, ret_error);
        if (r < 0)
                return r;
        managers_ask(manager);
        last_good_prune(LAST_GOOD_DIRECTORY, &no_planes);
        return rest_check(manager, ret_error);
}
