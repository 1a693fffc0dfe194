// The audit: its checks.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "audit/audit.h"

#include "audit/check.h"
#include "audit/checks.h"
#include "audit/finding.h"
#include "audit/host.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/util.h"
#include "config/plane-config.h"
#include "engine/apply.h"
#include "engine/kernel.h"
#include "engine/plane-facts.h"
#include "engine/snapshot.h"
#include "engine/usable.h"
#include "model/object.h"
#include "model/plan.h"
#include "model/reason.h"
#include "planes/edited.h"
#include "planes/health.h"
#include "planes/plane-set.h"
#include "planes/plane.h"

// Which planes a check is made of.
typedef enum CheckScope {
        ANY_PLANE,   // those that were taken down, too
        WANTED,      // not taken down
        WITH_DEVICE, // not taken down, and the device exists
} CheckScope;

static const struct CheckType {
        const char *name, *promise;
        CheckScope scope;
        void (*run)(Check *check);
} checks[] = {
        { "configuration", "what is in force is what the file says", WANTED, check_configuration },
        { "device", "the plane is a device of its own", ANY_PLANE, check_device },
        { "rules", "only peers, and only what a migration needs, in and out", WANTED, check_rules },
        { "guard", "no tag within a tag reaches the plane's VLAN", WANTED, check_guard },
        { "xdp", "no program sees frames before the rules", WITH_DEVICE, check_xdp },
        { "tcx", "no program on tcx takes frames past the rules", WITH_DEVICE, check_tcx },
        { "tc-filters", "no filter takes frames past the rules", WITH_DEVICE, check_tc_filters },
        { "tc-redirects", "no other link's filter sends into the plane", WITH_DEVICE, check_tc_redirects },
        { "stacked", "nothing stands on the plane's device", WITH_DEVICE, check_stacked },
        { "guest-ports", "no guest is on the plane's wire", WANTED, check_guest_ports },
        { "egress-cap", "what is sent is capped", WITH_DEVICE, check_caps },
        { "ingress-cap", "what is received is capped, behind the same rules", WITH_DEVICE, check_ingress },
        { "addresses", "the plane has its own addresses and no others", WITH_DEVICE, check_addresses },
        { "elsewhere", "the plane's addresses are nowhere else", WANTED, check_elsewhere },
        { "neighbours", "no peer's entry is forged", WITH_DEVICE, check_neighbours },
        { "routes", "what is for peers leaves by the plane", WITH_DEVICE, check_routes },
        { "arp", "nobody is answered for another's address", WITH_DEVICE, check_arp },
        { "sources", "no forged, martian or source-routed packet is believed", WITH_DEVICE, check_sources },
        { "icmp-redirects", "no redirect is sent or obeyed", WITH_DEVICE, check_icmp_redirects },
        { "forwarding", "nothing is forwarded to or from the plane", WITH_DEVICE, check_forwarding },
        { "ipv6", "no address, route or answer by router advertisements", WITH_DEVICE, check_ipv6 },
        { "other-rules", "no other rules cut migrations, or take frames past these", WANTED, check_other_rules },
        { "listeners", "nothing listens for migrations anywhere else", WANTED, check_listeners },
        { "packet-sockets", "no packet socket captures the plane's traffic", WITH_DEVICE, check_sniffers },
};

// Which check tells a reason of health, so that verify knows every reason that health knows.
static const struct ReasonCheck {
        const char *check; // NULL: one that looks for itself tells the same, or it is no condition
        Verdict verdict;
} reason_checks[REASON_CODE_MAX] = {
        [REASON_SETTING_UP] = { "device", VERDICT_WARNING },
        [REASON_NOT_SEEN] = { "configuration", VERDICT_FAILED },
        [REASON_TAKEN_DOWN] = { "device", VERDICT_FAILED },
        [REASON_UNREAD] = { "configuration", VERDICT_FAILED },
        [REASON_CONFIGURATION] = { "configuration", VERDICT_WARNING },
        [REASON_PARENT_MISSING] = { "device", VERDICT_FAILED },
        [REASON_DEVICE_MISSING] = { "device", VERDICT_FAILED },
        [REASON_DEVICE_MISMATCH] = { "device", VERDICT_FAILED },
        [REASON_NETWORK_IN_USE] = { "elsewhere", VERDICT_FAILED },
        [REASON_NETWORK_OVERLAP] = { "elsewhere", VERDICT_WARNING },
        [REASON_PARENT_RENAMED] = { "device", VERDICT_WARNING },
        [REASON_REBUILD_WAITS] = { "configuration", VERDICT_WARNING },
        [REASON_MTU_TOO_LARGE] = { "device", VERDICT_WARNING },
        [REASON_LINK_DOWN] = { "device", VERDICT_FAILED },
        [REASON_NO_CARRIER] = { "device", VERDICT_FAILED },
        [REASON_ARP_OFF] = { "device", VERDICT_FAILED },
        [REASON_MACVLAN_MODE] = { "device", VERDICT_FAILED },
        [REASON_BRIDGE_FILTERS] = { "device", VERDICT_FAILED },
        [REASON_ADDRESS_MISSING] = { "addresses", VERDICT_FAILED },
        [REASON_ADDRESS_INCOMPLETE] = { "addresses", VERDICT_FAILED },
        [REASON_ADDRESS_ELSEWHERE] = { "elsewhere", VERDICT_FAILED },
        [REASON_ADDRESS_CONFLICT] = { "addresses", VERDICT_WARNING },
        [REASON_PEERS_UNREACHABLE] = { "routes", VERDICT_FAILED },
        [REASON_ROUTE_ELSEWHERE] = { "routes", VERDICT_FAILED },
        [REASON_ENSLAVED] = { "device", VERDICT_FAILED },
        [REASON_NO_ISOLATION] = { "rules", VERDICT_FAILED },
        [REASON_APPLY_FAILED] = { "configuration", VERDICT_FAILED },
        [REASON_DRIFT] = { "device", VERDICT_WARNING },
        [REASON_UNCONFIRMED] = { "configuration", VERDICT_WARNING },
        [REASON_CONTENDED] = { "configuration", VERDICT_WARNING },
        [REASON_OTHER_MANAGER] = { "device", VERDICT_WARNING },
        [REASON_BYPASSED] = { NULL, VERDICT_FAILED },   // xdp, tcx, tc-filters, tc-redirects
        [REASON_STACKED] = { NULL, VERDICT_FAILED },    // stacked
        [REASON_GUEST_PORT] = { NULL, VERDICT_FAILED }, // guest-ports
        [REASON_EGRESS_UNGUARDED] = { "rules", VERDICT_WARNING },
        [REASON_HOST_QOS] = { "egress-cap", VERDICT_FAILED },
        [REASON_RESERVE_UNSUPPORTED] = { "configuration", VERDICT_WARNING },
        [REASON_DROPS_NOT_LOGGED] = { "configuration", VERDICT_WARNING },
        [REASON_MIGRATIONS_LATE] = { "configuration", VERDICT_OK },
        [REASON_PARENT_QOS] = { "egress-cap", VERDICT_OK },
        [REASON_OPEN_VSWITCH] = { "egress-cap", VERDICT_OK },
        [REASON_OTHER_FIREWALL] = { NULL, VERDICT_WARNING }, // other-rules
        [REASON_LEAF_PFIFO] = { "egress-cap", VERDICT_OK },
        [REASON_FALLBACK_REFUSED] = { NULL, VERDICT_OK }, // has been
        [REASON_REPAIRED] = { NULL, VERDICT_OK },         // has been
};

const char *audit_check_of(ReasonCode code, Verdict *ret_verdict) {
        *ret_verdict = reason_checks[code].verdict;
        return reason_checks[code].check;
}

bool audit_has_check(const char *name) {
        for (size_t i = 0; i < ELEMENTSOF(checks); i++)
                if (streq(checks[i].name, name))
                        return true;
        return false;
}

// --- one plane ---

// What health would say at this moment. The plan is left out: each kind of object has its check. And what the loop
// cannot find out again is as it said last.
static Reasons reasons_collect(const Kernel *kernel, const AuditHost *host, const Snapshot *snapshot, size_t i,
                               const Plane *plane, size_t *ret_n_ways) {
        static const ApplyFailures none;
        const Snapshot found = { .planes = snapshot->planes, .n_planes = snapshot->n_planes };
        HealthFacts facts = { .snapshot = &found,
                              .failures = &none,
                              .drops_fault = "",
                              .migrations_fault = "",
                              .now_usec = clock_now_usec() };
        const Reasons *own = &snapshot->planes[i].reasons, *last = &plane->status.reasons;
        UsableMemory memory = plane->usable;
        Reasons reasons = {};

        for (size_t j = 0; j < own->n_reasons; j++)
                reasons_add(&reasons, own->reasons[j].code, "%s", own->reasons[j].text);
        usable_read(kernel->netlink, &host->usable, &snapshot->planes[i], true, &memory, &facts.reading);
        *ret_n_ways = facts.reading.ways.n_asked;
        reasons = health_assess(plane, i, &facts, &reasons).reasons;
        for (size_t j = 0; j < last->n_reasons; j++)
                if (last->reasons[j].code == REASON_APPLY_FAILED || last->reasons[j].code == REASON_DROPS_NOT_LOGGED ||
                    last->reasons[j].code == REASON_MIGRATIONS_LATE || last->reasons[j].code == REASON_NOT_SEEN)
                        reasons_add(&reasons, last->reasons[j].code, "%s", last->reasons[j].text);
        return reasons;
}

static bool rules_stand(const Snapshot *snapshot, const PlaneFacts *facts) {
        const Plan *plan = &snapshot->plan;

        if (!facts->link)
                return false;
        for (size_t i = 0; i < plan->n_operations; i++)
                if (object_is_rule(operation_object(&plan->operations[i])) &&
                    plane_facts_cover(facts, &plan->operations[i]))
                        return false;
        for (size_t i = 0; i < snapshot->desired.n_objects; i++) {
                const Object *object = &snapshot->desired.objects[i];
                if (object->kind == OBJECT_RULESET && object->as_ruleset.family == RULESET_NETDEV &&
                    streq(object->link, facts->config->interface))
                        return true;
        }
        return false;
}

static void check_run(const struct CheckType *type, Check *check) {
        check->verdict = VERDICT_OK;
        check->text[0] = '\0';
        for (size_t i = 0; i < check->reasons->n_reasons; i++) {
                const Reason *reason = &check->reasons->reasons[i];
                const struct ReasonCheck *told = &reason_checks[reason->code];
                if (told->check && streq(told->check, type->name))
                        check_say(check, told->verdict, "%s", reason->text);
        }
        if (type->scope == WITH_DEVICE && !check->link)
                check_say(check, VERDICT_WARNING, "%s does not exist", check->config->interface);
        else
                type->run(check);
}

static int plane_audit(const Kernel *kernel, const AuditHost *host, const Snapshot *snapshot, size_t i,
                       const Plane *plane, Findings *findings) {
        const PlaneFacts *facts = &snapshot->planes[i];
        size_t n_ways;
        _cleanup_reasons_ Reasons reasons = reasons_collect(kernel, host, snapshot, i, plane, &n_ways);
        Check check = {
                .netlink = kernel->netlink,
                .host = host,
                .snapshot = snapshot,
                .facts = facts,
                .reasons = &reasons,
                .n_ways = n_ways,
                .config = facts->config,
                .link = facts->link,
                .is_edited = host->files && edited_plane(plane, host->files),
                .rules_stand = rules_stand(snapshot, facts),
        };

        for (size_t j = 0; j < ELEMENTSOF(checks); j++) {
                if (facts->taken_down && checks[j].scope != ANY_PLANE)
                        continue;
                // Nothing else is known of a plane that is unread.
                if (check.config->is_unread && checks[j].run != check_configuration)
                        continue;
                check_run(&checks[j], &check);
                if (findings_add(findings, checks[j].name, checks[j].promise, check.verdict, check.text) < 0)
                        return -ENOMEM;
        }
        return 0;
}

// --- all planes ---

void audit_deinit(Audit *audit) {
        for (size_t i = 0; i < audit->n_entries; i++) {
                free(audit->entries[i].name);
                findings_deinit(&audit->entries[i].findings);
        }
        free(audit->entries);
        *audit = (Audit){};
}

static int entries_fill(Audit *audit, const Kernel *kernel, const PlaneSet *planes, const Snapshot *snapshot) {
        _cleanup_audit_host_ AuditHost host = {};

        audit->entries = calloc(planes->n_planes + 1, sizeof(*audit->entries));
        if (!audit->entries)
                return -ENOMEM;
        audit_host_read(kernel, &snapshot->inventory, &host);
        for (size_t i = 0; i < planes->n_planes; i++) {
                const Plane *plane = planes->planes[i];
                AuditEntry *entry = &audit->entries[audit->n_entries++];

                entry->name = strdup(plane->config->name);
                if (!entry->name || plane_audit(kernel, &host, snapshot, i, plane, &entry->findings) < 0)
                        return -ENOMEM;
                kernel_progress(kernel, KERNEL_STEP_OPERATION);
        }
        return 0;
}

int audit_run(Audit *audit, const Kernel *kernel, const PlaneSet *planes, const Snapshot *snapshot, Error *ret_error) {
        Audit next = {};

        if (entries_fill(&next, kernel, planes, snapshot) < 0) {
                audit_deinit(&next);
                return error_set(ret_error, -ENOMEM, "out of memory");
        }
        audit_deinit(audit);
        *audit = next;
        return 0;
}

const Findings *audit_find(const Audit *audit, const Plane *plane) {
        for (size_t i = 0; i < audit->n_entries; i++)
                if (streq(audit->entries[i].name, plane->config->name))
                        return &audit->entries[i].findings;
        return NULL;
}
