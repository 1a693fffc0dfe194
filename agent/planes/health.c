// What a snapshot means for the health of a plane.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "planes/health.h"

#include <time.h>

#include "base/util.h"
#include "config/plane-config.h"
#include "engine/apply.h"
#include "engine/overlap.h"
#include "engine/plane-facts.h"
#include "engine/snapshot.h"
#include "engine/usable.h"
#include "kernel/link.h"
#include "model/object.h"
#include "model/plan.h"
#include "model/reason.h"
#include "planes/drift.h"
#include "planes/offenders.h"
#include "planes/pending-edit.h"
#include "planes/plane.h"
#include "planes/unconfirmed.h"

static bool failure_concerns(const ApplyFailure *failure, const PlaneFacts *found) {
        Object subject = {};

        strcpy_fixed(subject.link, failure->link);
        return plane_facts_cover(found, &(Operation){ .desired = &subject });
}

static void failures_assess(const PlaneFacts *found, const ApplyFailures *failures, Reasons *reasons) {
        for (size_t i = 0; i < failures->n_failures; i++) {
                const ApplyFailure *failure = &failures->failures[i];

                if (failure_concerns(failure, found))
                        reasons_add(reasons,
                                    failure->is_ruleset || failure->is_guard ? REASON_NO_ISOLATION
                                                                             : REASON_APPLY_FAILED,
                                    "%s", failure->error.text);
        }
}

// The first operation that is still to be done says enough. Those that the kernel does not confirm have a reason of
// their own, except rules.
static void plan_assess(const PlaneFacts *found, const HealthFacts *facts, Reasons *reasons) {
        const Plan *plan = &facts->snapshot->plan;

        for (size_t i = 0; i < plan->n_operations; i++) {
                const Operation *operation = &plan->operations[i];
                char text[384];

                if (!plane_facts_cover(found, operation) ||
                    (!object_is_rule(operation_object(operation)) && unconfirmed_has(facts->unconfirmed, operation)))
                        continue;
                operation_format(operation, text, sizeof(text));
                reasons_add(reasons, object_is_rule(operation_object(operation)) ? REASON_NO_ISOLATION : REASON_DRIFT,
                            "not as it should be: %s", text);
                return;
        }
}

// Whoever changes a cap asks for the caps alone.
static void caps_assess(const PlaneFacts *found, const HealthFacts *facts, PlaneStatus *status) {
        const Plan *plan = &facts->snapshot->plan;
        char text[192];

        for (size_t i = 0; i < facts->failures->n_failures; i++) {
                const ApplyFailure *failure = &facts->failures->failures[i];
                if (!failure->is_cap || !failure_concerns(failure, found))
                        continue;
                strcpy_fixed(status->cap_fault, failure->error.text);
                return;
        }
        for (size_t i = 0; i < plan->n_operations; i++) {
                const Operation *operation = &plan->operations[i];
                if (!object_is_cap(operation_object(operation)) || !plane_facts_cover(found, operation))
                        continue;
                operation_format(operation, text, sizeof(text));
                (void)snprintf(status->cap_fault, sizeof(status->cap_fault), "not as it should be: %s", text);
                return;
        }
}

static void unconfirmed_assess(const PlaneFacts *found, const HealthFacts *facts, Reasons *reasons) {
        const Plan *plan = &facts->snapshot->plan;

        for (size_t i = 0; i < plan->n_operations; i++) {
                const Operation *operation = &plan->operations[i];
                char text[192];

                if (!plane_facts_cover(found, operation) || !unconfirmed_has(facts->unconfirmed, operation))
                        continue;
                operation_format(operation, text, sizeof(text));
                reasons_add(reasons, REASON_UNCONFIRMED,
                            "the kernel accepted a change and does not show it afterwards; it is tried less and less "
                            "often: %s",
                            text);
                return;
        }
}

// A note only: anybody on the management network can send such a segment.
static void refused_assess(const Plane *plane, uint64_t now_usec, Reasons *reasons) {
        const Offender *refused = offenders_refused(&plane->offenders, now_usec);
        OffenderTexts texts;
        char at[32] = "?";
        struct tm local;

        if (!refused || plane->config->fallback == FALLBACK_ALLOW)
                return;
        const time_t seconds = (time_t)(refused->last_usec / 1000000);
        if (localtime_r(&seconds, &local))
                (void)strftime(at, sizeof(at), "%F %T", &local);
        reasons_add(reasons, REASON_FALLBACK_REFUSED,
                    "%s tried to migrate past the plane, to port %u on %s at %s, and was refused (Fallback=deny): give "
                    "the initiator the plane's URI, see migplanectl uri",
                    offender_format(refused, &texts)->source, refused->report.packet.destination_port,
                    refused->interface, at);
}

// What the parts of the daemon keep of the plane.
static void parts_assess(const Plane *plane, uint64_t now_usec, Reasons *reasons) {
        const Drift *drift = &plane->drift;

        if (drift_is_backing_off(drift, now_usec))
                reasons_add(reasons, REASON_CONTENDED,
                            "%s keeps reverting our changes; repairs are paused for %u s: %s", drift->contender,
                            (unsigned)(drift->backoff_usec / 1000000), drift->repaired);
        if (plane->handover.error[0] && reasons_health(reasons) == HEALTH_FAILED)
                reasons_add(reasons, REASON_OTHER_MANAGER, "%s", plane->handover.error);
        if (pending_edit_waits(&plane->pending))
                reasons_add(reasons, REASON_REBUILD_WAITS, "%s", plane->pending.why);
        if (plane->broken[0])
                reasons_add(reasons, REASON_CONFIGURATION, "kept as it was, because %s", plane->broken);
        refused_assess(plane, now_usec, reasons);
        if (drift->repaired[0])
                reasons_add(reasons, REASON_REPAIRED, "%s", drift->repaired);
}

// Returns whether all is as it should be.
static bool wanted_assess(const Plane *plane, const PlaneFacts *found, const HealthFacts *facts, Reasons *reasons) {
        usable_assess(&facts->reading, reasons);
        failures_assess(found, facts->failures, reasons);
        plan_assess(found, facts, reasons);
        parts_assess(plane, facts->now_usec, reasons);
        bool is_well = reasons_health(reasons) == HEALTH_HEALTHY;

        unconfirmed_assess(found, facts, reasons);
        if (facts->drops_fault[0])
                reasons_add(reasons, REASON_DROPS_NOT_LOGGED, "LogDrops= has no effect: %s", facts->drops_fault);
        if (facts->migrations_fault[0])
                reasons_add(reasons, REASON_MIGRATIONS_LATE, "migrations are noticed some seconds late: %s",
                            facts->migrations_fault);
        return is_well;
}

// Nothing of the plane is there but the rules that close its ports.
static void unread_assess(const Plane *plane, const PlaneFacts *found, const HealthFacts *facts, Reasons *reasons) {
        reasons_add(reasons, REASON_UNREAD, "not set up, because %s", plane->broken);
        failures_assess(found, facts->failures, reasons);
        plan_assess(found, facts, reasons);
}

static void taken_down_assess(const PlaneFacts *found, const HealthFacts *facts, Reasons *reasons) {
        reasons_add(reasons, REASON_TAKEN_DOWN, "%s by request; migplanectl up %s sets it up",
                    found->is_released ? "released" : "taken down", found->config->name);
        failures_assess(found, facts->failures, reasons);
        plan_assess(found, facts, reasons);
}

static int index_of(const Link *link) {
        return link ? link->index : 0;
}

static uint64_t missing_addresses(const PlaneConfig *config, const UsableReading *reading) {
        uint64_t missing = 0;

        for (size_t i = 0; i < config->n_addresses; i++)
                if (!usable_has_address(reading, i))
                        missing |= plane_address_bit(i);
        return missing;
}

PlaneStatus health_assess(const Plane *plane, size_t i, const HealthFacts *facts, Reasons *reasons) {
        const PlaneFacts *found = &facts->snapshot->planes[i];
        PlaneStatus status = {
                .ifindex = index_of(found->link),
                .ifb_index = index_of(found->ifb),
                .lower_index = index_of(found->lower),
                .bridge_index = index_of(found->bridge),
                .mtu = found->link ? found->link->mtu : 0,
                .missing = missing_addresses(found->config, &facts->reading),
                .made_link = found->is_ours,
                .is_refused = found->is_refused,
                .reasons = *reasons,
        };

        *reasons = (Reasons){};
        caps_assess(found, facts, &status);
        if (!found->taken_down)
                status.went_up =
                        found->has_address && !overlap_refuses_any(found) ? plane->generation : plane->status.went_up;
        if (found->taken_down)
                taken_down_assess(found, facts, &status.reasons);
        else if (found->config->is_unread)
                unread_assess(plane, found, facts, &status.reasons);
        else
                status.verified = wanted_assess(plane, found, facts, &status.reasons) || plane->status.verified;
        return status;
}
