// What other managers of the host have for good on a plane's devices.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// VDSM, oVirt's agent, puts an hfsc with a handle of its own at the root of a network's device: "host network QoS".
// Somebody said so in oVirt's configuration, and it would come again. So that root is left, and the plane tells of the
// contradiction. A root of any other kind or handle is an accident, and replaced.

#include "engine/foreign.h"

#include "base/error.h"
#include "base/util.h"
#include "config/plane-config.h"
#include "engine/bypass.h"
#include "engine/kernel.h"
#include "engine/snapshot.h"
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
        const Object *object = operation->desired ?: operation->observed;
        return object->kind == OBJECT_CLASS || object->kind == OBJECT_LEAF || is_yielding(operation);
}

static void device_respect(Look *look, size_t i) {
        const char *interface = look->configs[i]->interface;
        Plan *plan = &look->plan;
        bool yields = false;
        size_t kept = 0;

        for (size_t j = 0; j < plan->n_operations; j++)
                yields |= streq(operation_link(&plan->operations[j]), interface) && is_yielding(&plan->operations[j]);
        if (!yields)
                return;
        for (size_t j = 0; j < plan->n_operations; j++)
                if (!streq(operation_link(&plan->operations[j]), interface) || !is_shaping(&plan->operations[j]))
                        plan->operations[kept++] = plan->operations[j];
        plan->n_operations = kept;
        reasons_add(&look->reasons[i], REASON_HOST_QOS,
                    "the root qdisc of %s is hfsc 1389:, the host network QoS of oVirt's VDSM; it stays, so Egress= is "
                    "not enforced: take the QoS off the network in oVirt, or Egress= out of the plane",
                    interface);
}

// Asked only for an hfsc: each get is announced to everybody who listens.
static int parent_respect(Netlink *netlink, Look *look, size_t i, Error *ret_error) {
        const PlaneConfig *config = look->configs[i];
        const Link *parent = config->parent[0] ? inventory_find(&look->inventory, config->parent) : NULL;
        QdiscObject root;

        if (!parent || !streq(parent->qdisc, VDSM_KIND))
                return 0;
        int r = qdisc_get_root(netlink, parent->index, &root, ret_error);
        if (r > 0 && is_vdsm(&root))
                reasons_add(&look->reasons[i], REASON_PARENT_QOS,
                            "the root qdisc of the parent %s is hfsc 1389:, the host network QoS of oVirt's VDSM: the "
                            "plane gets what is left to it there",
                            config->parent);
        return r == -ENODEV ? 0 : r;
}

// What cannot be looked at is no reason: verify tells of it.
static int bypass_report(Netlink *netlink, const RedirectList *redirects, Look *look, size_t i, Error *ret_error) {
        BypassSubject subject = bypass_subject(netlink, &look->inventory, redirects, look->configs[i]);

        for (BypassKind kind = 0; kind < BYPASS_KIND_MAX; kind++) {
                int r = bypass_find(kind, &subject, &look->reasons[i], ret_error);
                if (r < 0 && kind != BYPASS_TCX && kind != BYPASS_GUEST_PORTS)
                        return r;
        }
        return 0;
}

// Whether what a chain drops can be the plane's.
static bool is_on_the_way(const ForeignChain *chain, const PlaneConfig *config, const Inventory *inventory) {
        const Link *parent = config->parent[0] ? inventory_find(inventory, config->parent) : NULL;

        if (streq(chain->family, "netdev"))
                return streq(chain->device, config->interface) || (parent && streq(chain->device, config->parent));
        if (streq(chain->family, "bridge"))
                return parent && streq(parent->kind, LINK_KIND_BRIDGE);
        if (streq(chain->family, "ip6"))
                return plane_config_has_family(config, AF_INET6);
        return streq(chain->family, "inet") || plane_config_has_family(config, AF_INET); // ip, arp
}

// What its rules let through is not evaluated; that they count as ours do is what surprises people. An accept of theirs is
// nothing to tell: it lets in nothing that ours do not.
static void filter_note(const Firewall *firewall, Look *look, size_t i) {
        const ForeignRules *rules = firewall_foreign_rules(firewall);
        const PlaneConfig *config = look->configs[i];

        for (size_t j = 0; j < rules->n_chains; j++) {
                const ForeignChain *chain = &rules->chains[j];
                if (!chain->drops || !is_on_the_way(chain, config, &look->inventory))
                        continue;
                reasons_add(&look->reasons[i], REASON_OTHER_FIREWALL,
                            "the nftables table %s %s filters what this host receives or sends, too: see that it lets %s through "
                            "(migplaned(8), OTHER FIREWALLS)",
                            chain->family, chain->table, config->interface);
                return;
        }
}

int others_respect(const Kernel *kernel, Look *look, Error *ret_error) {
        Netlink *netlink = kernel->netlink;
        _cleanup_redirects_ RedirectList redirects = {};
        int r = look->n_planes > 0 ? redirects_read(netlink, &redirects, ret_error) : 0;

        for (size_t i = 0; i < look->n_planes && r >= 0; i++) {
                device_respect(look, i);
                filter_note(kernel->firewall, look, i);
                r = parent_respect(netlink, look, i, ret_error);
                if (r >= 0)
                        r = bypass_report(netlink, &redirects, look, i, ret_error);
        }
        return r < 0 ? r : 0;
}
