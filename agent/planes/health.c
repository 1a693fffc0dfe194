// What a snapshot means for the health of a plane.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "planes/health.h"

#include "base/error.h"
#include "base/inet.h"
#include "base/util.h"
#include "config/plane-config.h"
#include "engine/apply.h"
#include "engine/plane-facts.h"
#include "engine/snapshot.h"
#include "kernel/addr.h"
#include "kernel/bridge.h"
#include "kernel/link.h"
#include "model/object.h"
#include "model/plan.h"
#include "model/reason.h"
#include "netlink/request.h"
#include "planes/drift.h"
#include "planes/pending-edit.h"
#include "planes/plane.h"

// --- what is asked of the kernel ---

// A bridge that filters VLANs drops the plane's frames although every link is up. It is not ours to change.
static bool bridge_filters(Netlink *netlink, const PlaneFacts *facts) {
        const Link *parent = facts->config->kind == PLANE_KIND_VLAN ? facts->parent : NULL;
        Error error = {};

        // The bridge takes frames with another protocol's tag for untagged.
        if (!parent || !parent->filters_vlans || parent->vlan_protocol != facts->config->vlan_protocol)
                return false;
        return bridge_admits_vlan(netlink, parent->index, facts->config->vlan_id, &error) == 0;
}

void health_read(Netlink *netlink, const PlaneFacts *facts, HealthReading *ret) {
        *ret = (HealthReading){};
        if (facts->taken_down)
                return;
        ret->bridge_filters = bridge_filters(netlink, facts);
        if (facts->link)
                ret->has_address = addr_is_usable(netlink, facts->link->index, &facts->config->addresses[0].prefix,
                                                  &ret->address_error);
}

// --- what it means ---

static void address_assess(const PlaneConfig *config, const HealthReading *reading, Reasons *reasons) {
        char text[PREFIX_TEXT_MAX];

        if (reading->has_address < 0)
                reasons_add(reasons, REASON_ADDRESS_MISSING,
                            "cannot read the addresses of %s, which should have %s: %s", config->interface,
                            prefix_format(&config->addresses[0].prefix, text), reading->address_error.text);
        else if (reading->has_address == 0)
                reasons_add(reasons, REASON_ADDRESS_MISSING, "%s does not have the address %s%s", config->interface,
                            prefix_format(&config->addresses[0].prefix, text),
                            config->managed_by == MANAGED_BY_MIGPLANE ? ""
                                                                      : "; its manager is to set it, see ManagedBy=");
}

// What keeps an initiator from using the plane, beyond what derive found.
static void link_assess(const PlaneFacts *found, const HealthReading *reading, Reasons *reasons) {
        const PlaneConfig *config = found->config;

        if (!found->link) {
                if (reasons_health(reasons) != HEALTH_FAILED)
                        reasons_add(reasons, REASON_DEVICE_MISSING, "%s does not exist", config->interface);
                return;
        }
        if (!found->link->up)
                reasons_add(reasons, REASON_LINK_DOWN, "%s is down", config->interface);
        else if (!found->link->carrier)
                reasons_add(reasons, REASON_NO_CARRIER, "%s has no carrier", config->interface);
        address_assess(config, reading, reasons);
}

static void bridge_assess(const PlaneConfig *config, const HealthReading *reading, Reasons *reasons) {
        if (reading->bridge_filters)
                reasons_add(reasons, REASON_BRIDGE_FILTERS,
                            "bridge %s filters VLANs and VLAN %u is not allowed on it; allow it with: "
                            "bridge vlan add dev %s vid %u self",
                            config->parent, config->vlan_id, config->parent, config->vlan_id);
}

static void failures_assess(const PlaneFacts *found, const ApplyFailures *failures, Reasons *reasons) {
        for (size_t i = 0; i < failures->n_failures; i++) {
                const ApplyFailure *failure = &failures->failures[i];
                Object subject = {};

                strcpy_fixed(subject.link, failure->link);
                if (plane_facts_cover(found, &(Operation){ .desired = &subject }))
                        reasons_add(reasons, failure->is_ruleset ? REASON_NO_ISOLATION : REASON_APPLY_FAILED, "%s",
                                    failure->error.text);
        }
}

// The first operation that is still to be done says enough.
static void plan_assess(const PlaneFacts *found, const Plan *plan, Reasons *reasons) {
        for (size_t i = 0; i < plan->n_operations; i++) {
                const Operation *operation = &plan->operations[i];
                char text[192];

                if (!plane_facts_cover(found, operation))
                        continue;
                operation_format(operation, text, sizeof(text));
                reasons_add(reasons,
                            operation_object(operation)->kind == OBJECT_RULESET ? REASON_NO_ISOLATION : REASON_DRIFT,
                            "not as it should be: %s", text);
                return;
        }
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
        if (drift->repaired[0])
                reasons_add(reasons, REASON_REPAIRED, "%s", drift->repaired);
}

// Returns whether all is as it should be.
static bool wanted_assess(const Plane *plane, const PlaneFacts *found, const HealthFacts *facts, Reasons *reasons) {
        link_assess(found, &facts->reading, reasons);
        bridge_assess(found->config, &facts->reading, reasons);
        failures_assess(found, facts->failures, reasons);
        plan_assess(found, &facts->snapshot->plan, reasons);
        parts_assess(plane, facts->now_usec, reasons);
        bool is_well = reasons_health(reasons) == HEALTH_HEALTHY;

        if (facts->drops_fault[0])
                reasons_add(reasons, REASON_DROPS_NOT_LOGGED, "LogDrops= has no effect: %s", facts->drops_fault);
        return is_well;
}

static void taken_down_assess(const PlaneFacts *found, const HealthFacts *facts, Reasons *reasons) {
        reasons_add(reasons, REASON_TAKEN_DOWN, "taken down by request; migplanectl up %s sets it up",
                    found->config->name);
        failures_assess(found, facts->failures, reasons);
        plan_assess(found, &facts->snapshot->plan, reasons);
}

static int index_of(const Link *link) {
        return link ? link->index : 0;
}

PlaneStatus health_assess(const Plane *plane, size_t i, const HealthFacts *facts, Reasons *reasons) {
        const PlaneFacts *found = &facts->snapshot->planes[i];
        PlaneStatus status = {
                .ifindex = index_of(found->link),
                .ifb_index = index_of(found->ifb),
                .lower_index = index_of(found->lower),
                .bridge_index = index_of(found->bridge),
                .mtu = found->link ? found->link->mtu : 0,
                .made_link = found->is_ours,
                .reasons = *reasons,
        };

        *reasons = (Reasons){};
        if (found->taken_down)
                taken_down_assess(found, facts, &status.reasons);
        else
                status.verified = wanted_assess(plane, found, facts, &status.reasons) || plane->status.verified;
        return status;
}
