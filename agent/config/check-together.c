// Checks between planes, and the choice of the default plane.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "config/check-together.h"

#include "base/inet.h"
#include "base/names.h"
#include "base/text.h"
#include "base/util.h"
#include "config/config.h"
#include "config/draft.h"
#include "config/plane-config.h"

// "plane blue (/etc/migplane/blue.plane:3)"
static const char *plane_text(const PlaneConfig *plane, ConfigLocation at, char ret[static 512]) {
        text_format(ret, 512, "plane %s (%s:%u)", plane->name, at.path, at.line);
        return ret;
}

#define PLANE(plane, section, key, item) \
        plane_text((plane), config_location((plane), section, key, item), (char[512]){ 0 })

// Each plane with Ingress= has an ifb, and gets one when it gets a cap: their names are taken, too.
static void check_ifbs(ConfigDraft *draft, const PlaneConfig *standing) {
        const PlaneConfig *plane = draft->plane;
        const struct {
                const char *key, *value;
        } names[] = { { "Name", plane->interface }, { "Parent", plane->parent } };
        char ifb[IFNAMSIZ], other[IFNAMSIZ];

        names_ifb(standing->interface, other);
        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                if (streq(names[i].value, other))
                        draft_error(draft, config_location(plane, "Interface", names[i].key, 0),
                                    "%s=%s is the name of the ifb device of %s; use another one", names[i].key, other,
                                    PLANE(standing, "Interface", "Name", 0));
        names_ifb(plane->interface, ifb);
        if (streq(ifb, standing->interface) || streq(ifb, standing->parent) ||
            (streq(ifb, other) && !streq(plane->interface, standing->interface)))
                draft_error(draft, config_location(plane, "Interface", "Name", 0),
                            "the ifb device of Name=%s is named %s, a name that %s uses; use another Name=",
                            plane->interface, ifb, PLANE(standing, "Interface", "Name", 0));
}

static void check_interfaces(ConfigDraft *draft, const PlaneConfig *standing) {
        const PlaneConfig *plane = draft->plane;
        const ConfigLocation name_at = config_location(plane, "Interface", "Name", 0);

        if (streq(plane->interface, standing->interface))
                draft_error(draft, name_at, "Name=%s is the interface of %s already; give each plane its own",
                            plane->interface, PLANE(standing, "Interface", "Name", 0));
        if (streq(plane->interface, standing->parent))
                draft_error(draft, name_at,
                            "Name=%s is the parent of %s, and a plane's interface carries nothing else; use another "
                            "one",
                            plane->interface, PLANE(standing, "Interface", "Parent", 0));
        if (streq(plane->parent, standing->interface))
                draft_error(draft, config_location(plane, "Interface", "Parent", 0),
                            "Parent=%s is the interface of %s, which carries nothing else; use another one",
                            plane->parent, PLANE(standing, "Interface", "Name", 0));
        check_ifbs(draft, standing);
        if (plane->vlan_id != 0 && plane->vlan_id == standing->vlan_id &&
            plane->vlan_protocol == standing->vlan_protocol && streq(plane->parent, standing->parent))
                draft_error(draft, config_location(plane, "Interface", "VLANId", 0),
                            "VLANId=%u on Parent=%s is the VLAN of %s already; give each plane its own VLAN",
                            plane->vlan_id, plane->parent, PLANE(standing, "Interface", "VLANId", 0));
}

static void check_networks(ConfigDraft *draft, const PlaneConfig *standing) {
        const PlaneConfig *plane = draft->plane;
        char mine[PREFIX_TEXT_MAX], other[PREFIX_TEXT_MAX];

        for (size_t i = 0; i < plane->n_addresses; i++)
                for (size_t j = 0; j < standing->n_addresses; j++) {
                        const Prefix *a = &plane->addresses[i].prefix, *b = &standing->addresses[j].prefix;
                        if (prefix_overlaps(a, b))
                                draft_error(
                                        draft, config_location(plane, "Address", "Address", i),
                                        "Address=%s overlaps Address=%s of %s; give each plane a network of its own",
                                        prefix_format(a, mine), prefix_format(b, other),
                                        PLANE(standing, "Address", "Address", j));
                }
}

// Whether no packet for the destination can take this way: it belongs to a network of the other plane.
static bool is_within(const Prefix *destination, const Prefix *network) {
        return destination->length >= network->length && prefix_contains(network, &destination->address);
}

// The routes of one plane against the networks of the other; the draft is of either.
static void check_destinations(ConfigDraft *draft, const PlaneConfig *routed, const PlaneConfig *local) {
        for (size_t i = 0; i < routed->n_routes; i++)
                for (size_t j = 0; j < local->n_addresses; j++) {
                        const Prefix *destination = &routed->routes[i].destination;
                        const Prefix *network = &local->addresses[j].prefix;
                        if (!is_within(destination, network))
                                continue;
                        if (draft->plane == routed)
                                draft_error(draft, config_location(routed, "Route", "Destination", i),
                                            "Destination=%s is in the network of Address=%s of %s, and traffic for "
                                            "that network leaves through that plane only; remove the [Route]",
                                            PREFIX_TEXT(destination), PREFIX_TEXT(network),
                                            PLANE(local, "Address", "Address", j));
                        else
                                draft_error(draft, config_location(local, "Address", "Address", j),
                                            "the network of Address=%s has Destination=%s of %s, and traffic for it "
                                            "leaves through this plane only; remove that [Route]",
                                            PREFIX_TEXT(network), PREFIX_TEXT(destination),
                                            PLANE(routed, "Route", "Destination", i));
                }
}

// The kernel has one route to a network. Of networks within each other the smaller one is preferred, so that both
// planes have their peers.
static void check_routes(ConfigDraft *draft, const PlaneConfig *standing) {
        const PlaneConfig *plane = draft->plane;

        for (size_t i = 0; i < plane->n_routes; i++)
                for (size_t j = 0; j < standing->n_routes; j++)
                        if (prefix_compare(&plane->routes[i].destination, &standing->routes[j].destination) == 0)
                                draft_error(draft, config_location(plane, "Route", "Destination", i),
                                            "Destination=%s is a [Route] of %s already, and a network is reached "
                                            "through one plane; remove one of the two, or name a smaller network",
                                            PREFIX_TEXT(&plane->routes[i].destination),
                                            PLANE(standing, "Route", "Destination", j));
        check_destinations(draft, plane, standing);
        check_destinations(draft, standing, plane);
}

static void check_default(ConfigDraft *draft, const PlaneConfig *standing) {
        if (draft->plane->wants_default && standing->wants_default)
                draft_error(draft, config_location(draft->plane, "Plane", "Default", 0),
                            "Default=yes is set here for plane %s and also for %s; only one plane can be the default",
                            draft->plane->name, PLANE(standing, "Plane", "Default", 0));
}

static void check_against(ConfigDraft *draft, const PlaneConfig *standing) {
        check_interfaces(draft, standing);
        check_networks(draft, standing);
        check_routes(draft, standing);
        check_default(draft, standing);
}

static int compare_planes(const void *a, const void *b) {
        return strcmp((*(PlaneConfig *const *)a)->name, (*(PlaneConfig *const *)b)->name);
}

// The default is the plane that Resolve() gives. The only plane is the default, unless another plane's file is broken.
static void choose_default(Config *config) {
        bool alone = config->n_planes == 1 && config->n_broken == 0;

        for (size_t i = 0; i < config->n_planes; i++)
                config->planes[i]->is_default = config->planes[i]->wants_default || alone;
}

// Keeps plane in config, or moves it to broken if it contradicts one of the standing planes. Consumes plane.
static int admit(Config *config, PlaneConfig *plane, const PlaneConfig *const *standing, size_t n_standing,
                 size_t *n_planes) {
        ConfigDraft draft = { .config = config, .plane = plane };

        for (size_t i = 0; i < n_standing; i++)
                check_against(&draft, standing[i]);
        if (draft.n_errors == 0) {
                config->planes[(*n_planes)++] = plane;
                return 0;
        }

        int r = draft.out_of_memory ? -ENOMEM : config_add_broken(config, plane->name, plane->path, plane);
        (void)plane_config_free(plane);
        return r;
}

// Of two planes that contradict each other, the later by name is broken.
int config_check_together(Config *config) {
        size_t n_planes = 0;
        int r = 0;

        if (config->n_planes > 0)
                qsort(config->planes, config->n_planes, sizeof(config->planes[0]), compare_planes);
        for (size_t i = 0; i < config->n_planes; i++)
                r = admit(config, config->planes[i], (const PlaneConfig *const *)config->planes, n_planes, &n_planes)
                            ?: r;
        config->n_planes = n_planes;
        choose_default(config);
        return r;
}

static int check_against_kept(Config *config, const PlaneConfig *kept) {
        size_t n_planes = 0;
        int r = 0;

        for (size_t i = 0; i < config->n_planes; i++)
                r = admit(config, config->planes[i], &kept, 1, &n_planes) ?: r;
        config->n_planes = n_planes;
        return r;
}

// n_broken grows within the loop. It ends because planes in force do not contradict each other: each breaks at most
// once.
int config_check_kept(Config *config, const PlaneConfig *const *in_force, size_t n_in_force) {
        int r = 0;

        for (size_t i = 0; i < config->n_broken; i++)
                for (size_t j = 0; j < n_in_force; j++)
                        if (!in_force[j]->is_unread && streq(in_force[j]->name, config->broken[i]->name))
                                r = check_against_kept(config, in_force[j]) ?: r;
        choose_default(config);
        return r;
}

int config_keep(Config *config, const PlaneConfig *in_force, PlaneConfig **ret) {
        int r = config_add_broken(config, in_force->name, in_force->path, NULL);
        if (r < 0)
                return r;

        for (size_t i = 0; i < config->n_planes; i++)
                if (streq(config->planes[i]->name, in_force->name)) {
                        *ret = config->planes[i];
                        config->n_planes--;
                        memmove(&config->planes[i], &config->planes[i + 1],
                                (config->n_planes - i) * sizeof(config->planes[0]));
                        break;
                }
        return 0;
}
