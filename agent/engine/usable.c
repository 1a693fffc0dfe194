// The conditions under which a plane can be used.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "engine/usable.h"

#include <linux/if_addr.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/inet.h"
#include "base/util.h"
#include "config/plane-config.h"
#include "engine/kernel.h"
#include "engine/plane-facts.h"
#include "engine/ways.h"
#include "firewall/firewall.h"
#include "kernel/addr.h"
#include "kernel/bridge.h"
#include "kernel/link.h"
#include "model/reason.h"
#include "netlink/request.h"

#define CONFLICT_TOLD_USEC UINT64_C(600000000)

// --- what is read ---

void usable_host_read(const Kernel *kernel, const Inventory *inventory, UsableHost *ret) {
        *ret = (UsableHost){ .inventory = inventory, .now_usec = clock_now_usec() };
        (void)addr_read(kernel->netlink, 0, &ret->addresses, &ret->addresses_error);
        (void)firewall_read_counters(kernel->firewall, 1U << RULESET_NETDEV, &ret->drops, &ret->n_drops, NULL);
}

void usable_host_deinit(UsableHost *host) {
        addr_list_deinit(&host->addresses);
        free(host->drops);
}

// Whether the port leads out of this host, and not to a guest or a container.
static bool is_uplink(const Link *port, const Link *bridge) {
        return port->master_index == bridge->index && !streq(port->kind, "tun") && !streq(port->kind, "veth");
}

// A bridge that filters VLANs drops the plane's frames although every link is up. It is not ours to change.
static const Link *drops_vlan(Netlink *netlink, const Inventory *inventory, const PlaneFacts *facts) {
        const Link *bridge = facts->config->kind == PLANE_KIND_VLAN ? facts->parent : NULL, *uplink = NULL;
        _cleanup_bridge_members_ BridgeMembers members = {};
        Error error = {};

        // The bridge takes frames with another protocol's tag for untagged. Kernels before 5.6 cannot tell.
        if (!bridge || !bridge->filters_vlans || bridge->vlan_protocol != facts->config->vlan_protocol ||
            bridge_members_read(netlink, facts->config->vlan_id, &members, &error) < 0)
                return NULL;
        if (!bridge_members_have(&members, bridge->index))
                return bridge;
        for (size_t i = 0; i < inventory->n_links; i++) {
                const Link *port = &inventory->links[i];
                if (!is_uplink(port, bridge))
                        continue;
                if (bridge_members_have(&members, port->index))
                        return NULL;
                uplink = uplink ?: port;
        }
        return uplink;
}

// A conflict shows when the other host happens to ask for a peer, which can be minutes apart.
static bool conflict_read(const UsableHost *host, const PlaneFacts *facts, UsableMemory *memory) {
        int ifindex = facts->link ? facts->link->index : 0;
        uint64_t n = 0;

        for (size_t i = 0; i < host->n_drops; i++)
                if (streq(host->drops[i].link, facts->config->interface) && streq(host->drops[i].reason, "conflict"))
                        n += host->drops[i].packets;
        // The counter may be older than this daemon, and can have been reset.
        if (memory->ifindex != ifindex)
                memory->conflict_usec = 0;
        else if (n > memory->n_conflicts)
                memory->conflict_usec = host->now_usec;
        memory->ifindex = ifindex;
        memory->n_conflicts = n;
        return memory->conflict_usec > 0 && host->now_usec < memory->conflict_usec + CONFLICT_TOLD_USEC;
}

void usable_read(Netlink *netlink, const UsableHost *host, const PlaneFacts *facts, bool all, UsableMemory *memory,
                 UsableReading *ret) {
        *ret = (UsableReading){ .host = host, .facts = facts };
        if (facts->taken_down || facts->config->is_unread)
                return;
        ret->drops_vlan = drops_vlan(netlink, host->inventory, facts);
        ways_read(netlink, facts, host->inventory, &host->addresses, all, &memory->ways, &ret->ways);
        ret->has_conflict = conflict_read(host, facts, memory);
}

// --- the device ---

static void device_exists(const UsableReading *reading, Reasons *reasons) {
        if (!reading->facts->link && reasons_health(reasons) != HEALTH_FAILED)
                reasons_add(reasons, REASON_DEVICE_MISSING, "%s does not exist", reading->facts->config->interface);
}

static void device_is_up(const UsableReading *reading, Reasons *reasons) {
        const Link *link = reading->facts->link;

        if (link && !link->up)
                reasons_add(reasons, REASON_LINK_DOWN, "%s is down", link->name);
}

static void device_has_carrier(const UsableReading *reading, Reasons *reasons) {
        const Link *link = reading->facts->link;

        if (link && link->up && !link->carrier)
                reasons_add(reasons, REASON_NO_CARRIER, "%s has no carrier", link->name);
}

// ARP is off for ND, too.
static void device_answers(const UsableReading *reading, Reasons *reasons) {
        const Link *link = reading->facts->link;

        if (link && link->no_arp)
                reasons_add(reasons, REASON_ARP_OFF,
                            "ARP is off on %s, so that no peer finds it: ip link set dev %s arp on", link->name,
                            link->name);
}

// In all other modes a macvlan receives what is for its address.
static void macvlan_receives(const UsableReading *reading, Reasons *reasons) {
        const Link *link = reading->facts->link;

        if (link && streq(link->mode, "source"))
                reasons_add(reasons, REASON_MACVLAN_MODE,
                            "%s is a macvlan of the mode source, which receives from listed MAC addresses only: "
                            "ip link set dev %s type macvlan mode private",
                            link->name, link->name);
}

static void bridge_admits(const UsableReading *reading, Reasons *reasons) {
        const PlaneConfig *config = reading->facts->config;
        const Link *link = reading->drops_vlan;

        if (link)
                reasons_add(reasons, REASON_BRIDGE_FILTERS,
                            "bridge %s filters VLANs and VLAN %u is not allowed on %s; allow it with: "
                            "bridge vlan add dev %s vid %u%s",
                            config->parent, config->vlan_id, streq(link->name, config->parent) ? "it" : link->name,
                            link->name, config->vlan_id, streq(link->name, config->parent) ? " self" : "");
}

// --- the addresses ---

static const AddrEntry *address_find(const AddrList *list, const Link *link, const Prefix *prefix) {
        for (size_t i = 0; i < list->n_entries; i++)
                if (list->entries[i].ifindex == link->index && addr_entry_is(&list->entries[i], prefix))
                        return &list->entries[i];
        return NULL;
}

bool usable_has_address(const UsableReading *reading, size_t i) {
        const PlaneFacts *facts = reading->facts;
        const AddrEntry *found =
                facts->link && !facts->taken_down
                        ? address_find(&reading->host->addresses, facts->link, &facts->config->addresses[i].prefix)
                        : NULL;

        return found && !(found->flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED));
}

// Initiators get the first address. Without it the plane cannot be used; without another one it can.
static ReasonCode address_code(size_t i) {
        return i == 0 ? REASON_ADDRESS_MISSING : REASON_ADDRESS_INCOMPLETE;
}

static void address_assess(const UsableReading *reading, size_t i, Reasons *reasons) {
        const PlaneConfig *config = reading->facts->config;
        const Prefix *prefix = &config->addresses[i].prefix;
        const AddrEntry *found = address_find(&reading->host->addresses, reading->facts->link, prefix);
        char text[PREFIX_TEXT_MAX];

        (void)prefix_format(prefix, text);
        if (!found)
                reasons_add(reasons, address_code(i), "%s does not have the address %s%s", config->interface, text,
                            config->managed_by == MANAGED_BY_MIGPLANE ? ""
                                                                      : "; its manager is to set it, see ManagedBy=");
        else if (found->flags & IFA_F_DADFAILED)
                reasons_add(reasons, address_code(i),
                            "%s of %s cannot be used: its duplicate address detection found another host that has it",
                            text, config->interface);
        else if (found->flags & IFA_F_TENTATIVE)
                reasons_add(reasons, address_code(i),
                            "%s of %s cannot be used yet: its duplicate address detection is running", text,
                            config->interface);
}

static void addresses_are_there(const UsableReading *reading, Reasons *reasons) {
        const PlaneConfig *config = reading->facts->config;
        char text[PREFIX_TEXT_MAX];

        if (!reading->facts->link)
                return;
        if (reading->host->addresses_error.code < 0) {
                reasons_add(reasons, REASON_ADDRESS_MISSING,
                            "cannot read the addresses of %s, which should have %s: %s", config->interface,
                            prefix_format(&config->addresses[0].prefix, text), reading->host->addresses_error.text);
                return;
        }
        for (size_t i = 0; i < config->n_addresses; i++)
                address_assess(reading, i, reasons);
}

// Not a failure: a stranger on the wire can forge such a frame, and must not stop migrations by it.
static void addresses_are_no_other_hosts(const UsableReading *reading, Reasons *reasons) {
        const PlaneConfig *config = reading->facts->config;

        if (reading->has_conflict)
                reasons_add(reasons, REASON_ADDRESS_CONFLICT,
                            "another host on the wire of %s uses an address or the MAC address of the plane, or forges "
                            "it: look for a host with the same file or machine id; LogDrops= tells its MAC address",
                            config->interface);
}

static void addresses_are_nowhere_else(const UsableReading *reading, Reasons *reasons) {
        const AddrList *list = &reading->host->addresses;
        const Link *own = reading->facts->link;

        for (size_t i = 0; i < list->n_entries; i++) {
                const AddrEntry *entry = &list->entries[i];
                char text[ADDRESS_OBJECT_TEXT_MAX];

                if (!plane_config_has_address(reading->facts->config, &entry->prefix.address))
                        continue;
                const Link *link = inventory_find_index(reading->host->inventory, entry->ifindex);
                if (!link || link == own)
                        continue;
                (void)addr_entry_format(entry, text);
                reasons_add(reasons, REASON_ADDRESS_ELSEWHERE,
                            "%s has the plane's address %s: ip address del %s dev %s", link->name, text, text,
                            link->name);
        }
}

// --- the peers ---

static void peers_are_near(const UsableReading *reading, Reasons *reasons) {
        const PlaneConfig *config = reading->facts->config;
        ConfigLocation at = config_location(config, "Isolation", "Peers", 0);

        if (!plane_config_reaches_peers(config))
                reasons_add(reasons, REASON_PEERS_UNREACHABLE,
                            "Peers=%s (%s:%u) holds no other host of the plane's networks (Address=) and routes "
                            "([Route]): nobody can migrate to this host",
                            PREFIX_TEXT(&config->peers[0]), at.path, at.line);
}

static void ways_leave_by_the_plane(const UsableReading *reading, Reasons *reasons) {
        const Ways *ways = &reading->ways;

        for (size_t i = 0; i < ways->n_faults && i < WAYS_TOLD_MAX; i++)
                reasons_add(reasons, REASON_ROUTE_ELSEWHERE, "%s", ways->faults[i]);
        if (ways->n_faults > WAYS_TOLD_MAX)
                reasons_add(reasons, REASON_ROUTE_ELSEWHERE, "and so are the routes to %zu other address(es)",
                            ways->n_faults - WAYS_TOLD_MAX);
}

// --- the list ---

// Each adds its reason, with its sentence, where it does not hold.
static void (*const conditions[])(const UsableReading *reading, Reasons *reasons) = {
        device_exists,
        device_is_up,
        device_has_carrier,
        device_answers,
        macvlan_receives,
        addresses_are_there,
        addresses_are_nowhere_else,
        addresses_are_no_other_hosts,
        peers_are_near,
        ways_leave_by_the_plane,
        bridge_admits,
};

void usable_assess(const UsableReading *reading, Reasons *reasons) {
        for (size_t i = 0; i < ELEMENTSOF(conditions); i++)
                conditions[i](reading, reasons);
}
