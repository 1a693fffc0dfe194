// The audit: what the loop sets up, and would do now.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "audit/check.h"
#include "audit/checks.h"
#include "base/util.h"
#include "config/plane-config.h"
#include "engine/link-match.h"
#include "engine/plane-facts.h"
#include "firewall/chain-name.h"
#include "kernel/link.h"
#include "model/object.h"

static bool is_rule_chain(const Check *check _unused_, const Object *object) {
        return object_is_egress_guard(object) ||
               (object->kind == OBJECT_RULESET && !chain_name_is_guard(object->as_ruleset.chain) &&
                object->as_ruleset.family != RULESET_BRIDGE);
}

static bool is_guard(const Check *check _unused_, const Object *object) {
        return object->kind == OBJECT_RULESET && !is_rule_chain(check, object);
}

static bool is_cap(const Check *check, const Object *object) {
        return (object->kind == OBJECT_QDISC || object->kind == OBJECT_CLASS || object->kind == OBJECT_LEAF) &&
               streq(object->link, check->config->interface);
}

static bool is_ingress(const Check *check, const Object *object) {
        return streq(object->link, check->facts->ifb_name) ||
               (object->kind == OBJECT_FILTER && !object_is_egress_guard(object));
}

static bool is_link(const Check *check, const Object *object) {
        return (object->kind == OBJECT_LINK || object->kind == OBJECT_LINK_UP) &&
               !streq(object->link, check->facts->ifb_name);
}

void check_rules(Check *check) {
        size_t n = check_say_differences(check, is_rule_chain);

        if (n == 0)
                check_say(check, VERDICT_FAILED, "there are no rules for this plane");
        else
                check_say(check, VERDICT_OK, "%zu chains are unchanged since they were loaded, each on its hook", n);
}

void check_guard(Check *check) {
        size_t n = check_say_differences(check, is_guard);

        const char *outer = plane_facts_outer(check->facts);

        if (check->config->kind != PLANE_KIND_VLAN && outer && n > 0)
                check_say(check, VERDICT_OK, "%s, which the VLAN below the plane stands on, is guarded", outer);
        else if (check->config->kind != PLANE_KIND_VLAN)
                check_say(check, VERDICT_OK, "the plane is not a VLAN, and drops tagged frames itself");
        else if (n == 0)
                check_say(check, VERDICT_FAILED, "the parent %s has no guard", check->config->parent);
        else
                check_say(check, VERDICT_OK, "%s is guarded",
                          check->link && check->link->parent[0] ? check->link->parent : check->config->parent);
}

void check_caps(Check *check) {
        size_t n = check_say_differences(check, is_cap);

        if (!check->config->egress)
                check_say(check, VERDICT_OK, "Egress= is not set: not capped");
        else if (n == 0)
                check_say(check, VERDICT_FAILED, "%s has no cap", check->config->interface);
        else
                check_say(check, VERDICT_OK, "%zu qdiscs and classes, as the file says", n);
}

void check_ingress(Check *check) {
        size_t n = check_say_differences(check, is_ingress);

        if (!check->config->ingress)
                check_say(check, VERDICT_OK, "Ingress= is not set: no ifb");
        else if (n == 0)
                check_say(check, VERDICT_FAILED, "%s is not set up", check->facts->ifb_name);
        else
                check_say(check, VERDICT_OK, "%s is up, and what the rules let in is redirected to it",
                          check->facts->ifb_name);
        if (check->facts->ifb && check->facts->ifb->master_index > 0) {
                char master[IFNAMSIZ + 8];
                check_say(check, VERDICT_FAILED, "%s is a port of %s: ip link set dev %s nomaster",
                          check->facts->ifb_name, check_link_name(check, check->facts->ifb->master_index, master),
                          check->facts->ifb_name);
        }
}

void check_configuration(Check *check) {
        if (check->is_edited)
                check_say(check, VERDICT_WARNING, "%s was edited since it was read: migplanectl reload",
                          check->config->path);
        check_say(check, VERDICT_OK, "%s", check->config->path);
}

void check_device(Check *check) {
        const PlaneConfig *config = check->config;
        const Link *link = check->link;

        if (!link || check->facts->taken_down)
                return;
        (void)check_say_differences(check, is_link);
        if (link->master_index > 0) {
                char master[IFNAMSIZ + 8];
                check_say(check, VERDICT_FAILED, "%s is a port of %s: ip link set dev %s nomaster", link->name,
                          check_link_name(check, link->master_index, master), link->name);
        }
        if (config->kind != PLANE_KIND_DEVICE && !link_match_all(link, config) && check->verdict == VERDICT_OK)
                check_say(check, VERDICT_FAILED, "%s is not the device that the file describes", link->name);
        check_say(check, VERDICT_OK, "%s is a device of its own, up, and not a port of another device", link->name);
}
