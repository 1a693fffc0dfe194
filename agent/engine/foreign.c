// What other programs of the host have permanently on a plane's devices.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// VDSM, oVirt's agent, puts an hfsc with a handle of its own at the root of a network's device: "host network QoS".
// oVirt's configuration asks for it, and VDSM would put it back. So that root is left, and the plane's health names the
// contradiction. A root of any other kind or handle is an accident, and replaced.

#include "engine/foreign.h"

#include "base/error.h"
#include "base/util.h"
#include "config/plane-config.h"
#include "engine/bypass.h"
#include "engine/kernel.h"
#include "engine/plane-facts.h"
#include "firewall/firewall.h"
#include "firewall/foreign-rules.h"
#include "kernel/link.h"
#include "model/object.h"
#include "model/plan.h"
#include "model/reason.h"
#include "netlink/request.h"
#include "tc/qdisc.h"
#include "tc/redirect.h"

#define VDSM_KIND "hfsc"
#define VDSM_HANDLE 0x13890000U // 5001:

static bool is_vdsm(const QdiscObject *qdisc) {
        return qdisc->type == QDISC_FOREIGN && streq(qdisc->foreign, VDSM_KIND) && qdisc->handle == VDSM_HANDLE;
}

static bool is_yielding(const Operation *operation) {
        const Object *observed = operation->observed;
        return operation->desired && observed && observed->kind == OBJECT_QDISC && is_vdsm(&observed->as_qdisc);
}

// The classes and leaves below a root that is not replaced have nothing to stand on.
static bool is_shaping(const Operation *operation) {
        const Object *object = operation_object(operation);
        return object->kind == OBJECT_CLASS || object->kind == OBJECT_LEAF || is_yielding(operation);
}

static void device_respect(PlaneFacts *plane, Plan *plan) {
        const char *interface = plane->config->interface;
        bool yields = false;
        size_t kept = 0;

        for (size_t i = 0; i < plan->n_operations; i++)
                yields |= streq(operation_link(&plan->operations[i]), interface) && is_yielding(&plan->operations[i]);
        if (!yields)
                return;
        for (size_t i = 0; i < plan->n_operations; i++)
                if (!streq(operation_link(&plan->operations[i]), interface) || !is_shaping(&plan->operations[i]))
                        plan->operations[kept++] = plan->operations[i];
        plan->n_operations = kept;
        reasons_add(&plane->reasons, REASON_HOST_QOS,
                    "the root qdisc of %s is hfsc 1389:, the host network QoS of oVirt's VDSM; it stays, so Egress= is "
                    "not enforced: take the QoS off the network in oVirt, or Egress= out of the plane",
                    interface);
}

// Asked only for an hfsc: the kernel announces each get to every listener.
static int parent_respect(Netlink *netlink, PlaneFacts *plane, Error *ret_error) {
        QdiscObject root;

        if (!plane->parent || !streq(plane->parent->qdisc, VDSM_KIND))
                return 0;
        int r = qdisc_get_root(netlink, plane->parent->index, &root, ret_error);
        if (r > 0 && is_vdsm(&root))
                reasons_add(&plane->reasons, REASON_PARENT_QOS,
                            "the root qdisc of the parent %s is hfsc 1389:, the host network QoS of oVirt's VDSM: the "
                            "plane gets what is left to it there",
                            plane->config->parent);
        return r == -ENODEV ? 0 : r;
}

// What this kernel cannot be asked for gives no reason here; the audit tells of it.
static int bypass_report(Netlink *netlink, const Inventory *inventory, const RedirectList *redirects, PlaneFacts *plane,
                         Error *ret_error) {
        BypassSubject subject = bypass_subject(netlink, inventory, redirects, plane->config);

        for (BypassKind kind = 0; kind < BYPASS_KIND_MAX; kind++) {
                int r = bypass_find(kind, &subject, &plane->reasons, ret_error);
                if (r < 0 && kind != BYPASS_TCX && kind != BYPASS_GUEST_PORTS)
                        return r;
        }
        return 0;
}

// Whether a chain can drop frames of the plane.
static bool is_on_the_way(const ForeignChain *chain, const PlaneFacts *plane) {
        const PlaneConfig *config = plane->config;

        if (streq(chain->family, "netdev"))
                return streq(chain->device, config->interface) ||
                       (plane->parent && streq(chain->device, config->parent));
        if (streq(chain->family, "bridge"))
                return plane->parent && streq(plane->parent->kind, LINK_KIND_BRIDGE);
        if (streq(chain->family, "ip6"))
                return plane_config_has_family(config, AF_INET6);
        return streq(chain->family, "inet") || plane_config_has_family(config, AF_INET); // ip, arp
}

// The other firewall's rules are not evaluated. That its drops count as ours do is what surprises people; its accepts
// let in nothing that our rules do not.
static void filter_note(const ForeignRules *rules, PlaneFacts *plane) {
        for (size_t i = 0; i < rules->n_chains; i++) {
                const ForeignChain *chain = &rules->chains[i];
                if (!chain->drops || !is_on_the_way(chain, plane))
                        continue;
                reasons_add(
                        &plane->reasons, REASON_OTHER_FIREWALL,
                        "the nftables table %s %s filters what this host receives or sends, too: see that it lets %s "
                        "through (migplaned(8), OTHER FIREWALLS)",
                        chain->family, chain->table, plane->config->interface);
                return;
        }
}

int foreign_respect(const Kernel *kernel, const Inventory *inventory, PlaneFacts *planes, size_t n_planes, Plan *plan,
                    Error *ret_error) {
        _cleanup_redirects_ RedirectList redirects = {};
        bool has_read = false;

        for (size_t i = 0; i < n_planes; i++) {
                if (planes[i].taken_down || planes[i].config->is_unread)
                        continue;
                int r = has_read ? 0 : redirects_read(kernel->netlink, &redirects, ret_error);
                if (r < 0)
                        return r;
                has_read = true;
                device_respect(&planes[i], plan);
                filter_note(firewall_foreign_rules(kernel->firewall), &planes[i]);
                r = parent_respect(kernel->netlink, &planes[i], ret_error);
                if (r < 0)
                        return r;
                r = bypass_report(kernel->netlink, inventory, &redirects, &planes[i], ret_error);
                if (r < 0)
                        return r;
        }
        return 0;
}
