// Routes of planes that span subnets, and to single peers.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "kernel/route.h"

#include <linux/rtnetlink.h>
#include <netlink/route/nexthop.h>
#include <netlink/route/route.h>

#include "base/error.h"
#include "base/inet.h"
#include "base/names.h"
#include "base/util.h"
#include "kernel/link.h"
#include "model/object.h"
#include "model/state.h"
#include "netlink/attribute.h"
#include "netlink/request.h"

static void rtnl_route_freep(struct rtnl_route **route) {
        rtnl_route_put(*route);
        *route = NULL;
}

typedef struct RouteReading {
        const Inventory *inventory;
        State routes;
} RouteReading;

static void reading_deinit(RouteReading *reading) {
        state_deinit(&reading->routes);
}

static int route_store(RouteReading *reading, Object *object, int ifindex) {
        const Link *link = inventory_find_index(reading->inventory, ifindex);

        if (!link)
                return 0;
        strcpy_fixed(object->link, link->name);
        return state_add(&reading->routes, object);
}

// A route with several next hops. In IPv4 that is one object, while in IPv6 each next hop is a route that joined the
// others.
static int next_hops_read(RouteReading *reading, const struct nlattr *attribute, Object *object) {
        RouteObject *route = &object->as_route;
        const struct rtnexthop *hop;
        const void *run;
        size_t left, size;
        const void *hops = attribute_payload(attribute, &left);
        int r;

        route->is_odd |= route->destination.address.family == AF_INET;
        while ((r = attribute_next_hop(&hops, &left, &hop, &run, &size)) > 0) {
                route->gateway = (Address){};
                (void)attribute_address(attribute_find(run, size, RTA_GATEWAY), route->destination.address.family,
                                        &route->gateway);
                r = route_store(reading, object, hop->rtnh_ifindex);
                if (r < 0)
                        return r;
        }
        return r;
}

static int route_read(const struct nlmsghdr *header, void *userdata) {
        RouteReading *reading = userdata;
        const struct nlattr *attributes[RTA_MAX + 1];
        const struct rtmsg *info = NLMSG_DATA(header);
        uint32_t ifindex = 0;
        Object object = { .kind = OBJECT_ROUTE };
        RouteObject *route = &object.as_route;

        if (header->nlmsg_type != RTM_NEWROUTE ||
            attribute_index_message(header, sizeof(*info), attributes, RTA_MAX) < 0 ||
            attribute_u32(attributes[RTA_OIF], &ifindex) < 0 ||
            attribute_u32(attributes[RTA_PRIORITY], &route->metric) < 0)
                return -EBADMSG;
        if (info->rtm_protocol != OUR_PROTOCOL || info->rtm_table != RT_TABLE_MAIN ||
            (info->rtm_family != AF_INET && info->rtm_family != AF_INET6))
                return 0;

        // Without RTA_DST it is the default route.
        route->destination = (Prefix){ .address.family = info->rtm_family, .length = info->rtm_dst_len };
        (void)attribute_address(attributes[RTA_DST], info->rtm_family, &route->destination.address);
        (void)attribute_address(attributes[RTA_GATEWAY], info->rtm_family, &route->gateway);
        (void)attribute_address(attributes[RTA_PREFSRC], info->rtm_family, &route->source);
        route->is_odd = info->rtm_tos || attributes[RTA_METRICS] || attributes[RTA_VIA] || attributes[RTA_ENCAP];
        if (attributes[RTA_MULTIPATH])
                return next_hops_read(reading, attributes[RTA_MULTIPATH], &object);
        return route_store(reading, &object, (int)ifindex);
}

static void routes_restart(void *userdata) {
        ((RouteReading *)userdata)->routes.n_objects = 0;
}

static int family_observe(Netlink *netlink, const Inventory *inventory, uint8_t family, State *state,
                          Error *ret_error) {
        struct rtmsg info = { .rtm_family = family, .rtm_protocol = OUR_PROTOCOL, .rtm_table = RT_TABLE_MAIN };
        _cleanup_(reading_deinit) RouteReading reading = { .inventory = inventory };
        Error error = {};

        int r = netlink_query(netlink, netlink_message_new(RTM_GETROUTE, NLM_F_DUMP, &info, sizeof(info)), route_read,
                              routes_restart, &reading, &error);
        // ENOENT: the table does not exist yet. EOPNOTSUPP: the kernel has no IPv6.
        if (r == -ENOENT || r == -EOPNOTSUPP)
                return 0;
        if (r < 0)
                return error_set(ret_error, r, "cannot list the routes: %s", error.text);
        for (size_t i = 0; i < reading.routes.n_objects; i++)
                if (state_add(state, &reading.routes.objects[i]) < 0)
                        return error_set(ret_error, -ENOMEM, "out of memory");
        return 0;
}

int route_observe(Netlink *netlink, const Inventory *inventory, State *state, Error *ret_error) {
        int r = family_observe(netlink, inventory, AF_INET, state, ret_error);
        if (r < 0)
                return r;
        return family_observe(netlink, inventory, AF_INET6, state, ret_error);
}

static struct nl_addr *address_build(const Address *address) {
        return netlink_address_new(address, address_bits(address->family));
}

static int nexthop_add(struct rtnl_route *request, int ifindex, const Address *gateway) {
        struct rtnl_nexthop *nexthop = rtnl_route_nh_alloc();
        if (!nexthop)
                return -ENOMEM;

        rtnl_route_nh_set_ifindex(nexthop, ifindex);
        rtnl_route_add_nexthop(request, nexthop); // request owns it from here on
        if (gateway->family != AF_UNSPEC) {
                _cleanup_nl_addr_ struct nl_addr *via = address_build(gateway);
                if (!via)
                        return -ENOMEM;
                rtnl_route_nh_set_gateway(nexthop, via);
        }
        return 0;
}

static struct rtnl_route *route_build(int ifindex, const RouteObject *route) {
        _cleanup_(rtnl_route_freep) struct rtnl_route *request = rtnl_route_alloc();
        _cleanup_nl_addr_ struct nl_addr *destination =
                netlink_address_new(&route->destination.address, route->destination.length);
        if (!request || !destination || rtnl_route_set_dst(request, destination) < 0)
                return NULL;

        (void)rtnl_route_set_family(request, (uint8_t)route->destination.address.family);
        rtnl_route_set_table(request, RT_TABLE_MAIN);
        rtnl_route_set_priority(request, route->metric);
        // As the kernel's own, so that it goes with the address.
        rtnl_route_set_protocol(request, route->is_connected ? RTPROT_KERNEL : OUR_PROTOCOL);
        rtnl_route_set_scope(request, route->gateway.family == AF_UNSPEC ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE);
        if (route->source.family != AF_UNSPEC) {
                _cleanup_nl_addr_ struct nl_addr *source = address_build(&route->source);
                if (!source || rtnl_route_set_pref_src(request, source) < 0)
                        return NULL;
        }
        return nexthop_add(request, ifindex, &route->gateway) < 0 ? NULL : TAKE(request);
}

static int route_send(Netlink *netlink, int ifindex, const Object *object, int flags, Error *ret_error) {
        _cleanup_(rtnl_route_freep) struct rtnl_route *request = route_build(ifindex, &object->as_route);
        if (!request)
                return error_set(ret_error, -ENOMEM, "out of memory");

        struct nl_msg *message = NULL;
        int r = flags ? rtnl_route_build_add_request(request, flags, &message)
                      : rtnl_route_build_del_request(request, 0, &message);
        if (r < 0)
                return error_set(ret_error, -EPROTO, "%s", nl_geterror(r));
        return netlink_request(netlink, message, ret_error);
}

// Somebody else's to the same network stays before it; that the way leads elsewhere is told.
static int connected_add(Netlink *netlink, int ifindex, const Object *desired, Error *ret_error) {
        int r = route_send(netlink, ifindex, desired, NLM_F_CREATE | NLM_F_APPEND, ret_error);

        return r == -EEXIST ? 0 : r; // the kernel has added it since
}

int route_add(Netlink *netlink, int ifindex, const Object *desired, Error *ret_error) {
        if (desired->as_route.is_connected)
                return connected_add(netlink, ifindex, desired, ret_error);
        // In IPv4, a route to a peer comes before another one to the same address. Both stay.
        const Prefix *destination = &desired->as_route.destination;
        bool is_peers = desired->as_route.gateway.family == AF_UNSPEC &&
                        destination->length == address_bits(destination->address.family);
        int r = route_send(netlink, ifindex, desired, NLM_F_CREATE | (is_peers ? 0 : NLM_F_EXCL), ret_error);
        if (r == -EEXIST)
                return error_set(
                        ret_error, r,
                        "a route to the same destination exists, see ip route show; remove it, or the [Route]");
        return r;
}

int route_delete(Netlink *netlink, int ifindex, const Object *observed, Error *ret_error) {
        return route_send(netlink, ifindex, observed, 0, ret_error);
}

// Our new route is added before the old one is deleted, so that there is a way at all times. A replacement would
// replace the first route to that network, whoever added it.
int route_change(Netlink *netlink, int ifindex, const Object *desired, const Object *observed, Error *ret_error) {
        int r = route_send(netlink, ifindex, desired, NLM_F_CREATE | NLM_F_APPEND, ret_error);
        // IPv6 has one route for each gateway and metric.
        if (r == -EEXIST)
                return route_send(netlink, ifindex, desired, NLM_F_CREATE | NLM_F_REPLACE, ret_error);
        if (r < 0)
                return r;
        r = route_delete(netlink, ifindex, observed, ret_error);
        return r == -ESRCH ? 0 : r;
}
