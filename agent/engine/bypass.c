// What bypasses a plane's rules.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "engine/bypass.h"

#include "base/error.h"
#include "base/names.h"
#include "base/util.h"
#include "config/plane-config.h"
#include "kernel/bridge.h"
#include "kernel/link.h"
#include "kernel/tcx.h"
#include "model/object.h"
#include "model/reason.h"
#include "netlink/request.h"
#include "tc/filter.h"
#include "tc/foreign-filters.h"

// A host can have thousands of guests; health names a few.
enum { TOLD_MAX = 3 };

BypassSubject bypass_subject(Netlink *netlink, const Inventory *inventory, const RedirectList *redirects,
                             const PlaneConfig *config) {
        BypassSubject subject = {
                .netlink = netlink,
                .inventory = inventory,
                .redirects = redirects,
                .config = config,
                .link = inventory_find(inventory, config->interface),
        };
        char ifb[IFNAMSIZ];

        names_ifb(config->interface, ifb);
        subject.ifb = inventory_find(inventory, ifb);
        if (config->kind == PLANE_KIND_VLAN) {
                subject.vlan_id = config->vlan_id;
                subject.vlan_protocol = config->vlan_protocol;
        } else if (subject.link && subject.link->type == LINK_VLAN) {
                subject.vlan_id = subject.link->vlan_id;
                subject.vlan_protocol = subject.link->vlan_protocol;
        }
        // The parent that the device really has, whatever the file says.
        if (config->kind != PLANE_KIND_DEVICE || subject.vlan_protocol)
                subject.parent =
                        inventory_find(inventory,
                                       subject.link && subject.link->parent[0] ? subject.link->parent : config->parent);
        return subject;
}

// --- programs and filters ---

// The plane's own device, its ifb and its parent, as far as they exist.
static size_t subject_links(const BypassSubject *subject, const Link *ret[static 3]) {
        const Link *const all[] = { subject->link, subject->ifb, subject->parent };
        size_t n = 0;

        for (size_t i = 0; i < ELEMENTSOF(all); i++)
                if (all[i])
                        ret[n++] = all[i];
        return n;
}

static int find_xdp(const BypassSubject *subject, Reasons *reasons, Error *ret_error _unused_) {
        const Link *links[3];
        size_t n = subject_links(subject, links);

        for (size_t i = 0; i < n; i++)
                if (links[i]->has_xdp)
                        reasons_add(reasons, REASON_BYPASSED,
                                    "an XDP program is on %s, before all rules: ip link set dev %s xdp off",
                                    links[i]->name, links[i]->name);
        return 0;
}

static int find_tcx(const BypassSubject *subject, Reasons *reasons, Error *ret_error) {
        const Link *links[3];
        size_t n = subject_links(subject, links);

        for (size_t i = 0; i < n; i++) {
                unsigned n_programs = 0;
                int r = tcx_count(links[i]->index, &n_programs);
                if (r < 0)
                        return error_set(ret_error, r, "bpf(2) cannot be asked for the programs on tcx: %s",
                                         strerror(-r));
                if (n_programs > 0)
                        reasons_add(reasons, REASON_BYPASSED,
                                    "%u program(s) on tcx of %s, past the rules: see bpftool net show dev %s",
                                    n_programs, links[i]->name, links[i]->name);
        }
        return 0;
}

static int filters_count(const BypassSubject *subject, const Link *link, size_t *ret_foreign, size_t *ret_at_root,
                         Error *ret_error) {
        size_t ours;

        int r = filter_count(subject->netlink, link->index, &ours, ret_foreign, ret_error);
        // The parent's root is not ours.
        if (r < 0 || link == subject->parent)
                return r;
        return foreign_filters_count_at_root(subject->netlink, link->index, ret_at_root, ret_error);
}

static int find_filters(const BypassSubject *subject, Reasons *reasons, Error *ret_error) {
        const Link *links[3];
        size_t n = subject_links(subject, links);

        for (size_t i = 0; i < n; i++) {
                const char *name = links[i]->name;
                size_t foreign = 0, at_root = 0;
                int r = filters_count(subject, links[i], &foreign, &at_root, ret_error);
                if (r < 0 && r != -ENODEV)
                        return r;
                if (foreign > 0)
                        reasons_add(
                                reasons, REASON_BYPASSED,
                                "%zu foreign tc filter(s) on %s, past the rules: see tc filter show dev %s ingress, "
                                "and egress",
                                foreign, name, name);
                if (at_root > 0)
                        reasons_add(
                                reasons, REASON_BYPASSED,
                                "%zu foreign tc filter(s) at the root of %s, past the rules: see tc filter show dev %s",
                                at_root, name, name);
        }
        return 0;
}

// Which link has the filter is looked for only when there is an action that sends into the plane: that takes three
// requests a link.
static int find_redirects(const BypassSubject *subject, Reasons *reasons, Error *ret_error) {
        bool named = false;

        if (!subject->link || redirects_count(subject->redirects, subject->link->index) == 0)
                return 0;
        for (size_t i = 0; i < subject->inventory->n_links; i++) {
                const Link *link = &subject->inventory->links[i];
                int r = foreign_filters_send_to(subject->netlink, link->index, subject->link->index, ret_error);
                if (r < 0 && r != -ENODEV)
                        return r;
                if (r <= 0)
                        continue;
                named = true;
                reasons_add(reasons, REASON_BYPASSED,
                            "a tc filter on %s sends into %s, past the rules: see tc filter show dev %s ingress, "
                            "and egress",
                            link->name, subject->link->name, link->name);
        }
        if (!named)
                reasons_add(reasons, REASON_BYPASSED,
                            "a tc action sends into %s, past the rules: see tc action list action mirred",
                            subject->link->name);
        return 0;
}

// --- devices ---

static int find_stacked(const BypassSubject *subject, Reasons *reasons, Error *ret_error _unused_) {
        size_t n = 0;

        for (size_t i = 0; subject->link && n < TOLD_MAX && i < subject->inventory->n_links; i++) {
                const Link *link = &subject->inventory->links[i];
                // The kernel gives the other end of a veth as its parent, too.
                if (link->parent_index != subject->link->index || streq(link->kind, "veth"))
                        continue;
                n++;
                reasons_add(reasons, REASON_STACKED,
                            "the %s %s stands on %s, which is for migrations alone: ip link delete dev %s",
                            link->kind[0] ? link->kind : "device", link->name, subject->link->name, link->name);
        }
        return 0;
}

const Link *bypass_bridge(const BypassSubject *subject) {
        const Link *const candidates[] = {
                subject->link,
                subject->parent,
                subject->parent ? inventory_find_index(subject->inventory, subject->parent->master_index) : NULL,
        };

        for (size_t i = 0; i < ELEMENTSOF(candidates); i++)
                if (candidates[i] && streq(candidates[i]->kind, LINK_KIND_BRIDGE))
                        return candidates[i];
        return NULL;
}

// The kinds of ports that guests and containers have, as opposed to the host's uplinks.
static bool is_guests(const Link *link) {
        static const char *const kinds[] = { "tun",    "veth",   "macvtap",   "vxlan",
                                             "geneve", "gretap", "ip6gretap", "netkit" };

        for (size_t i = 0; i < ELEMENTSOF(kinds); i++)
                if (streq(link->kind, kinds[i]))
                        return true;
        return false;
}

// Which ports of the plane's bridge carry its VLAN: the members or, where the bridge does not filter VLANs, all.
static int bridge_ports_find(const BypassSubject *subject, const Link *bridge, size_t *n_told, Reasons *reasons,
                             Error *ret_error) {
        bool filters = bridge->filters_vlans && subject->vlan_protocol;
        _cleanup_bridge_members_ BridgeMembers members = {};

        // The bridge takes frames with another protocol's tag for untagged.
        if (filters && bridge->vlan_protocol == subject->vlan_protocol) {
                int r = bridge_members_read(subject->netlink, subject->vlan_id, &members, ret_error);
                if (r < 0)
                        return r;
                // If the parent's port does not carry the VLAN, no guest of the bridge is on it.
                if (subject->parent && subject->parent->master_index == bridge->index &&
                    !bridge_members_have(&members, subject->parent->index))
                        return 0;
        }
        for (size_t i = 0; *n_told < TOLD_MAX && i < subject->inventory->n_links; i++) {
                const Link *port = &subject->inventory->links[i];
                if (port->master_index != bridge->index || !is_guests(port) || port == subject->parent ||
                    (filters && !bridge_members_have(&members, port->index)))
                        continue;
                ++*n_told;
                if (filters)
                        reasons_add(reasons, REASON_GUEST_PORT,
                                    "%s, a port of %s, carries the plane's VLAN %u: bridge vlan del dev %s vid %u",
                                    port->name, bridge->name, subject->vlan_id, port->name, subject->vlan_id);
                else
                        reasons_add(
                                reasons, REASON_GUEST_PORT,
                                "%s is a port of %s, which does not filter VLANs, and so is on the plane's wire: %s",
                                port->name, bridge->name,
                                subject->vlan_protocol ? "have the bridge filter VLANs, or take another parent"
                                                       : "remove it from the bridge");
        }
        return 0;
}

// A macvtap sends a guest's frames out by the parent unchanged, tags included.
static void taps_find(const BypassSubject *subject, size_t *n_told, Reasons *reasons) {
        for (size_t i = 0; subject->parent && *n_told < TOLD_MAX && i < subject->inventory->n_links; i++) {
                const Link *tap = &subject->inventory->links[i];
                if (tap->parent_index != subject->parent->index ||
                    (!streq(tap->kind, "macvtap") && !streq(tap->kind, "ipvtap")))
                        continue;
                ++*n_told;
                reasons_add(reasons, REASON_GUEST_PORT,
                            "the %s %s stands on %s, too, and so is on the plane's wire: give guests another link",
                            tap->kind, tap->name, subject->parent->name);
        }
}

static int find_guest_ports(const BypassSubject *subject, Reasons *reasons, Error *ret_error) {
        const Link *bridge = bypass_bridge(subject);
        size_t n_told = 0;

        taps_find(subject, &n_told, reasons);
        return bridge ? bridge_ports_find(subject, bridge, &n_told, reasons, ret_error) : 0;
}

int bypass_find(BypassKind kind, const BypassSubject *subject, Reasons *reasons, Error *ret_error) {
        static int (*const finders[BYPASS_KIND_MAX])(const BypassSubject *, Reasons *, Error *) = {
                [BYPASS_XDP] = find_xdp,         [BYPASS_TCX] = find_tcx,
                [BYPASS_FILTERS] = find_filters, [BYPASS_REDIRECTS] = find_redirects,
                [BYPASS_STACKED] = find_stacked, [BYPASS_GUEST_PORTS] = find_guest_ports,
        };

        return finders[kind](subject, reasons, ret_error);
}
