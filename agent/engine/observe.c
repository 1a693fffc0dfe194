// What the kernel has, as a State.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "engine/observe.h"

#include <net/if.h>

#include "base/error.h"
#include "base/util.h"
#include "engine/kernel.h"
#include "engine/plane-facts.h"
#include "firewall/firewall.h"
#include "kernel/addr.h"
#include "kernel/link.h"
#include "kernel/neighbour.h"
#include "kernel/route.h"
#include "kernel/sysctl.h"
#include "model/object.h"
#include "model/state.h"
#include "netlink/request.h"
#include "tc/class.h"
#include "tc/filter.h"
#include "tc/qdisc.h"

static bool link_is_ours(const Link *link, const PlaneFacts *planes, size_t n_planes) {
        for (size_t i = 0; i < n_planes; i++)
                if (planes[i].link == link)
                        return planes[i].is_ours;
        return link->is_tagged;
}

// The links that objects are on, in the order of their names. A host has thousands of links, and a plane thousands of
// peers.
typedef struct LinkNames {
        char (*names)[IFNAMSIZ];
        size_t n_names, n_allocated;
} LinkNames;

static void link_names_deinit(LinkNames *links) {
        free(links->names);
        *links = (LinkNames){};
}
#define _cleanup_link_names_ _cleanup_(link_names_deinit)

static int name_compare(const void *a, const void *b) {
        return strcmp(a, b);
}

// A link comes once for each kind of object at least: a State is in the order of kinds, then of links.
static int link_names_add(LinkNames *links, const State *state) {
        const char *last = "";

        for (size_t i = 0; i < state->n_objects; i++) {
                const Object *object = &state->objects[i];
                if (object->kind == OBJECT_LINK_UP || streq(object->link, last))
                        continue;
                if (array_reserve(&links->names, &links->n_allocated, links->n_names + 1) < 0)
                        return -ENOMEM;
                strcpy_fixed(links->names[links->n_names++], object->link);
                last = object->link;
        }
        return 0;
}

static int link_names_read(const State *desired, const State *chains, LinkNames *links) {
        if (link_names_add(links, desired) < 0 || link_names_add(links, chains) < 0)
                return -ENOMEM;
        if (links->n_names > 0)
                qsort(links->names, links->n_names, sizeof(*links->names), name_compare);
        return 0;
}

static bool link_names_have(const LinkNames *links, const char *name) {
        return links->n_names > 0 && bsearch(name, links->names, links->n_names, sizeof(*links->names), name_compare);
}

static int link_objects_read(Kernel *kernel, const Link *link, bool is_ours, const State *desired, State *state,
                             Error *ret_error) {
        Netlink *netlink = kernel->netlink;

        int r = addr_observe(netlink, link->name, link->index, is_ours, desired, state, ret_error);
        if (r < 0)
                return r;
        r = qdisc_observe(netlink, link->name, link->index, desired, state, ret_error);
        if (r < 0)
                return r;
        r = class_observe(netlink, link->name, link->index, state, ret_error);
        if (r < 0)
                return r;
        r = filter_observe(netlink, link->name, link->index, false, state, ret_error);
        if (r < 0)
                return r;
        r = kernel->lacks_egress ? filter_observe(netlink, link->name, link->index, true, state, ret_error) : 0;
        if (r < 0)
                return r;
        return neighbour_observe(netlink, link->name, link->index, desired, state, ret_error);
}

// Another program's link has the name of a plane's ifb. Nothing of it is read, so nothing of it is changed: making the
// ifb fails, and the plane waits.
static bool is_in_the_way(const Link *link, bool is_ours, const State *desired) {
        Object key = { .kind = OBJECT_LINK };

        strcpy_fixed(key.link, link->name);
        const Object *want = state_find(desired, &key);
        return want && want->as_link.type == LINK_IFB && link->type != LINK_IFB && !is_ours;
}

static int link_read(Kernel *kernel, const Link *link, bool is_ours, bool has_objects, const State *desired,
                     State *state, Error *ret_error) {
        if (is_in_the_way(link, is_ours, desired))
                return 0;
        if (is_ours || has_objects) {
                int r = link_objects_read(kernel, link, is_ours, desired, state, ret_error);
                // A link that is gone since the inventory is seen as missing next time.
                if (r < 0 && r != -ENODEV)
                        return r;
        }
        if (link_observe(link, is_ours, desired, state) < 0)
                return error_set(ret_error, -ENOMEM, "out of memory");
        return 0;
}

static bool is_guarded(const State *state, const char *link) {
        for (size_t i = 0; i < state->n_objects; i++) {
                const Object *object = &state->objects[i];
                if (object->kind == OBJECT_RULESET && object->as_ruleset.family == RULESET_NETDEV &&
                    streq(object->link, link))
                        return true;
        }
        return false;
}

// networkd and NetworkManager have set them because we asked for it. They are deleted before the rules are, and not
// when the manager comes to it. An address that is set after the rules are gone is somebody else's.
static int released_addresses_read(Kernel *kernel, const PlaneFacts *plane, State *state, Error *ret_error) {
        _cleanup_addr_list_ AddrList list = {};

        if (!plane->is_released || !plane->link || plane->is_ours || !plane_config_is_handed_over(plane->config) ||
            !is_guarded(state, plane->link->name))
                return 0;
        int r = addr_read(kernel->netlink, plane->link->index, &list, ret_error);
        if (r < 0)
                return r;
        for (size_t i = 0; i < list.n_entries; i++) {
                const AddrEntry *entry = &list.entries[i];
                Object object = { .kind = OBJECT_ADDRESS, .as_address = { .prefix = entry->prefix, .ours = true } };

                strcpy_fixed(object.link, plane->link->name);
                for (size_t j = 0; j < plane->config->n_addresses && !entry->is_ours; j++)
                        if (addr_entry_is(entry, &plane->config->addresses[j].prefix) && state_add(state, &object) < 0)
                                return error_set(ret_error, -ENOMEM, "out of memory");
        }
        return 0;
}

int observe(Kernel *kernel, const Inventory *inventory, const PlaneFacts *planes, size_t n_planes, const State *desired,
            State *ret, Error *ret_error) {
        _cleanup_state_ State state = {};
        _cleanup_link_names_ LinkNames names = {};

        int r = firewall_observe(kernel->firewall, &state, ret_error);
        if (r < 0)
                return r;
        // A netdev chain of ours is the mark that a device is, or was, a plane's, also when we did not make it.
        if (link_names_read(desired, &state, &names) < 0)
                return error_set(ret_error, -ENOMEM, "out of memory");
        for (size_t i = 0; i < inventory->n_links; i++) {
                const Link *link = &inventory->links[i];
                r = link_read(kernel, link, link_is_ours(link, planes, n_planes), link_names_have(&names, link->name),
                              desired, &state, ret_error);
                if (r < 0)
                        return r;
        }
        for (size_t i = 0; i < n_planes; i++) {
                r = released_addresses_read(kernel, &planes[i], &state, ret_error);
                if (r < 0 && r != -ENODEV)
                        return r;
        }
        r = sysctl_observe(inventory, desired, &state, ret_error);
        if (r < 0)
                return r;
        r = route_observe(kernel->netlink, inventory, &state, ret_error);
        if (r < 0)
                return r;

        state_sort(&state);
        *ret = state;
        state = (State){};
        return 0;
}
