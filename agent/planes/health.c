// What a look means for the health of the planes.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "planes/health.h"

#include "base/error.h"
#include "base/inet.h"
#include "base/util.h"
#include "config/plane-config.h"
#include "daemon/manager.h"
#include "engine/bypass.h"
#include "engine/derive.h"
#include "engine/kernel.h"
#include "engine/snapshot.h"
#include "kernel/addr.h"
#include "kernel/bridge.h"
#include "kernel/link.h"
#include "model/object.h"
#include "model/plan.h"
#include "model/reason.h"
#include "planes/drift.h"
#include "planes/drops.h"
#include "planes/plane.h"

// What stands in the way of the initiator, beyond what derive found.
static void link_assess(Manager *manager, const Plane *plane, const Link *link, Reasons *reasons) {
        const PlaneConfig *config = plane->config;
        Error error = {};

        if (!link) {
                if (reasons_health(reasons) != HEALTH_FAILED)
                        reasons_add(reasons, REASON_DEVICE_MISSING, "%s does not exist", config->interface);
                return;
        }
        if (!link->up)
                reasons_add(reasons, REASON_LINK_DOWN, "%s is down", config->interface);
        else if (!link->carrier)
                reasons_add(reasons, REASON_NO_CARRIER, "%s has no carrier", config->interface);
        if (addr_is_usable(manager->kernel.netlink, link->index, &config->addresses[0].prefix, &error) <= 0) {
                char text[PREFIX_TEXT_MAX];
                reasons_add(reasons, REASON_ADDRESS_MISSING, "%s does not have the address %s%s%s", config->interface,
                            prefix_format(&config->addresses[0].prefix, text),
                            config->managed_by == MANAGED_BY_MIGPLANE ? "" : "; its manager is to set it, see ManagedBy=",
                            error.text);
        }
}

// A bridge that filters VLANs drops the plane's frames although every link is up. It is not ours to change.
static void bridge_assess(Manager *manager, const PlaneConfig *config, const Look *look, Reasons *reasons) {
        const Link *parent = config->kind == PLANE_KIND_VLAN ? inventory_find(&look->inventory, config->parent) : NULL;
        Error error = {};

        // Frames with another protocol's tag it takes for untagged.
        if (!parent || !parent->filters_vlans || parent->vlan_protocol != config->vlan_protocol)
                return;
        if (bridge_admits_vlan(manager->kernel.netlink, parent->index, config->vlan_id, &error) == 0)
                reasons_add(reasons, REASON_BRIDGE_FILTERS,
                            "the bridge %s filters VLANs and lets %u not through to this host; let it: "
                            "bridge vlan add dev %s vid %u self",
                            config->parent, config->vlan_id, config->parent, config->vlan_id);
}

static void plan_assess(const Plane *plane, const Look *look, const ApplyFailures *failures, Reasons *reasons) {
        for (size_t i = 0; i < failures->n_failures; i++) {
                const ApplyFailure *failure = &failures->failures[i];
                Object subject = {};
                strcpy_fixed(subject.link, failure->link);
                if (operation_concerns(&(Operation){ .desired = &subject }, plane))
                        reasons_add(reasons, failure->link[0] ? REASON_APPLY_FAILED : REASON_NO_ISOLATION, "%s",
                                    failure->error.text);
        }
        for (size_t i = 0; i < look->plan.n_operations; i++) {
                const Operation *operation = &look->plan.operations[i];
                char text[192];
                if (!operation_concerns(operation, plane))
                        continue;
                bool ruleset = (operation->desired ?: operation->observed)->kind == OBJECT_RULESET;
                operation_format(operation, text, sizeof(text));
                reasons_add(reasons, ruleset ? REASON_NO_ISOLATION : REASON_DRIFT, "not as it should be: %s", text);
                return; // the first says enough
        }
}

// Whose notifications are to be heard beside the plane's own.
static void near_note(Manager *manager, Plane *plane, const Look *look) {
        BypassSubject subject = bypass_subject(manager->kernel.netlink, &look->inventory, NULL, plane->config);
        const Link *bridge = bypass_bridge(&subject);

        plane->parent_index = subject.parent ? subject.parent->index : 0;
        plane->bridge_index = bridge ? bridge->index : 0;
}

static void plane_assess(Manager *manager, Plane *plane, const Look *look, const ApplyFailures *failures,
                         Reasons *reasons) {
        const Link *link = inventory_find(&look->inventory, plane->config->interface);
        char name[IFNAMSIZ];

        derive_ifb_name(plane->config->interface, name);
        const Link *ifb = inventory_find(&look->inventory, name);
        plane->ifb_index = ifb ? ifb->index : 0;
        plane->made_link = link && link->ours;
        near_note(manager, plane, look);
        link_assess(manager, plane, link, reasons);
        bridge_assess(manager, plane->config, look, reasons);
        plan_assess(plane, look, failures, reasons);
        if (drift_is_backing_off(plane))
                reasons_add(reasons, REASON_CONTENDED, "%s keeps changing what is ours; left alone for %u s: %s",
                            plane->contender, (unsigned)(plane->backoff_usec / 1000000), plane->repaired);
        if (plane->handover_error[0] && reasons_health(reasons) == HEALTH_FAILED)
                reasons_add(reasons, REASON_OTHER_MANAGER, "%s", plane->handover_error);
        if (plane->waits[0])
                reasons_add(reasons, REASON_REBUILD_WAITS, "%s", plane->waits);
        if (plane->broken[0])
                reasons_add(reasons, REASON_CONFIGURATION, "kept as it was, because %s", plane->broken);
        if (plane->repaired[0])
                reasons_add(reasons, REASON_REPAIRED, "%s", plane->repaired);

        plane->verified |= reasons_health(reasons) == HEALTH_HEALTHY;
        if (evidence_fault(plane)[0])
                reasons_add(reasons, REASON_DROPS_NOT_LOGGED, "LogDrops= has no effect: %s", evidence_fault(plane));
        plane_set_state(plane, link ? link->index : 0, link ? link->mtu : 0, reasons);
}

void assess_planes(Manager *manager, Look *look, const ApplyFailures *failures) {
        for (size_t i = 0; i < look->n_planes; i++)
                plane_assess(manager, look->planes[i], look, failures, &look->reasons[i]);
        for (size_t i = 0; i < manager->n_planes; i++) {
                Plane *plane = manager->planes[i];
                _cleanup_reasons_ Reasons reasons = {};
                if (!plane->taken_down)
                        continue;
                const Link *link = inventory_find(&look->inventory, plane->config->interface);
                reasons_add(&reasons, REASON_TAKEN_DOWN, "taken down by request; migplanectl up %s brings it back",
                            plane->config->name);
                plan_assess(plane, look, failures, &reasons);
                plane->verified = false;
                plane_set_state(plane, link ? link->index : 0, link ? link->mtu : 0, &reasons);
        }
}
