// Links of ours that are up although the kernel refuses their rules.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "engine/unguarded.h"

#include "base/error.h"
#include "base/util.h"
#include "engine/migrations.h"
#include "kernel/link.h"
#include "kernel/tcp.h"
#include "model/object.h"

static bool is_refused(const ApplyFailures *failures, const char *link) {
        for (size_t i = 0; i < failures->n_failures; i++)
                if ((failures->failures[i].is_ruleset || failures->failures[i].is_guard) &&
                    (!failures->failures[i].link[0] || streq(failures->failures[i].link, link)))
                        return true;
        return false;
}

static bool lacks_chain(const Plan *plan, const char *link) {
        for (size_t i = 0; i < plan->n_operations; i++) {
                const Operation *operation = &plan->operations[i];

                if (operation->type == OPERATION_ADD && streq(operation->desired->link, link) &&
                    (object_is_egress_guard(operation->desired) ||
                     (operation->desired->kind == OBJECT_RULESET &&
                      operation->desired->as_ruleset.family == RULESET_NETDEV)))
                        return true;
        }
        return false;
}

bool unguarded_may_shut(const PlaneFacts *facts, const Plan *plan, const ApplyFailures *failures) {
        _cleanup_tcp_sockets_ TcpSockets connections = {};
        const Link *link = facts->link;

        return facts->is_ours && link && link->up && is_refused(failures, link->name) &&
               lacks_chain(plan, link->name) && tcp_read_established(&connections, NULL) >= 0 &&
               migrations_count(&connections, facts->config) == 0;
}
