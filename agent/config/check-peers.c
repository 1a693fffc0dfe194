// The peers of a plane: checks of Peers=, the [Peer] sections and Probe=.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "config/check-peers.h"

#include "base/inet.h"
#include "base/util.h"
#include "config/draft.h"
#include "config/plane-config.h"

static void check_peers(ConfigDraft *draft) {
        const PlaneConfig *plane = draft->plane;

        for (size_t i = 0; i < plane->n_peers; i++) {
                const Prefix *peers = &plane->peers[i];
                const char *fault = peers->length > 0 ? address_host_fault(&peers->address) : NULL;
                if (fault)
                        draft_error(draft, config_location(plane, "Isolation", "Peers", i),
                                    "Peers=%s is %s; name networks of hosts", PREFIX_TEXT(peers), fault);
                if (peers->length == 0)
                        draft_warning(draft, config_location(plane, "Isolation", "Peers", i),
                                      "Peers=%s makes every host a peer; name the networks of the peers",
                                      PREFIX_TEXT(peers));
                if (peers->length == address_bits(peers->address.family) &&
                    plane_config_is_gateway(plane, &peers->address))
                        draft_warning(
                                draft, config_location(plane, "Isolation", "Peers", i),
                                "Peers=%s is a Gateway= of the plane, and a gateway is not a peer: it gets ARP, ND "
                                "and ICMP errors only; give a host that also migrates another address for that",
                                ADDRESS_TEXT(&peers->address));
        }
}

static void add_peers(ConfigDraft *draft, const Prefix *prefix) {
        PlaneConfig *plane = draft->plane;

        if (array_reserve(&plane->peers, &plane->n_peers_allocated, plane->n_peers + 1) < 0)
                draft->out_of_memory = true;
        else
                plane->peers[plane->n_peers++] = prefix_network(prefix);
}

static int compare_prefixes(const void *a, const void *b) {
        return prefix_compare(a, b);
}

// Fills in the default and drops networks within others: nftables rejects overlapping intervals.
static void complete_peers(ConfigDraft *draft) {
        PlaneConfig *plane = draft->plane;
        size_t n = 0;

        if (plane->n_peers == 0) {
                for (size_t i = 0; i < plane->n_addresses; i++)
                        add_peers(draft, &plane->addresses[i].prefix);
                for (size_t i = 0; i < plane->n_routes; i++)
                        if (plane->routes[i].destination.address.family != AF_UNSPEC)
                                add_peers(draft, &plane->routes[i].destination);
        }
        if (plane->n_peers == 0)
                return;

        // A network sorts before the networks that it contains.
        qsort(plane->peers, plane->n_peers, sizeof(plane->peers[0]), compare_prefixes);
        for (size_t i = 0; i < plane->n_peers; i++)
                if (n == 0 || !prefix_overlaps(&plane->peers[n - 1], &plane->peers[i]))
                        plane->peers[n++] = plane->peers[i];
        plane->n_peers = n;
}

static bool has_peers(const PlaneConfig *plane) {
        for (size_t i = 0; i < plane->n_peers; i++) {
                const Prefix *peers = &plane->peers[i];
                if (peers->length < address_bits(peers->address.family) ||
                    !plane_config_has_address(plane, &peers->address))
                        return true;
        }
        return false;
}

static void check_has_peers(ConfigDraft *draft) {
        const PlaneConfig *plane = draft->plane;

        if (plane->n_addresses == 0)
                return;
        const ConfigLocation peers_at = config_location(plane, "Isolation", "Peers", 0);
        if (!has_peers(plane) && peers_at.line > 0)
                draft_error(draft, peers_at,
                            "Peers= holds the plane's own address and no other host; name the other hosts, or remove "
                            "Peers= for the plane's networks");
        else if (!has_peers(plane))
                draft_error(draft, config_location(plane, "Address", "Address", 0),
                            "Address=%s: no other host can be a peer; give the prefix length of the plane's network, "
                            "or set Peers=",
                            PREFIX_TEXT(&plane->addresses[0].prefix));
        else if (!plane_config_reaches_peers(plane))
                draft_warning(draft, config_location(plane, "Isolation", "Peers", 0),
                              "Peers= holds no other host of the plane's networks (Address=) and routes ([Route]): "
                              "nobody can migrate to this host");
}

static void check_known_peer(ConfigDraft *draft, size_t i, bool repeated) {
        const PlaneConfig *plane = draft->plane;
        const Address *address = &plane->known_peers[i].address;
        const char *fault = plane_config_has_address(plane, address) ? "is the plane's own address; name another host"
                            : !plane_config_is_peer(plane, address) && !plane_config_is_gateway(plane, address)
                                    ? "is not within Peers=; correct it, or add it there"
                                    : NULL;

        if (address->family == AF_UNSPEC) {
                draft_error(draft, config_location(plane, "Peer", "", i),
                            "Address= is missing in [Peer]; add the peer's address, or remove the section");
                return;
        }
        if (fault)
                draft_error(draft, config_location(plane, "Peer", "Address", i), "Address=%s of a [Peer] %s",
                            ADDRESS_TEXT(address), fault);
        if (repeated)
                draft_error(draft, config_location(plane, "Peer", "Address", i),
                            "Address=%s has two [Peer] sections; remove one", ADDRESS_TEXT(address));
}

// By address, then in the order of the sections.
static int compare_known_peers(const void *a, const void *b) {
        const PlanePeer *peer_a = *(const PlanePeer *const *)a, *peer_b = *(const PlanePeer *const *)b;
        int r = address_compare(&peer_a->address, &peer_b->address);

        return r != 0 ? r : (peer_a > peer_b) - (peer_a < peer_b);
}

// For each section 1 if it repeats the address of an earlier one, else 0; NULL when out of memory. They are sorted
// because there may be thousands.
static char *find_repeated_peers(const PlaneConfig *plane) {
        const size_t n = plane->n_known_peers;
        _cleanup_free_ const PlanePeer **sorted = calloc(n + 1, sizeof(sorted[0]));
        _cleanup_free_ char *repeated = calloc(n + 1, 1);

        if (!sorted || !repeated)
                return NULL;
        for (size_t i = 0; i < n; i++)
                sorted[i] = &plane->known_peers[i];
        qsort(sorted, n, sizeof(sorted[0]), compare_known_peers);
        for (size_t i = 1; i < n; i++)
                repeated[sorted[i] - plane->known_peers] =
                        address_compare(&sorted[i - 1]->address, &sorted[i]->address) == 0;
        return TAKE(repeated);
}

static void check_known_peers(ConfigDraft *draft) {
        _cleanup_free_ char *repeated = find_repeated_peers(draft->plane);

        if (!repeated) {
                draft->out_of_memory = true;
                return;
        }
        for (size_t i = 0; i < draft->plane->n_known_peers; i++)
                check_known_peer(draft, i, repeated[i]);
}

static void check_probes(ConfigDraft *draft) {
        const PlaneConfig *plane = draft->plane;

        for (size_t i = 0; i < plane->n_probes; i++) {
                const ConfigLocation at = config_location(plane, "Health", "Probe", i);
                if (plane_config_has_address(plane, &plane->probes[i]))
                        draft_error(draft, at, "Probe=%s is the plane's own address; name a peer",
                                    ADDRESS_TEXT(&plane->probes[i]));
                else if (plane_config_is_gateway(plane, &plane->probes[i]))
                        draft_error(draft, at,
                                    "Probe=%s is a gateway, which answers no probe on the plane; name a peer",
                                    ADDRESS_TEXT(&plane->probes[i]));
                else if (!plane_config_is_peer(plane, &plane->probes[i]))
                        draft_error(draft, at, "Probe=%s is not within Peers=; correct it, or add it there",
                                    ADDRESS_TEXT(&plane->probes[i]));
        }
}

void draft_check_peers(ConfigDraft *draft) {
        // Networks are checked as they are written, before they are sorted and joined; the rest is checked against the
        // result.
        check_peers(draft);
        complete_peers(draft);
        if (draft->out_of_memory)
                return;
        check_has_peers(draft);
        check_known_peers(draft);
        check_probes(draft);
}
