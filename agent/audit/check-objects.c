// The audit: what the loop looks after, and would do now.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "audit/audit.h"
#include "audit/check.h"
#include "base/util.h"
#include "config/plane-config.h"
#include "engine/derive.h"
#include "engine/snapshot.h"
#include "firewall/chain-name.h"
#include "kernel/link.h"
#include "model/object.h"
#include "model/plan.h"
#include "model/reason.h"
#include "model/state.h"

enum { OPERATIONS_TOLD_MAX = 3 };

typedef bool (*ObjectFilter)(const Verify *verify, const Object *object);

// Says what differs of the objects that a check is about; how many are as they should be.
static size_t differences_say(Verify *verify, ObjectFilter is_about) {
        const Plan *plan = &verify->look->plan;
        size_t n = 0, n_objects = 0;

        for (size_t i = 0; i < plan->n_operations; i++) {
                char text[256];
                if (!operation_concerns(&plan->operations[i], verify->plane) ||
                    !is_about(verify, operation_object(&plan->operations[i])))
                        continue;
                operation_format(&plan->operations[i], text, sizeof(text));
                if (n++ < OPERATIONS_TOLD_MAX)
                        verify_say(verify, VERDICT_FAILED, "to be done: %s", text);
        }
        if (n > OPERATIONS_TOLD_MAX)
                verify_say(verify, VERDICT_FAILED, "and %zu more, see migplanectl plan %s", n - OPERATIONS_TOLD_MAX,
                           verify->config->name);

        const State *desired = &verify->look->desired;
        for (size_t i = 0; i < desired->n_objects; i++)
                n_objects += operation_concerns(&(Operation){ .desired = &desired->objects[i] }, verify->plane) &&
                             is_about(verify, &desired->objects[i]);
        return n_objects;
}

static bool is_rule_chain(const Verify *verify _unused_, const Object *object) {
        return object->kind == OBJECT_RULESET && !chain_name_is_guard(object->as_ruleset.chain) &&
               object->as_ruleset.family != RULESET_BRIDGE;
}

static bool is_guard(const Verify *verify _unused_, const Object *object) {
        return object->kind == OBJECT_RULESET && !is_rule_chain(verify, object);
}

static bool is_cap(const Verify *verify, const Object *object) {
        return (object->kind == OBJECT_QDISC || object->kind == OBJECT_CLASS || object->kind == OBJECT_LEAF) &&
               streq(object->link, verify->config->interface);
}

static bool is_ingress(const Verify *verify, const Object *object) {
        return streq(object->link, verify->ifb_name) || object->kind == OBJECT_FILTER;
}

void verify_rules(Verify *verify) {
        size_t n = differences_say(verify, is_rule_chain);

        if (n == 0)
                verify_say(verify, VERDICT_FAILED, "there are no rules for this plane");
        else
                verify_say(verify, VERDICT_OK, "%zu chains, as they were loaded, each where it belongs", n);
}

void verify_guard(Verify *verify) {
        size_t n = differences_say(verify, is_guard);

        if (verify->config->kind != PLANE_KIND_VLAN && verify->plane->outer[0] && n > 0)
                verify_say(verify, VERDICT_OK, "%s, which the VLAN below the plane stands on, is guarded", verify->plane->outer);
        else if (verify->config->kind != PLANE_KIND_VLAN)
                verify_say(verify, VERDICT_OK, "the plane is no VLAN, and drops tags itself");
        else if (n == 0)
                verify_say(verify, VERDICT_FAILED, "no guard stands on the parent %s", verify->config->parent);
        else
                verify_say(verify, VERDICT_OK, "%s is guarded",
                           verify->link && verify->link->parent[0] ? verify->link->parent : verify->config->parent);
}

void verify_caps(Verify *verify) {
        size_t n = differences_say(verify, is_cap);

        for (size_t i = 0; i < verify->reasons->n_reasons; i++)
                if (verify->reasons->reasons[i].code == REASON_HOST_QOS)
                        verify_say(verify, VERDICT_FAILED, "%s", verify->reasons->reasons[i].text);
        if (!verify->config->egress)
                verify_say(verify, VERDICT_OK, "Egress= is not set: not capped");
        else if (n == 0)
                verify_say(verify, VERDICT_FAILED, "no cap stands on %s", verify->config->interface);
        else
                verify_say(verify, VERDICT_OK, "%zu qdiscs and classes, as the file says", n);
}

void verify_ingress(Verify *verify) {
        size_t n = differences_say(verify, is_ingress);

        if (!verify->config->ingress)
                verify_say(verify, VERDICT_OK, "Ingress= is not set: no ifb");
        else if (n == 0)
                verify_say(verify, VERDICT_FAILED, "no %s stands", verify->ifb_name);
        else
                verify_say(verify, VERDICT_OK, "%s is up, and what the rules let in is redirected to it", verify->ifb_name);
        if (verify->ifb && verify->ifb->master_index > 0) {
                char master[IFNAMSIZ + 8];
                verify_say(verify, VERDICT_FAILED, "%s is enslaved to %s: ip link set dev %s nomaster", verify->ifb_name,
                           verify_link_name(verify, verify->ifb->master_index, master), verify->ifb_name);
        }
}

void verify_configuration(Verify *verify) {
        if (verify->plane->broken[0])
                verify_say(verify, VERDICT_WARNING, "kept as it was, because %s", verify->plane->broken);
        else
                verify_say(verify, VERDICT_OK, "%s", verify->config->path);
}

static Health reason_health(const Reason *reason) {
        return reasons_health(&(Reasons){ .reasons = (Reason *)reason, .n_reasons = 1 });
}

static bool has_own_check(ReasonCode code) {
        return code == REASON_HOST_QOS || code == REASON_BYPASSED || code == REASON_STACKED || code == REASON_GUEST_PORT;
}

void verify_device(Verify *verify) {
        const PlaneConfig *config = verify->config;
        const Link *link = verify->link;

        // What the look found beyond what has a check of its own.
        for (size_t i = 0; i < verify->reasons->n_reasons; i++) {
                const Reason *reason = &verify->reasons->reasons[i];
                Health health = reason_health(reason);
                if (health != HEALTH_HEALTHY && !has_own_check(reason->code))
                        verify_say(verify, health == HEALTH_FAILED ? VERDICT_FAILED : VERDICT_WARNING, "%s", reason->text);
        }
        if (!link) {
                verify_say(verify, VERDICT_FAILED, "%s does not exist", config->interface);
                return;
        }
        if (link->master_index > 0) {
                char master[IFNAMSIZ + 8];
                verify_say(verify, VERDICT_FAILED, "%s is enslaved to %s: ip link set dev %s nomaster", link->name,
                           verify_link_name(verify, link->master_index, master), link->name);
        }
        if (config->kind != PLANE_KIND_DEVICE && !derive_link_fits(link, config) && verify->verdict == VERDICT_OK)
                verify_say(verify, VERDICT_FAILED, "%s is another device than the file says", link->name);
        if (!link->up)
                verify_say(verify, VERDICT_WARNING, "%s is down", link->name);
        else if (!link->carrier)
                verify_say(verify, VERDICT_WARNING, "%s has no carrier", link->name);
        verify_say(verify, VERDICT_OK, "%s is a device of its own, up, and enslaved to nothing", link->name);
}
