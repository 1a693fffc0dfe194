// The networks and default routes that the host's links have.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "kernel/network.h"

#include <linux/rtnetlink.h>

#include "base/error.h"
#include "base/inet.h"
#include "base/names.h"
#include "base/util.h"
#include "kernel/addr.h"
#include "netlink/attribute.h"
#include "netlink/request.h"

// --- routes of the main table ---

typedef struct Route {
        int family, ifindex;
        Prefix destination;
        bool has_gateway;
        uint32_t metric;
        uint8_t protocol;
} Route;

typedef struct RouteList {
        Route *routes;
        size_t n_routes, n_allocated;
        bool defaults; // which routes are kept: those, or the connected ones
        uint8_t protocol;
        size_t n_before; // of earlier readings
} RouteList;

static void route_list_deinit(RouteList *list) {
        free(list->routes);
}

static int route_store(RouteList *list, const Route *route) {
        bool is_connected = !route->has_gateway || route->protocol == OUR_PROTOCOL;

        if (list->defaults != (route->destination.length == 0) || (!list->defaults && !is_connected))
                return 0;
        if (array_reserve(&list->routes, &list->n_allocated, list->n_routes + 1) < 0)
                return -ENOMEM;
        list->routes[list->n_routes++] = *route;
        return 0;
}

static int next_hops_read(RouteList *list, const struct nlattr *attribute, Route *route) {
        const struct rtnexthop *hop;
        const void *run;
        size_t left, size;
        const void *hops = attribute_payload(attribute, &left);
        int r;

        while ((r = attribute_next_hop(&hops, &left, &hop, &run, &size)) > 0) {
                route->ifindex = hop->rtnh_ifindex;
                route->has_gateway = attribute_find(run, size, RTA_GATEWAY) || attribute_find(run, size, RTA_VIA);
                r = route_store(list, route);
                if (r < 0)
                        return r;
        }
        return r;
}

static int route_read(const struct nlmsghdr *header, void *userdata) {
        RouteList *list = userdata;
        const struct nlattr *attributes[RTA_MAX + 1];
        const struct rtmsg *info = NLMSG_DATA(header);
        uint32_t ifindex = 0;

        if (header->nlmsg_type != RTM_NEWROUTE ||
            attribute_index_message(header, sizeof(*info), attributes, RTA_MAX) < 0)
                return -EBADMSG;
        Route route = {
                .family = info->rtm_family,
                .destination = { .address.family = info->rtm_family, .length = info->rtm_dst_len },
                .has_gateway = attributes[RTA_GATEWAY] || attributes[RTA_VIA],
                .protocol = info->rtm_protocol,
        };
        if (attribute_u32(attributes[RTA_OIF], &ifindex) < 0 ||
            attribute_u32(attributes[RTA_PRIORITY], &route.metric) < 0)
                return -EBADMSG;
        route.ifindex = (int)ifindex;
        // A kernel without strict checks sends all routes.
        if (info->rtm_table != RT_TABLE_MAIN || info->rtm_type != RTN_UNICAST ||
            (info->rtm_family != AF_INET && info->rtm_family != AF_INET6) ||
            (list->protocol && info->rtm_protocol != list->protocol))
                return 0;
        (void)attribute_address(attributes[RTA_DST], info->rtm_family, &route.destination.address);
        return attributes[RTA_MULTIPATH] ? next_hops_read(list, attributes[RTA_MULTIPATH], &route)
                                         : route_store(list, &route);
}

static void routes_restart(void *userdata) {
        RouteList *list = userdata;

        list->n_routes = list->n_before;
}

// Adds the routes of one protocol; 0: of all.
static int routes_read(Netlink *netlink, uint8_t protocol, RouteList *list, Error *ret_error) {
        static const uint8_t families[] = { AF_INET, AF_INET6 };

        list->protocol = protocol;
        for (size_t i = 0; i < ELEMENTSOF(families); i++) {
                struct rtmsg info = {
                        .rtm_family = families[i],
                        .rtm_protocol = protocol,
                        .rtm_table = RT_TABLE_MAIN,
                        .rtm_type = RTN_UNICAST,
                };
                Error error = {};

                list->n_before = list->n_routes;
                int r = netlink_query(netlink, netlink_message_new(RTM_GETROUTE, NLM_F_DUMP, &info, sizeof(info)),
                                      route_read, routes_restart, list, &error);
                // ENOENT: the table does not exist yet. EOPNOTSUPP: the kernel has no IPv6.
                if (r < 0 && r != -ENOENT && r != -EOPNOTSUPP)
                        return error_set(ret_error, r, "cannot list the routes: %s", error.text);
        }
        return 0;
}

// --- networks ---

void network_list_deinit(NetworkList *list) {
        free(list->networks);
        *list = (NetworkList){};
}

static int network_add(NetworkList *list, int ifindex, const Prefix *prefix, NetworkSource source) {
        if (prefix->address.family == AF_INET6 && IN6_IS_ADDR_LINKLOCAL(&prefix->address.in6))
                return 0;
        if (array_reserve(&list->networks, &list->n_allocated, list->n_networks + 1) < 0)
                return -ENOMEM;
        list->networks[list->n_networks++] = (Network){ .ifindex = ifindex, .prefix = *prefix, .source = source };
        return 0;
}

int network_read(Netlink *netlink, NetworkList *ret, Error *ret_error) {
        static const uint8_t protocols[] = { RTPROT_KERNEL, RTPROT_BOOT, RTPROT_STATIC,
                                             RTPROT_RA,     RTPROT_DHCP, OUR_PROTOCOL };
        _cleanup_(route_list_deinit) RouteList routes = {};
        _cleanup_addr_list_ AddrList addresses = {};
        _cleanup_network_list_ NetworkList list = {};

        int r = addr_read(netlink, 0, &addresses, ret_error);
        for (size_t i = 0; i < ELEMENTSOF(protocols) && r >= 0; i++)
                r = routes_read(netlink, protocols[i], &routes, ret_error);
        if (r < 0)
                return r;
        for (size_t i = 0; i < addresses.n_entries && r >= 0; i++)
                r = network_add(&list, addresses.entries[i].ifindex, &addresses.entries[i].prefix, NETWORK_ADDRESS);
        for (size_t i = 0; i < routes.n_routes && r >= 0; i++)
                r = network_add(&list, routes.routes[i].ifindex, &routes.routes[i].destination,
                                routes.routes[i].protocol == OUR_PROTOCOL ? NETWORK_OURS : NETWORK_CONNECTED);
        if (r < 0)
                return error_set(ret_error, r, "out of memory");
        *ret = list;
        list = (NetworkList){};
        return 0;
}

bool network_list_has(const NetworkList *list, int ifindex, const Prefix *prefix, NetworkSource source) {
        for (size_t i = 0; i < list->n_networks; i++)
                if (list->networks[i].ifindex == ifindex && list->networks[i].source == source &&
                    prefix_compare(&list->networks[i].prefix, prefix) == 0)
                        return true;
        return false;
}

bool network_overlaps(const Network *theirs, bool is_ethernet, const Prefix *ours) {
        if (theirs->source == NETWORK_CONNECTED && !is_ethernet && theirs->prefix.length < ours->length)
                return false;
        return prefix_overlaps(&theirs->prefix, ours);
}

// --- default routes ---

// Whether all routes of the family with the lowest metric lead over the link.
static bool is_best(const RouteList *list, int ifindex, int family) {
        const Route *best = NULL;
        bool is_only = true;

        for (size_t i = 0; i < list->n_routes; i++) {
                const Route *route = &list->routes[i];
                if (route->family != family || route->protocol == RTPROT_RA || (best && route->metric > best->metric))
                        continue;
                is_only = (!best || route->metric < best->metric || is_only) && route->ifindex == ifindex;
                best = route;
        }
        return best && is_only;
}

static bool is_last(const RouteList *list, int ifindex) {
        for (size_t i = 0; i < list->n_routes; i++)
                if (list->routes[i].ifindex != ifindex)
                        return false;
        return list->n_routes > 0;
}

int network_is_way_out(Netlink *netlink, int ifindex, Error *ret_error) {
        _cleanup_(route_list_deinit) RouteList list = { .defaults = true };

        int r = routes_read(netlink, 0, &list, ret_error);
        if (r < 0)
                return r;
        return is_best(&list, ifindex, AF_INET) || is_best(&list, ifindex, AF_INET6) || is_last(&list, ifindex);
}
