// One look at everything.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "engine/snapshot.h"

#include <unistd.h>

#include "base/error.h"
#include "base/util.h"
#include "config/plane-config.h"
#include "daemon/manager.h"
#include "engine/derive.h"
#include "engine/foreign.h"
#include "engine/kernel.h"
#include "engine/migrations.h"
#include "firewall/chain-name.h"
#include "kernel/addr.h"
#include "kernel/link.h"
#include "model/object.h"
#include "model/plan.h"
#include "model/reason.h"
#include "model/state.h"
#include "planes/drops.h"
#include "planes/plane.h"

void look_deinit(Look *look) {
        plan_deinit(&look->plan);
        state_deinit(&look->observed);
        state_deinit(&look->desired);
        inventory_deinit(&look->inventory);
        for (size_t i = 0; look->reasons && i < look->n_planes; i++)
                reasons_deinit(&look->reasons[i]);
        free(look->reasons);
        free(look->planes);
        free(look->configs);
        *look = (Look){};
}

static int look_planes(Manager *manager, Look *look) {
        look->configs = calloc(manager->n_planes + 1, sizeof(*look->configs));
        look->planes = calloc(manager->n_planes + 1, sizeof(*look->planes));
        look->reasons = calloc(manager->n_planes + 1, sizeof(*look->reasons));
        if (!look->configs || !look->planes || !look->reasons)
                return -ENOMEM;

        for (size_t i = 0; i < manager->n_planes; i++) {
                if (manager->planes[i]->taken_down)
                        continue;
                look->planes[look->n_planes] = manager->planes[i];
                look->configs[look->n_planes++] = manager->planes[i]->config;
        }
        return 0;
}

// A device on which the plane has stood is the plane's: what was done to its addresses since is drift, and no reason to
// take the isolation off it.
static bool stood_on(const Plane *plane, const Inventory *inventory) {
        const Link *link = inventory_find(inventory, plane->config->interface);

        return plane->verified && link && link->index == plane->ifindex;
}

// What would have to be made again, and what for.
static int links_survey(Look *look, Error *ret_error) {
        _cleanup_tcp_sockets_ TcpSockets flows = {};
        bool read = false;
        int r = 0;

        for (size_t i = 0; i < look->n_planes && r >= 0; i++) {
                const PlaneConfig *config = look->configs[i];
                Link *link = (Link *)inventory_find(&look->inventory, config->interface);
                if (!link)
                        continue;
                link->stood_on = stood_on(look->planes[i], &look->inventory);
                if (config->kind == PLANE_KIND_DEVICE || !link->ours || derive_link_fits(link, config))
                        continue;
                if (!read)
                        r = tcp_read_established(&flows, ret_error);
                read = true;
                link->n_migrations = migrations_count(&flows, config);
        }
        return r;
}

// Indices are used again: another link can have the number of one that we made, and even its name.
static bool is_of_that_kind(const Link *link, const PlaneConfig *config) {
        switch (config->kind) {
        case PLANE_KIND_VLAN:
                return link->type == LINK_VLAN && link->vlan_id == config->vlan_id && streq(link->parent, config->parent);
        case PLANE_KIND_MACVLAN:
                return link->type == LINK_MACVLAN && streq(link->parent, config->parent);
        case PLANE_KIND_DEVICE:
                return false;
        }
        return false;
}

static void outers_note(Look *look) {
        for (size_t i = 0; i < look->n_planes; i++)
                strcpy_fixed(look->planes[i]->outer, derive_outer(&look->inventory, look->configs[i]) ?: "");
}

// A link that we made stays ours when somebody takes its tag off: it gets it again.
static void links_claim(Look *look) {
        for (size_t i = 0; i < look->n_planes; i++) {
                const Plane *plane = look->planes[i];
                Link *link = (Link *)inventory_find(&look->inventory, plane->config->interface);
                // Its tag is there for the day when the plane goes.
                if (link && plane_config_is_handed_over(plane->config))
                        link->ours = false;
                else if (link && plane->made_link && link->index == plane->ifindex &&
                         is_of_that_kind(link, plane->config))
                        link->ours = true;
        }
}

int look_new(Manager *manager, Look *ret, Error *ret_error) {
        _cleanup_look_ Look look = {};

        int r = look_planes(manager, &look);
        if (r < 0)
                return error_set(ret_error, r, "out of memory");
        r = inventory_read(manager->kernel.netlink, &look.inventory, ret_error);
        if (r < 0)
                return r;
        for (size_t i = 0; i < look.n_planes && r >= 0; i++)
                if (look.configs[i]->kind == PLANE_KIND_DEVICE && !stood_on(look.planes[i], &look.inventory))
                        r = addr_survey(manager->kernel.netlink, look.configs[i], &look.inventory, ret_error);
        if (r < 0)
                return r;
        links_claim(&look);
        outers_note(&look);
        r = links_survey(&look, ret_error);
        if (r < 0)
                return r;
        DeriveFacts facts = {
                .inventory = &look.inventory,
                .leaf = manager->kernel.leaf,
                .daemon_user = geteuid(),
                .reports = evidence_reports(manager),
                .hold = manager->hold_until_usec > 0,
                .machine_id = manager->machine_id,
        };
        r = derive(look.configs, look.n_planes, &facts, &look.desired, look.reasons);
        if (r < 0)
                return error_set(ret_error, r, "out of memory");
        r = kernel_observe(&manager->kernel, &look.inventory, &look.desired, &look.observed, ret_error);
        if (r < 0)
                return r;
        r = plan_diff(&look.desired, &look.observed, &look.plan);
        if (r < 0)
                return error_set(ret_error, r, "out of memory");
        r = others_respect(&manager->kernel, &look, ret_error);
        if (r < 0)
                return r;

        *ret = look;
        look = (Look){};
        return 0;
}

static bool is_guard_of(const Object *object, const char *link) {
        char own[CHAIN_NAME_MAX];

        return link[0] && streq(chain_name_format(link, CHAIN_GUARD, own), object->as_ruleset.chain);
}

// The guard of a parent is there for the planes on that parent alone, and has no link of a plane's in its key.
static bool guards_another_parent(const Object *object, const Plane *plane) {
        return object->kind == OBJECT_RULESET && chain_name_is_guard(object->as_ruleset.chain) &&
               !is_guard_of(object, plane->config->parent) && !is_guard_of(object, plane->outer);
}

bool operation_concerns(const Operation *operation, const Plane *plane) {
        const char *link = operation_link(operation);
        char ifb[IFNAMSIZ];

        if (guards_another_parent(operation->desired ?: operation->observed, plane))
                return false;
        if (!link[0] || streq(link, plane->config->interface))
                return true;
        derive_ifb_name(plane->config->interface, ifb);
        return streq(link, ifb) || (plane->config->kind != PLANE_KIND_DEVICE && streq(link, plane->config->parent));
}

void operation_format(const Operation *operation, char *ret, size_t size) {
        _cleanup_fclose_ FILE *file = fmemopen(ret, size, "w");

        ret[0] = '\0';
        if (file)
                operation_print(operation, file);
}
