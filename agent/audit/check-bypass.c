// The audit: what bypasses the plane's rules.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "audit/check.h"
#include "audit/checks.h"
#include "audit/host.h"
#include "base/error.h"
#include "base/util.h"
#include "engine/bypass.h"
#include "engine/plane-facts.h"
#include "kernel/link.h"
#include "model/reason.h"

static void bypass_check(Check *check, BypassKind kind, const char *well) {
        BypassSubject subject =
                bypass_subject(check->netlink, &check->snapshot->inventory, &check->host->redirects, check->config);
        _cleanup_reasons_ Reasons reasons = {};
        Error error = {};

        if (bypass_find(kind, &subject, &reasons, &error) < 0)
                // The unit does not allow bpf(2), on purpose: that alone is not a failure.
                check_say_unseen(check, kind == BYPASS_TCX ? VERDICT_WARNING : VERDICT_FAILED, &error);
        for (size_t i = 0; i < reasons.n_reasons; i++)
                check_say(check, VERDICT_FAILED, "%s", reasons.reasons[i].text);
        check_say(check, VERDICT_OK, "%s", well);
}

void check_xdp(Check *check) {
        bypass_check(check, BYPASS_XDP, "no XDP program is on the device, its ifb or its parent");
}

void check_tcx(Check *check) {
        bypass_check(check, BYPASS_TCX, "no program is on tcx of the device, its ifb or its parent");
        if (check->verdict == VERDICT_WARNING)
                check_say(check, VERDICT_WARNING,
                          "allow it with SystemCallFilter=bpf in a drop-in of migplaned.service");
}

void check_tc_filters(Check *check) {
        bypass_check(check, BYPASS_FILTERS, "no filter but ours is on the device, its ifb or its parent");
}

void check_tc_redirects(Check *check) {
        if (check->host->redirects_error.code < 0)
                check_say_unseen(check, VERDICT_FAILED, &check->host->redirects_error);
        else
                bypass_check(check, BYPASS_REDIRECTS,
                             "no tc action redirects into the plane; a redirect by a BPF program would not show");
}

void check_stacked(Check *check) {
        bypass_check(check, BYPASS_STACKED,
                     "no macvlan, VLAN or ipvlan on the plane's device (in this network namespace)");
}

void check_guest_ports(Check *check) {
        const Link *wire = check->facts->parent ?: check->link;
        const Link *master = wire ? inventory_find_index(&check->snapshot->inventory, wire->master_index) : NULL;

        bypass_check(check, BYPASS_GUEST_PORTS, "no guest port is on the plane's wire (in this network namespace)");
        if ((wire && streq(wire->kind, LINK_KIND_OPENVSWITCH)) ||
            (master && streq(master->kind, LINK_KIND_OPENVSWITCH)))
                check_say(
                        check, VERDICT_WARNING,
                        "the daemon cannot see which ports of Open vSwitch carry the plane's VLAN: see ovs-vsctl show");
}
