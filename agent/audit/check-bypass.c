// The audit: what gets at the plane past its rules.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "audit/audit.h"
#include "audit/check.h"
#include "base/error.h"
#include "base/util.h"
#include "engine/bypass.h"
#include "kernel/link.h"
#include "model/reason.h"

static void bypass_verify(Verify *verify, BypassKind kind, const char *well) {
        BypassSubject subject = bypass_subject(verify->manager->kernel.netlink, &verify->look->inventory,
                                               &verify->host->redirects, verify->config);
        _cleanup_reasons_ Reasons reasons = {};
        Error error = {};

        if (bypass_find(kind, &subject, &reasons, &error) < 0)
                // The unit keeps bpf(2) from the daemon, on purpose: that alone is no failure.
                verify_say_unseen(verify, kind == BYPASS_TCX ? VERDICT_WARNING : VERDICT_FAILED, &error);
        for (size_t i = 0; i < reasons.n_reasons; i++)
                verify_say(verify, VERDICT_FAILED, "%s", reasons.reasons[i].text);
        verify_say(verify, VERDICT_OK, "%s", well);
}

void verify_xdp(Verify *verify) {
        bypass_verify(verify, BYPASS_XDP, "no XDP program is on the device, its ifb or its parent");
}

void verify_tcx(Verify *verify) {
        bypass_verify(verify, BYPASS_TCX, "no program is on tcx of the device, its ifb or its parent");
        if (verify->verdict == VERDICT_WARNING)
                verify_say(verify, VERDICT_WARNING, "SystemCallFilter=bpf in a drop-in of migplaned.service lets it be asked");
}

void verify_tc_filters(Verify *verify) {
        bypass_verify(verify, BYPASS_FILTERS, "no filter but ours is on the device, its ifb or its parent");
}

void verify_tc_redirects(Verify *verify) {
        if (verify->host->redirects_error.code < 0)
                verify_say_unseen(verify, VERDICT_FAILED, &verify->host->redirects_error);
        else
                bypass_verify(verify, BYPASS_REDIRECTS, "no tc action sends into the plane; a BPF program's would not be seen");
}

void verify_stacked(Verify *verify) {
        bypass_verify(verify, BYPASS_STACKED, "no macvlan, VLAN or the like that this namespace has");
}

void verify_guest_ports(Verify *verify) {
        const Link *wire = verify->parent ?: verify->link;
        const Link *master = wire ? inventory_find_index(&verify->look->inventory, wire->master_index) : NULL;

        bypass_verify(verify, BYPASS_GUEST_PORTS, "no guest's port of this namespace is on the plane's wire");
        if ((wire && streq(wire->kind, LINK_KIND_OPENVSWITCH)) || (master && streq(master->kind, LINK_KIND_OPENVSWITCH)))
                verify_say(verify, VERDICT_WARNING, "which ports of Open vSwitch carry what cannot be seen: see ovs-vsctl show");
}
