// The networks and default routes that the host's links have.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "base/inet.h"
#include "base/util.h"
#include "netlink/request.h"

typedef enum NetworkSource {
        NETWORK_ADDRESS,
        NETWORK_CONNECTED, // a route without a gateway
        NETWORK_OURS,      // a route of a plane
} NetworkSource;

typedef struct Network {
        int ifindex;
        Prefix prefix; // an address with its length, or the destination of a route
        NetworkSource source;
} Network;

typedef struct NetworkList {
        Network *networks;
        size_t n_networks, n_allocated;
} NetworkList;

// Reads all addresses but link-local IPv6 ones, and of the main table the connected routes and the routes of planes.
// Routes that routing daemons add are not read: there can be a million of them.
int network_read(Netlink *netlink, NetworkList *ret, Error *ret_error);
bool network_list_has(const NetworkList *list, int ifindex, const Prefix *prefix, NetworkSource source);
void network_list_deinit(NetworkList *list);
#define _cleanup_network_list_ _cleanup_(network_list_deinit)

// Whether a link with that network loses traffic if the plane gets ours. is_ethernet: of the link. A tunnel with a wide
// route is no loser: the longer prefix of the plane is meant.
bool network_overlaps(const Network *theirs, bool is_ethernet, const Prefix *ours);

// 1: the host reaches other networks by this link: it has the default route of the lowest metric, and no other link has
// one of that metric. A default route from a router advertisement counts only if no other link has any default route,
// because everybody on the wire can send one. 0: it does not.
int network_is_way_out(Netlink *netlink, int ifindex, Error *ret_error);
