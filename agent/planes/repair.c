// Which operations of a plan may be carried out now, and what is noted of them.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "planes/repair.h"

#include "base/util.h"
#include "engine/plane-facts.h"
#include "engine/snapshot.h"
#include "kernel/monitor.h"
#include "model/object.h"
#include "model/plan.h"
#include "planes/drift.h"
#include "planes/plane-set.h"
#include "planes/plane.h"
#include "planes/unconfirmed.h"

static bool is_paused(const PlaneSet *planes, const Snapshot *snapshot, const Operation *operation, uint64_t now_usec) {
        const Object *object = operation_object(operation);

        // Where filters stand for rules, they stand at the clsact.
        if (object_is_rule(object) || (object->kind == OBJECT_QDISC && object->as_qdisc.type == QDISC_CLSACT))
                return false;
        for (size_t i = 0; i < planes->n_planes; i++) {
                const Plane *plane = planes->planes[i];
                if (!plane->taken_down && drift_is_backing_off(&plane->drift, now_usec) &&
                    plane_facts_cover(&snapshot->planes[i], operation))
                        return true;
        }
        return false;
}

// A link does not go up, and gets no address, while its rules are not confirmed.
static bool waits_for_rules(const Snapshot *snapshot, const Unconfirmed *unconfirmed, const Operation *operation,
                            uint64_t now_usec) {
        ObjectKind kind = operation_object(operation)->kind;

        if ((kind != OBJECT_LINK_UP && kind != OBJECT_ADDRESS) || !operation->desired)
                return false;
        for (size_t i = 0; i < snapshot->n_planes; i++) {
                if (!plane_facts_cover(&snapshot->planes[i], operation))
                        continue;
                for (size_t j = 0; j < snapshot->plan.n_operations; j++) {
                        const Operation *other = &snapshot->plan.operations[j];
                        if (object_is_rule(operation_object(other)) && plane_facts_cover(&snapshot->planes[i], other) &&
                            unconfirmed_is_paused(unconfirmed, other, now_usec))
                                return true;
                }
        }
        return false;
}

int repair_select(const PlaneSet *planes, const Snapshot *snapshot, const Unconfirmed *unconfirmed, bool is_asked_for,
                  uint64_t now_usec, Plan *ret_active) {
        const Plan *plan = &snapshot->plan;
        Plan active = {};

        if (array_reserve(&active.operations, &active.n_allocated, plan->n_operations) < 0)
                return -ENOMEM;
        for (size_t i = 0; i < plan->n_operations; i++)
                if ((is_asked_for || !is_paused(planes, snapshot, &plan->operations[i], now_usec)) &&
                    !unconfirmed_is_paused(unconfirmed, &plan->operations[i], now_usec) &&
                    !waits_for_rules(snapshot, unconfirmed, &plan->operations[i], now_usec))
                        active.operations[active.n_operations++] = plan->operations[i];
        *ret_active = active;
        return 0;
}

static void suspect_format(const MonitorEvent *suspect, char *ret, size_t size) {
        if (suspect->process[0])
                (void)snprintf(ret, size, "%s, pid %u", suspect->process, suspect->pid);
        else if (suspect->pid)
                (void)snprintf(ret, size, "pid %u", suspect->pid);
        else
                (void)snprintf(ret, size, "an unknown process");
}

void repair_note(PlaneSet *planes, const Snapshot *snapshot, const Plan *active, const MonitorEvent *suspect,
                 uint64_t now_usec) {
        char who[128];

        suspect_format(suspect, who, sizeof(who));
        for (size_t i = 0; i < planes->n_planes; i++) {
                Plane *plane = planes->planes[i];
                char first[512] = "";
                unsigned n = 0;

                for (size_t j = 0; j < active->n_operations && plane->status.verified && !plane->taken_down; j++)
                        if (plane_facts_cover(&snapshot->planes[i], &active->operations[j]) && n++ == 0)
                                operation_format(&active->operations[j], first, sizeof(first));
                if (n > 0)
                        drift_note(&plane->drift, plane->config->name, who, n, first, now_usec);
        }
}

uint64_t repair_backoff_remaining(const PlaneSet *planes, uint64_t now_usec) {
        uint64_t first = 0;

        for (size_t i = 0; i < planes->n_planes; i++) {
                uint64_t remaining = drift_backoff_remaining(&planes->planes[i]->drift, now_usec);
                if (remaining > 0 && !planes->planes[i]->taken_down && (first == 0 || remaining < first))
                        first = remaining;
        }
        return first;
}
