// One look at everything.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "engine/snapshot.h"

#include <unistd.h>

#include "base/error.h"
#include "base/util.h"
#include "engine/derive.h"
#include "engine/foreign.h"
#include "engine/kernel.h"
#include "engine/observe.h"
#include "engine/plane-facts.h"
#include "kernel/bridge.h"
#include "kernel/link.h"
#include "kernel/network.h"
#include "model/plan.h"
#include "model/state.h"

void snapshot_deinit(Snapshot *snapshot) {
        plan_deinit(&snapshot->plan);
        state_deinit(&snapshot->observed);
        state_deinit(&snapshot->desired);
        inventory_deinit(&snapshot->inventory);
        for (size_t i = 0; i < snapshot->n_planes; i++)
                plane_facts_deinit(&snapshot->planes[i]);
        free(snapshot->planes);
        *snapshot = (Snapshot){};
}

static int planes_read(Kernel *kernel, const PlaneInput *planes, size_t n_planes, Snapshot *snapshot,
                       Error *ret_error) {
        int r = inventory_read(kernel->netlink, &snapshot->inventory, ret_error);
        if (r < 0)
                return r;
        snapshot->planes = calloc(n_planes + 1, sizeof(*snapshot->planes));
        if (!snapshot->planes)
                return error_set(ret_error, -ENOMEM, "out of memory");
        for (size_t i = 0; i < n_planes; i++)
                snapshot->planes[snapshot->n_planes++] = plane_facts_find(&planes[i], &snapshot->inventory);
        return plane_facts_read(kernel->netlink, snapshot->planes, n_planes, ret_error);
}

int snapshot_new(Kernel *kernel, const PlaneInput *planes, size_t n_planes, const SnapshotFacts *facts, Snapshot *ret,
                 Error *ret_error) {
        _cleanup_snapshot_ Snapshot snapshot = {};
        _cleanup_network_list_ NetworkList networks = {};

        int r = planes_read(kernel, planes, n_planes, &snapshot, ret_error);
        if (r < 0)
                return r;
        r = network_read(kernel->netlink, &networks, ret_error);
        if (r < 0)
                return r;
        DeriveFacts derive_facts = {
                .inventory = &snapshot.inventory,
                .networks = &networks,
                .bridges_call = bridge_calls_netfilter(&snapshot.inventory),
                .leaf = kernel->leaf,
                .lacks_egress = kernel->lacks_egress,
                .daemon_user = geteuid(),
                .reports = facts->reports,
                .reports_opens = facts->reports_opens,
                .is_plain = facts->is_plain,
                .hold = facts->hold,
                .machine_id = facts->machine_id,
        };
        r = derive(snapshot.planes, n_planes, &derive_facts, &snapshot.desired);
        if (r < 0)
                return error_set(ret_error, r, "cannot derive the planes' objects: %s", strerror(-r));
        r = observe(kernel, &snapshot.inventory, snapshot.planes, n_planes, &snapshot.desired, &snapshot.observed,
                    ret_error);
        if (r < 0)
                return r;
        r = plan_diff(&snapshot.desired, &snapshot.observed, &snapshot.plan);
        if (r < 0)
                return error_set(ret_error, r, "out of memory");
        r = foreign_respect(kernel, &snapshot.inventory, snapshot.planes, n_planes, &snapshot.plan, ret_error);
        if (r < 0)
                return r;

        *ret = snapshot;
        snapshot = (Snapshot){};
        return 0;
}
