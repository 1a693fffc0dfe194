// A plane as the engine sees it.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "engine/plane-facts.h"

#include <linux/if_addr.h>

#include "base/error.h"
#include "base/inet.h"
#include "base/names.h"
#include "base/util.h"
#include "config/plane-config.h"
#include "engine/bypass.h"
#include "engine/link-match.h"
#include "engine/migrations.h"
#include "firewall/chain-name.h"
#include "kernel/addr.h"
#include "kernel/link.h"
#include "kernel/network.h"
#include "kernel/tcp.h"
#include "model/object.h"
#include "model/plan.h"
#include "model/reason.h"
#include "netlink/request.h"

// --- from the inventory ---

// Indices are used again: another link can have the number of one that we made, and even its name.
static bool is_of_that_kind(const Link *link, const PlaneConfig *config) {
        switch (config->kind) {
        case PLANE_KIND_VLAN:
                return link->type == LINK_VLAN && link->vlan_id == config->vlan_id &&
                       streq(link->parent, config->parent);
        case PLANE_KIND_MACVLAN:
                return link->type == LINK_MACVLAN && streq(link->parent, config->parent);
        case PLANE_KIND_DEVICE:
                return false;
        }
        return false;
}

static bool link_is_ours(const PlaneInput *input, const Link *link) {
        if (input->taken_down)
                return link->is_tagged;
        // The tag of a device that another manager makes is there for the day when the plane goes.
        if (plane_config_is_handed_over(input->config))
                return false;
        // A link that we made stays ours when its tag is taken off: it gets the tag again.
        return link->is_tagged ||
               (input->made_link && link->index == input->ifindex && is_of_that_kind(link, input->config));
}

static const Link *outer_vlan_find(const PlaneConfig *config, const Link *link, const Inventory *inventory) {
        const Link *below = link;

        if (config->kind != PLANE_KIND_DEVICE)
                below = inventory_find(inventory, link && link->parent[0] ? link->parent : config->parent);
        return below && below->type == LINK_VLAN && below->parent[0] ? below : NULL;
}

PlaneFacts plane_facts_find(const PlaneInput *input, const Inventory *inventory) {
        const PlaneConfig *config = input->config;
        BypassSubject subject = bypass_subject(NULL, inventory, NULL, config);
        const Link *link = subject.link;
        PlaneFacts facts = {
                .config = config,
                .taken_down = input->taken_down,
                .is_released = input->is_released,
                .went_up = input->went_up,
                .link = link,
                .ifb = subject.ifb,
                .parent = config->parent[0] ? inventory_find(inventory, config->parent) : NULL,
                .lower = subject.parent,
                .bridge = bypass_bridge(&subject),
                .outer_vlan = outer_vlan_find(config, link, inventory),
                .is_ours = link && link_is_ours(input, link),
                // What was done to its addresses since is drift, and no reason to take the isolation off it.
                .stood_on = link && input->verified && link->index == input->ifindex,
        };

        if (!config->is_unread)
                names_ifb(config->interface, facts.ifb_name);
        return facts;
}

void plane_facts_deinit(PlaneFacts *facts) {
        free(facts->overlaps);
        reasons_deinit(&facts->reasons);
        bond_deinit(&facts->bond);
}

// --- from the kernel ---

// A file that names the management interface by mistake must not cut the host off. IPv6 link-local is not counted.
static int is_taken_read(Netlink *netlink, PlaneFacts *facts, Error *ret_error) {
        _cleanup_addr_list_ AddrList list = {};
        unsigned n_foreign = 0, n_planes = 0;

        int r = addr_read(netlink, facts->link->index, &list, ret_error);
        if (r < 0)
                return r;
        for (size_t i = 0; i < list.n_entries; i++) {
                const AddrEntry *entry = &list.entries[i];
                bool of_plane = entry->is_ours;
                for (size_t j = 0; j < facts->config->n_addresses; j++)
                        of_plane |= addr_entry_is(entry, &facts->config->addresses[j].prefix);
                n_planes += of_plane;
                n_foreign += !of_plane && !(entry->prefix.address.family == AF_INET6 &&
                                            IN6_IS_ADDR_LINKLOCAL(&entry->prefix.address.in6));
        }
        facts->is_taken = facts->link->master_index > 0 || (n_foreign > 0 && n_planes == 0);
        return 0;
}

static bool is_set(const AddrList *list, const Prefix *prefix) {
        for (size_t i = 0; i < list->n_entries; i++)
                if (addr_entry_is(&list->entries[i], prefix))
                        return !(list->entries[i].flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED));
        return false;
}

static int awaits_address_read(Netlink *netlink, PlaneFacts *facts, Error *ret_error) {
        const PlaneConfig *config = facts->config;
        _cleanup_addr_list_ AddrList list = {};

        if (config->managed_by == MANAGED_BY_MIGPLANE)
                return 0;
        int r = facts->link ? addr_read(netlink, facts->link->index, &list, ret_error) : 0;
        if (r < 0)
                return r;
        for (size_t i = 0; i < config->n_addresses; i++)
                facts->awaits_address |= !is_set(&list, &config->addresses[i].prefix);
        return 0;
}

static bool needs_rebuild(const PlaneFacts *facts) {
        return facts->config->kind != PLANE_KIND_DEVICE && facts->is_ours &&
               !link_match_all(facts->link, facts->config);
}

// Whether the device may be somebody else's, so that it has to be looked at before it is taken.
static bool is_doubtful(const PlaneFacts *facts) {
        if (facts->stood_on || facts->is_ours || facts->link->is_tagged)
                return false;
        // The manager makes it, and gives it the plane's address in the end.
        return facts->config->kind == PLANE_KIND_DEVICE || !plane_config_is_handed_over(facts->config);
}

static int doubt_read(Netlink *netlink, PlaneFacts *facts, Error *ret_error) {
        int r = is_taken_read(netlink, facts, ret_error);
        if (r < 0)
                return r;
        r = network_is_way_out(netlink, facts->link->index, ret_error);
        if (r < 0)
                return r;
        facts->is_way_out = r > 0;
        return 0;
}

int plane_facts_read(Netlink *netlink, PlaneFacts *planes, size_t n_planes, Error *ret_error) {
        _cleanup_tcp_sockets_ TcpSockets connections = {};
        bool has_read = false;
        int r;

        for (size_t i = 0; i < n_planes; i++) {
                PlaneFacts *facts = &planes[i];
                r = facts->taken_down ? 0 : awaits_address_read(netlink, facts, ret_error);
                if (r < 0)
                        return r;
                if (!facts->link)
                        continue;
                r = is_doubtful(facts) ? doubt_read(netlink, facts, ret_error) : 0;
                if (r < 0)
                        return r;
                if (facts->taken_down || (!needs_rebuild(facts) && !facts->is_way_out))
                        continue;
                r = has_read ? 0 : tcp_read_established(&connections, ret_error);
                if (r < 0)
                        return r;
                has_read = true;
                facts->n_migrations = migrations_count(&connections, facts->config);
        }
        return 0;
}

// --- what an operation is about ---

const char *plane_facts_outer(const PlaneFacts *facts) {
        return facts->outer_vlan ? facts->outer_vlan->parent : NULL;
}

static bool is_guard_of(const Object *object, const char *link) {
        char own[CHAIN_NAME_MAX];

        return link && link[0] && streq(chain_name_format(link, CHAIN_GUARD, own), object->as_ruleset.chain);
}

// The guard of a parent is there for the planes on that parent alone, and has no link of a plane's in its key.
static bool guards_another_parent(const PlaneFacts *facts, const Object *object) {
        return object->kind == OBJECT_RULESET && chain_name_is_guard(object->as_ruleset.chain) &&
               !is_guard_of(object, facts->config->parent) && !is_guard_of(object, plane_facts_outer(facts));
}

bool plane_facts_cover(const PlaneFacts *facts, const Operation *operation) {
        const char *link = operation_link(operation);

        if (guards_another_parent(facts, operation_object(operation)))
                return false;
        return !link[0] || streq(link, facts->config->interface) || streq(link, facts->ifb_name) ||
               (facts->config->kind != PLANE_KIND_DEVICE && streq(link, facts->config->parent));
}
