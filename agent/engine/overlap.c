// Networks of a plane that overlap those of other links.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "engine/overlap.h"

#include "base/inet.h"
#include "base/util.h"
#include "config/plane-config.h"
#include "engine/plane-facts.h"
#include "kernel/link.h"
#include "kernel/network.h"
#include "model/reason.h"

// One address or route of a plane.
typedef struct Subject {
        const Prefix *ours;
        bool is_address;
        bool stands;
        ConfigLocation at;
} Subject;

static bool is_planes(const OverlapHost *host, const Link *link) {
        if (link->is_tagged)
                return true;
        for (size_t i = 0; i < host->n_planes; i++)
                if (host->planes[i].has_link && host->planes[i].link == link)
                        return true;
        return false;
}

// Whether the kernel has it on the plane's device.
static bool is_set(const PlaneFacts *plane, const NetworkList *networks, const Prefix *ours, NetworkSource source) {
        return plane->has_link && network_list_has(networks, plane->link->index, ours, source);
}

static int overlap_add(PlaneFacts *plane, const Subject *subject, const Network *theirs) {
        if (array_reserve(&plane->overlaps, &plane->n_overlaps_allocated, plane->n_overlaps + 1) < 0)
                return -ENOMEM;
        plane->overlaps[plane->n_overlaps++] = (Overlap){ .ours = subject->ours,
                                                          .theirs = theirs->prefix,
                                                          .has_address = theirs->source == NETWORK_ADDRESS,
                                                          .is_refused = !subject->stands };
        return 0;
}

static void overlap_tell(PlaneFacts *plane, const Subject *subject, const Network *theirs, const Link *link) {
        const char *kind = subject->is_address ? "Address=" : "Destination=";
        const char *what = theirs->source == NETWORK_ADDRESS ? "the address" : "the route to";

        if (!subject->stands)
                reasons_add(
                        &plane->reasons, REASON_NETWORK_IN_USE,
                        "%s%s (%s:%u) overlaps %s %s of %s, which the plane would cut off: give one of them another "
                        "network",
                        kind, PREFIX_TEXT(subject->ours), subject->at.path, subject->at.line, what,
                        PREFIX_TEXT(&theirs->prefix), link->name);
        else
                reasons_add(&plane->reasons, REASON_NETWORK_OVERLAP,
                            "%s has got %s %s since, which overlaps %s%s (%s:%u): peers there cannot be reached, and "
                            "are not held to the plane",
                            link->name, what, PREFIX_TEXT(&theirs->prefix), kind, PREFIX_TEXT(subject->ours),
                            subject->at.path, subject->at.line);
}

static int subject_check(PlaneFacts *plane, const OverlapHost *host, const Subject *subject) {
        const Link *told = NULL;

        for (size_t i = 0; i < host->networks->n_networks; i++) {
                const Network *theirs = &host->networks->networks[i];
                // Most do not, and a host has many.
                if (!prefix_overlaps(&theirs->prefix, subject->ours))
                        continue;
                const Link *link = inventory_find_index(host->inventory, theirs->ifindex);
                if (theirs->source == NETWORK_OURS || !link || is_planes(host, link) ||
                    !network_overlaps(theirs, link->has_mac, subject->ours))
                        continue;
                if (overlap_add(plane, subject, theirs) < 0)
                        return -ENOMEM;
                // An address and its connected route are told once.
                if (told != link)
                        overlap_tell(plane, subject, theirs, link);
                told = link;
        }
        return 0;
}

int overlap_find(PlaneFacts *plane, const OverlapHost *host) {
        const PlaneConfig *config = plane->config;
        // A manager sets its addresses whatever is said here.
        bool stands = plane->link ? plane->has_link && (plane->went_up || config->managed_by != MANAGED_BY_MIGPLANE)
                                  : plane->went_up;
        int r = 0;

        for (size_t i = 0; i < config->n_addresses && r >= 0; i++) {
                Subject subject = {
                        .ours = &config->addresses[i].prefix,
                        .is_address = true,
                        .at = config_location(config, "Address", "Address", i),
                };
                subject.stands = stands || is_set(plane, host->networks, subject.ours, NETWORK_ADDRESS);
                plane->has_address |= subject.stands;
                r = subject_check(plane, host, &subject);
        }
        for (size_t i = 0; i < config->n_routes && r >= 0; i++) {
                Subject subject = {
                        .ours = &config->routes[i].destination,
                        .at = config_location(config, "Route", "Destination", i),
                };
                subject.stands = stands || is_set(plane, host->networks, subject.ours, NETWORK_OURS);
                r = subject_check(plane, host, &subject);
        }
        return r;
}

bool overlap_refuses(const PlaneFacts *plane, const Prefix *ours) {
        for (size_t i = 0; i < plane->n_overlaps; i++)
                if (plane->overlaps[i].is_refused && plane->overlaps[i].ours == ours)
                        return true;
        return false;
}

bool overlap_refuses_any(const PlaneFacts *plane) {
        for (size_t i = 0; i < plane->n_overlaps; i++)
                if (plane->overlaps[i].is_refused)
                        return true;
        return false;
}

bool overlap_refuses_plane(const PlaneFacts *plane) {
        return !plane->has_address && overlap_refuses_any(plane);
}
