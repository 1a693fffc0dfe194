// A Plan, carried out.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "engine/apply.h"

#include "base/error.h"
#include "base/names.h"
#include "base/util.h"
#include "engine/kernel.h"
#include "firewall/firewall.h"
#include "kernel/addr.h"
#include "kernel/link.h"
#include "kernel/neighbour.h"
#include "kernel/route.h"
#include "kernel/sysctl.h"
#include "model/object.h"
#include "model/plan.h"
#include "netlink/request.h"
#include "tc/class.h"
#include "tc/filter.h"
#include "tc/qdisc.h"

typedef int (*AddFunction)(Netlink *netlink, int ifindex, const Object *desired, Error *ret_error);
typedef int (*ChangeFunction)(Netlink *netlink, int ifindex, const Object *desired, const Object *observed,
                              Error *ret_error);
typedef int (*DeleteFunction)(Netlink *netlink, int ifindex, const Object *observed, Error *ret_error);

static int sysctl_change(Netlink *netlink _unused_, int ifindex _unused_, const Object *desired,
                         const Object *observed _unused_, Error *ret_error) {
        return sysctl_write(desired, ret_error);
}

static int sysctl_add(Netlink *netlink _unused_, int ifindex _unused_, const Object *desired, Error *ret_error) {
        return sysctl_write(desired, ret_error);
}

static int neighbour_change(Netlink *netlink, int ifindex, const Object *desired, const Object *observed _unused_,
                            Error *ret_error) {
        return neighbour_add(netlink, ifindex, desired, ret_error);
}

// NULL: that operation does not occur on this kind. For rulesets see rulesets_apply.
static const struct {
        AddFunction add;
        ChangeFunction change;
        DeleteFunction delete;
} verbs[OBJECT_KIND_MAX] = {
        [OBJECT_LINK] = { link_add, link_change, link_delete },
        [OBJECT_SYSCTL] = { sysctl_add, sysctl_change, NULL },
        [OBJECT_ADDRESS] = { addr_add, NULL, addr_delete },
        [OBJECT_QDISC] = { qdisc_add, qdisc_change, qdisc_delete },
        [OBJECT_CLASS] = { class_add, class_change, class_delete },
        [OBJECT_LEAF] = { qdisc_add, qdisc_change, qdisc_delete },
        [OBJECT_IFB_UP] = { link_up_add, NULL, link_up_delete },
        [OBJECT_FILTER] = { filter_add, filter_change, filter_delete },
        [OBJECT_LINK_UP] = { link_up_add, NULL, link_up_delete },
        [OBJECT_NEIGHBOUR] = { neighbour_add, neighbour_change, neighbour_delete },
        [OBJECT_ROUTE] = { route_add, route_change, route_delete },
};

// An object to be deleted may be gone already, with its link or by another program.
static bool already_gone(int r) {
        return r == -ENODEV || r == -ENOENT || r == -ESRCH || r == -EADDRNOTAVAIL;
}

// The indices of links, each looked up once while no link is made or deleted.
typedef struct LinkIndex {
        char name[IFNAMSIZ];
        int index;
} LinkIndex;

typedef struct LinkIndices {
        LinkIndex *links;
        size_t n_links, n_allocated;
} LinkIndices;

static void link_indices_deinit(LinkIndices *indices) {
        free(indices->links);
}

static int link_indices_find(LinkIndices *indices, Netlink *netlink, const char *name, int *ret, Error *ret_error) {
        for (size_t i = 0; i < indices->n_links; i++)
                if (streq(indices->links[i].name, name)) {
                        *ret = indices->links[i].index;
                        return 0;
                }

        if (array_reserve(&indices->links, &indices->n_allocated, indices->n_links + 1) < 0)
                return error_set(ret_error, -ENOMEM, "out of memory");
        int r = netlink_link_index(netlink, name, ret, ret_error);
        if (r < 0)
                return r;
        indices->links[indices->n_links].index = *ret;
        strcpy_fixed(indices->links[indices->n_links++].name, name);
        return 0;
}

static int operation_run(Netlink *netlink, const Operation *operation, LinkIndices *indices, Error *ret_error) {
        const Object *desired = operation->desired, *observed = operation->observed;
        ObjectKind kind = operation_object(operation)->kind;
        int ifindex = 0, r = 0;

        if (kind != OBJECT_SYSCTL && !(kind == OBJECT_LINK && operation->type == OPERATION_ADD))
                r = link_indices_find(indices, netlink, operation_link(operation), &ifindex, ret_error);
        if (kind == OBJECT_LINK)
                indices->n_links = 0;
        if (r < 0)
                return operation->type == OPERATION_DELETE && already_gone(r) ? 0 : r;

        switch (operation->type) {
        case OPERATION_ADD:
                return verbs[kind].add(netlink, ifindex, desired, ret_error);
        case OPERATION_CHANGE:
                return verbs[kind].change(netlink, ifindex, desired, observed, ret_error);
        case OPERATION_REPLACE:
                // A foreign qdisc is replaced in one step by the change.
                if (kind == OBJECT_QDISC || kind == OBJECT_LEAF)
                        return qdisc_change(netlink, ifindex, desired, observed, ret_error);
                r = verbs[kind].delete(netlink, ifindex, observed, ret_error);
                return r < 0 && !already_gone(r) ? r : verbs[kind].add(netlink, ifindex, desired, ret_error);
        case OPERATION_DELETE:
                r = verbs[kind].delete ? verbs[kind].delete(netlink, ifindex, observed, ret_error) : 0;
                return already_gone(r) ? 0 : r;
        }
        return -EINVAL;
}

// Whether a failure on one link prevents operations on the other: they are of the same plane.
static bool same_plane(const char *a, const char *b) {
        char ifb[IFNAMSIZ];

        if (!a[0] || streq(a, b))
                return true;
        names_ifb(a, ifb);
        if (streq(ifb, b))
                return true;
        names_ifb(b, ifb);
        return streq(ifb, a);
}

static bool is_held_back(const ApplyFailures *failures, const Operation *operation) {
        for (size_t i = 0; i < failures->n_failures; i++)
                if (failures->failures[i].holds_back &&
                    same_plane(failures->failures[i].link, operation_link(operation)))
                        return true;
        return false;
}

static bool goes_with_link(const Object *object) {
        return object->kind == OBJECT_ROUTE || object->kind == OBJECT_NEIGHBOUR;
}

// Whether a link was deleted and made again earlier in the plan. What was observed on the old one is gone, but the plan
// does not know that, and would set the new one up without it. The next round plans anew.
static bool was_replaced(const Plan *plan, size_t n_done, const char *link) {
        for (size_t i = 0; i < n_done; i++)
                if (plan->operations[i].type == OPERATION_REPLACE && plan->operations[i].desired->kind == OBJECT_LINK &&
                    same_plane(plan->operations[i].desired->link, link))
                        return true;
        return false;
}

static int failure_add(ApplyFailures *failures, const char *link, const Error *error, const Operation *operation) {
        static const char *const names[] = {
                [OPERATION_DELETE] = "delete",
                [OPERATION_ADD] = "add",
                [OPERATION_CHANGE] = "change",
                [OPERATION_REPLACE] = "replace",
        };
        if (array_reserve(&failures->failures, &failures->n_allocated, failures->n_failures + 1) < 0)
                return -ENOMEM;

        ApplyFailure *failure = &failures->failures[failures->n_failures++];
        *failure = (ApplyFailure){
                .is_ruleset = !operation,
                .is_guard = operation && object_is_egress_guard(operation_object(operation)),
                .is_cap = operation && object_is_cap(operation_object(operation)),
                .holds_back = !operation || operation->desired || !goes_with_link(operation->observed),
                .error = *error,
        };
        strcpy_fixed(failure->link, link);
        if (!operation)
                return 0;

        char text[384];
        operation_format(&(Operation){ .type = operation->type, .desired = operation_object(operation) }, text,
                         sizeof(text));
        error_prefix(&failure->error, "cannot %s %s", names[operation->type], text + strlen("+ "));
        return 0;
}

// The chains of a plan, for one transaction.
typedef struct RulesetLoad {
        const Object **load, **remove; // in one block of memory
        size_t n_load, n_remove;
} RulesetLoad;

static void ruleset_load_deinit(RulesetLoad *rulesets) {
        free(rulesets->load);
}

// A chain at a device that could not be made: kernels before 6.18 refuse it, and with it the whole transaction.
static bool hooks_nothing(Netlink *netlink, const ApplyFailures *failures, const Operation *operation) {
        int index;

        return operation->desired->as_ruleset.family == RULESET_NETDEV && operation->desired->link[0] &&
               is_held_back(failures, operation) &&
               netlink_link_index(netlink, operation->desired->link, &index, NULL) == -ENODEV;
}

// A plane keeps its rulesets if another of its objects could not be deleted.
static int ruleset_load_collect(Netlink *netlink, const Plan *plan, const ApplyFailures *failures, RulesetLoad *ret) {
        ret->load = calloc(plan->n_operations + 1, 2 * sizeof(*ret->load));
        if (!ret->load)
                return -ENOMEM;

        ret->remove = ret->load + plan->n_operations;
        for (size_t i = 0; i < plan->n_operations; i++) {
                const Operation *operation = &plan->operations[i];

                if (operation_object(operation)->kind != OBJECT_RULESET)
                        continue;
                if (operation->desired && !hooks_nothing(netlink, failures, operation))
                        ret->load[ret->n_load++] = operation->desired;
                else if (!operation->desired && !is_held_back(failures, operation))
                        ret->remove[ret->n_remove++] = operation->observed;
        }
        return 0;
}

static bool is_at(const Object *chain, const char *link) {
        return streq(chain->link, link) && chain->as_ruleset.family == RULESET_NETDEV;
}

// Leaves out the chains at the device. Chains of other families stay: the chains of all planes lead to them.
static void ruleset_load_drop(RulesetLoad *rulesets, const char *link) {
        size_t n = 0;

        for (size_t i = 0; i < rulesets->n_load; i++)
                if (!is_at(rulesets->load[i], link))
                        rulesets->load[n++] = rulesets->load[i];
        rulesets->n_load = n;
}

// Leaves out the chains at each device for which the kernel refuses them by themselves. Returns how many devices that
// were.
static int ruleset_load_sift(Firewall *firewall, RulesetLoad *rulesets, ApplyFailures *failures) {
        int n_refused = 0;

        for (size_t i = 0; i < rulesets->n_load;) {
                const char *link = rulesets->load[i]->link;
                _cleanup_free_ const Object **own = calloc(rulesets->n_load, sizeof(*own));
                Error error = {};
                size_t n = 0;

                if (!own)
                        return -ENOMEM;
                for (size_t j = 0; j < rulesets->n_load && link[0]; j++)
                        if (is_at(rulesets->load[j], link))
                                own[n++] = rulesets->load[j];
                if (n == 0 || own[0] != rulesets->load[i] || firewall_check(firewall, own, n, &error) >= 0) {
                        i++;
                        continue;
                }
                error_prefix(&error, "cannot load the ruleset of %s", link);
                if (failure_add(failures, link, &error, NULL) < 0)
                        return -ENOMEM;
                ruleset_load_drop(rulesets, link);
                n_refused++;
        }
        return n_refused;
}

// All rulesets in one transaction. Where the kernel refuses it, the planes whose own chains it refuses are left out,
// and held back.
static int rulesets_apply(Kernel *kernel, const Plan *plan, ApplyFailures *failures) {
        _cleanup_(ruleset_load_deinit) RulesetLoad rulesets = {};
        Error error = {};

        int r = ruleset_load_collect(kernel->netlink, plan, failures, &rulesets);
        if (r < 0)
                return r;
        kernel_progress(kernel, KERNEL_STEP_TRANSACTION);
        if (firewall_apply(kernel->firewall, rulesets.load, rulesets.n_load, rulesets.remove, rulesets.n_remove,
                           &error) >= 0)
                return 0;
        r = ruleset_load_sift(kernel->firewall, &rulesets, failures);
        if (r < 0)
                return r;
        if (r > 0 && firewall_apply(kernel->firewall, rulesets.load, rulesets.n_load, rulesets.remove,
                                    rulesets.n_remove, &error) >= 0)
                return 0;
        error_prefix(&error, "cannot load the ruleset");
        return failure_add(failures, "", &error, NULL);
}

int apply(Kernel *kernel, const Plan *plan, ApplyFailures *ret_failures) {
        _cleanup_apply_failures_ ApplyFailures failures = {};
        _cleanup_(link_indices_deinit) LinkIndices indices = {};
        bool rulesets_done = false;

        for (size_t i = 0; i < plan->n_operations; i++) {
                const Operation *operation = &plan->operations[i];
                Error error = {};
                int r = 0;

                if (operation_object(operation)->kind == OBJECT_RULESET) {
                        if (!rulesets_done)
                                r = rulesets_apply(kernel, plan, &failures);
                        rulesets_done = true;
                } else if (!is_held_back(&failures, operation) && !was_replaced(plan, i, operation_link(operation)) &&
                           operation_run(kernel->netlink, operation, &indices, &error) < 0)
                        r = failure_add(&failures, operation_link(operation), &error, operation);
                if (r < 0)
                        return r;
                kernel_progress(kernel, KERNEL_STEP_OPERATION);
        }

        *ret_failures = failures;
        failures = (ApplyFailures){};
        return 0;
}

void apply_failures_deinit(ApplyFailures *failures) {
        free(failures->failures);
        *failures = (ApplyFailures){};
}
