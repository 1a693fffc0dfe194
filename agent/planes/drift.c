// Drift: what differs although nobody asked us to change it.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// Drift that comes back again and again means that another program wants it otherwise. After a few repairs within a short
// time the plane is left alone for a while that doubles, with the object and the process named, rather than fought over.
// Its isolation is put back all the same, at once and always: a plane that is up without it is worse than a quarrel.

#include "planes/drift.h"

#include <time.h>

#include "base/log.h"
#include "base/util.h"
#include "engine/snapshot.h"
#include "kernel/monitor.h"
#include "model/object.h"
#include "model/plan.h"
#include "planes/plane.h"

enum {
        REPAIRS_MAX = 5, // rounds of repair within the window before we back off
};
#define REPAIRS_WINDOW_USEC UINT64_C(10000000)
#define BACKOFF_FIRST_USEC UINT64_C(1000000)
#define BACKOFF_LAST_USEC UINT64_C(30000000)

static uint64_t now_usec(void) {
        struct timespec now;

        (void)clock_gettime(CLOCK_MONOTONIC, &now);
        return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

bool drift_is_backing_off(const Plane *plane) {
        return plane->backoff_until_usec > now_usec();
}

static bool is_isolation(const Operation *operation) {
        return (operation->desired ?: operation->observed)->kind == OBJECT_RULESET;
}

int drift_hold_back(const Look *look, bool asked_for, Plan *ret_active) {
        _cleanup_plan_ Plan active = {};

        if (array_reserve(&active.operations, &active.n_allocated, look->plan.n_operations) < 0)
                return -ENOMEM;
        for (size_t i = 0; i < look->plan.n_operations; i++) {
                const Operation *operation = &look->plan.operations[i];
                bool held = false;
                for (size_t j = 0; j < look->n_planes && !asked_for && !is_isolation(operation); j++)
                        held |= drift_is_backing_off(look->planes[j]) && operation_concerns(operation, look->planes[j]);
                if (!held)
                        active.operations[active.n_operations++] = *operation;
        }
        *ret_active = active;
        active = (Plan){};
        return 0;
}

uint64_t drift_backoff_remaining(const Look *look) {
        uint64_t now = now_usec(), remaining = 0;

        for (size_t i = 0; i < look->n_planes; i++) {
                uint64_t until = look->planes[i]->backoff_until_usec;
                if (until > now && (remaining == 0 || until - now < remaining))
                        remaining = until - now;
        }
        return remaining;
}

static void suspect_format(const MonitorEvent *suspect, char *ret, size_t size) {
        if (suspect->process[0])
                (void)snprintf(ret, size, "%s, pid %u", suspect->process, suspect->pid);
        else if (suspect->pid)
                (void)snprintf(ret, size, "pid %u", suspect->pid);
        else
                (void)snprintf(ret, size, "an unknown process");
}

// Counts a repair of a plane, and begins to back off when there have been too many.
static void repair_count(Plane *plane, const char *operation, const char *suspect) {
        uint64_t now = now_usec();

        // Only its isolation is repaired now: that neither prolongs the backoff nor ends the quarrel.
        if (drift_is_backing_off(plane))
                return;
        if (now - plane->recent_since_usec > REPAIRS_WINDOW_USEC) {
                // A quiet window after a backoff ends the quarrel.
                if (plane->recent_repairs < REPAIRS_MAX)
                        plane->backoff_usec = 0;
                plane->recent_since_usec = now;
                plane->recent_repairs = 0;
        }
        if (++plane->recent_repairs <= REPAIRS_MAX)
                return;

        plane->backoff_usec = plane->backoff_usec ? plane->backoff_usec * 2 : BACKOFF_FIRST_USEC;
        if (plane->backoff_usec > BACKOFF_LAST_USEC)
                plane->backoff_usec = BACKOFF_LAST_USEC;
        plane->backoff_until_usec = now + plane->backoff_usec;
        plane->recent_repairs = REPAIRS_MAX - 1;
        plane->recent_since_usec = plane->backoff_until_usec;
        (void)snprintf(plane->contender, sizeof(plane->contender), "%.80s", suspect);
        log_warning("%s: repaired %u times within %u s, last undone by %s; leaving it for %u s: %s", plane->config->name,
                    REPAIRS_MAX, (unsigned)(REPAIRS_WINDOW_USEC / 1000000), suspect,
                    (unsigned)(plane->backoff_usec / 1000000), operation);
}

void drift_note(const MonitorEvent *who, const Look *look, const Plan *active) {
        char suspect[128];

        suspect_format(who, suspect, sizeof(suspect));
        for (size_t j = 0; j < look->n_planes; j++) {
                Plane *plane = look->planes[j];
                unsigned n = 0;
                char first[512] = "";
                for (size_t i = 0; i < active->n_operations && plane->verified; i++)
                        if (operation_concerns(&active->operations[i], plane) && n++ == 0)
                                operation_format(&active->operations[i], first, sizeof(first));
                if (n == 0)
                        continue;
                log_notice("%s: drifted, changed by %s; repairing %u object(s): %s", plane->config->name, suspect, n,
                           first);
                (void)snprintf(plane->repaired, sizeof(plane->repaired), "%u object(s), changed by %.60s: %.160s", n,
                               suspect, first);
                plane->repairs += n;
                repair_count(plane, first, suspect);
        }
}
