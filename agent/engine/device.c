// Whether the plane's device can be used or made.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "engine/device.h"

#include "base/util.h"
#include "config/plane-config.h"
#include "engine/link-match.h"
#include "engine/plane-facts.h"
#include "kernel/link.h"
#include "model/reason.h"

bool device_is_made_by_us(const PlaneConfig *plane) {
        return plane->kind != PLANE_KIND_DEVICE && plane->managed_by == MANAGED_BY_MIGPLANE;
}

// "vlan 100 (802.1ad) on eno1", "macvlan on eno1", "bridge"
static const char *kind_format(const char *kind, uint16_t vlan_id, uint16_t vlan_protocol, const char *parent,
                               char ret[static 80]) {
        int n = snprintf(ret, 80, "%s", kind);

        if (streq(kind, "vlan"))
                n += snprintf(ret + n, 80 - (size_t)n, " %u (%s)", vlan_id, vlan_protocol_to_string(vlan_protocol));
        if (parent[0])
                (void)snprintf(ret + n, 80 - (size_t)n, " on %s", parent);
        return ret;
}

#define LINK_TEXT(link)                                                                                                \
        kind_format((link)->kind[0] ? (link)->kind : "device", (link)->vlan_id, (link)->vlan_protocol, (link)->parent, \
                    (char[80]){ 0 })
#define PLANE_TEXT(plane)                                                                                           \
        kind_format(plane_kind_to_string((plane)->kind), (plane)->vlan_id, (plane)->vlan_protocol, (plane)->parent, \
                    (char[80]){ 0 })

// The device is as the file describes it, but on a link of another name, and no link has the name in the file.
static bool stands_elsewhere(const PlaneFacts *facts) {
        return facts->config->kind != PLANE_KIND_DEVICE && !facts->parent && facts->link && facts->link->parent[0] &&
               link_match_tag(facts->link, facts->config);
}

// The device would have to be made, or made again, on a link that does not exist.
static bool lacks_parent(const PlaneFacts *facts) {
        return facts->config->kind != PLANE_KIND_DEVICE && !facts->parent && !stands_elsewhere(facts) &&
               (!facts->link || device_is_made_by_us(facts->config));
}

static void parent_check(const PlaneFacts *facts, const Inventory *inventory, Reasons *reasons) {
        const PlaneConfig *plane = facts->config;
        const Link *meant = inventory_find_altname(inventory, plane->parent);
        ConfigLocation at = config_location(plane, "Interface", "Parent", 0);

        if (stands_elsewhere(facts))
                reasons_add(reasons, REASON_PARENT_RENAMED,
                            "%s stands on %s, and there is no %s (%s:%u): if that was renamed, write Parent=%s, and "
                            "nothing else changes",
                            plane->interface, facts->link->parent, plane->parent, at.path, at.line,
                            facts->link->parent);
        else if (lacks_parent(facts) && meant)
                reasons_add(reasons, REASON_PARENT_MISSING,
                            "Parent=%s (%s:%u) is an alternative name of %s: write Parent=%s", plane->parent, at.path,
                            at.line, meant->name, meant->name);
        else if (lacks_parent(facts))
                reasons_add(reasons, REASON_PARENT_MISSING, "the parent %s (%s:%u) does not exist; waiting for it",
                            plane->parent, at.path, at.line);
}

// Whether a device that does not exist can be made.
static bool absence_check(const PlaneFacts *facts, const Inventory *inventory, bool hold, Reasons *reasons) {
        const PlaneConfig *plane = facts->config;
        ConfigLocation at = config_location(plane, "Interface", "Name", 0);
        const Link *meant = inventory_find_altname(inventory, plane->interface);

        if (meant && plane->kind == PLANE_KIND_DEVICE) {
                reasons_add(reasons, REASON_DEVICE_MISSING,
                            "Name=%s (%s:%u) is an alternative name of %s: write Name=%s", plane->interface, at.path,
                            at.line, meant->name, meant->name);
                return false;
        }
        if (meant) {
                reasons_add(reasons, REASON_DEVICE_MISSING,
                            "Name=%s (%s:%u) is an alternative name of %s, so no device can get it: use another Name=, "
                            "or remove that one with: ip link property del dev %s altname %s",
                            plane->interface, at.path, at.line, meant->name, meant->name, plane->interface);
                return false;
        }

        if (device_is_made_by_us(plane)) {
                if (hold)
                        reasons_add(reasons, REASON_SETTING_UP,
                                    "waiting until networkd and NetworkManager know that %s is unmanaged",
                                    plane->interface);
                return !hold && !lacks_parent(facts);
        }
        if (!lacks_parent(facts))
                reasons_add(reasons, REASON_DEVICE_MISSING, "the device %s (%s:%u) does not exist; waiting for %s",
                            plane->interface, at.path, at.line,
                            plane_config_is_handed_over(plane) ? managed_by_to_string(plane->managed_by) : "it");
        return false;
}

static void enslaved_add(const Link *link, const Inventory *inventory, Reasons *reasons) {
        const Link *master = inventory_find_index(inventory, link->master_index);
        const char *kind = master ? master->kind : "";

        // All ports of all bridges of Open vSwitch have one master.
        reasons_add(reasons, REASON_ENSLAVED, "%s is a port of %s%s%s%s and cannot be used as a plane%s", link->name,
                    master ? master->name : "another device", kind[0] ? " (" : "", kind, kind[0] ? ")" : "",
                    streq(kind, LINK_KIND_OPENVSWITCH)
                            ? "; take an internal port of the Open vSwitch bridge, with Kind=device and ManagedBy=other"
                            : "");
}

// Whether a link that exists may be used for the plane.
static bool link_check(const PlaneFacts *facts, const Inventory *inventory, Reasons *reasons) {
        const PlaneConfig *plane = facts->config;
        ConfigLocation at = config_location(plane, "Interface", "Name", 0);
        const Link *link = facts->link;
        bool possible = true;

        if (link->master_index > 0) {
                enslaved_add(link, inventory, reasons);
                possible = !facts->is_taken;
        }
        if (!link->has_mac) {
                reasons_add(reasons, REASON_DEVICE_MISMATCH, "%s is not an Ethernet device", plane->interface);
                possible = false;
        }
        if (facts->is_taken && link->master_index == 0) {
                reasons_add(reasons, REASON_DEVICE_MISMATCH,
                            "%s (%s:%u) has addresses already and none of the plane's: it is in use; "
                            "name a device that is the plane's alone, or remove its addresses",
                            plane->interface, at.path, at.line);
                possible = false;
        }
        // A device that has got a default route since it became the plane's is found so only when the daemon starts
        // anew.
        if (facts->is_way_out && facts->n_migrations == 0) {
                reasons_add(reasons, REASON_DEVICE_MISMATCH,
                            "%s (%s:%u) has the host's default route, and a plane would cut it off; name a device that "
                            "is the plane's alone, or move the default route to another link",
                            plane->interface, at.path, at.line);
                possible = false;
        }
        if (!facts->is_ours && plane->kind != PLANE_KIND_DEVICE && !link_match_all(link, plane) &&
            !stands_elsewhere(facts)) {
                reasons_add(reasons, REASON_DEVICE_MISMATCH,
                            "%s exists, is not ours, and is a %s, not a %s as %s says; remove it, or give the plane "
                            "another Name=",
                            plane->interface, LINK_TEXT(link), PLANE_TEXT(plane), plane->path);
                // A device that has been the plane's keeps its isolation for as long as it exists.
                possible &= facts->stood_on;
        }
        return possible;
}

// A device of ours is never rebuilt while migrations run or its configured parent is missing.
static bool rebuild_check(const PlaneFacts *facts, Reasons *reasons) {
        const PlaneConfig *plane = facts->config;

        if (!device_is_made_by_us(plane) || !facts->is_ours || (facts->parent && facts->n_migrations == 0))
                return false;
        if (facts->parent)
                reasons_add(
                        reasons, REASON_REBUILD_WAITS,
                        "%s is a %s and is to be a %s; that waits until the %u migration(s) on it have ended (at once: "
                        "migplanectl down %s, then up)",
                        plane->interface, LINK_TEXT(facts->link), PLANE_TEXT(plane), facts->n_migrations, plane->name);
        return true;
}

DeviceCheck device_check(const PlaneFacts *facts, const Inventory *inventory, bool hold, Reasons *reasons) {
        parent_check(facts, inventory, reasons);
        bool possible =
                facts->link ? link_check(facts, inventory, reasons) : absence_check(facts, inventory, hold, reasons);

        return (DeviceCheck){ .possible = possible, .stays = rebuild_check(facts, reasons) };
}
