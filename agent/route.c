// Routes of planes that span subnets.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "route.h"

#include <linux/rtnetlink.h>
#include <netlink/route/nexthop.h>
#include <netlink/route/route.h>

#include "names.h"

static void rtnl_route_freep(struct rtnl_route **route) {
        rtnl_route_put(*route);
        *route = NULL;
}

static void nl_addr_freep(struct nl_addr **address) {
        nl_addr_put(*address);
        *address = NULL;
}
#define _cleanup_nl_addr_ _cleanup_(nl_addr_freep)

typedef struct RouteReading {
        const Inventory *inventory;
        State routes;
} RouteReading;

static void address_read(const struct nlattr *attribute, int family, Address *ret) {
        if (attribute && (unsigned)nla_len(attribute) == address_bits(family) / 8) {
                *ret = (Address){ .family = family };
                memcpy(ret->bytes, nla_data(attribute), (size_t)nla_len(attribute));
        }
}

static int route_read(const struct nlmsghdr *header, void *userdata) {
        RouteReading *reading = userdata;
        struct nlattr *attributes[RTA_MAX + 1];
        const struct rtmsg *info = NLMSG_DATA(header);

        if (header->nlmsg_type != RTM_NEWROUTE ||
            nlmsg_parse((struct nlmsghdr *)header, sizeof(*info), attributes, RTA_MAX, NULL) < 0)
                return -EBADMSG;
        if (info->rtm_protocol != OUR_PROTOCOL || info->rtm_table != RT_TABLE_MAIN || !attributes[RTA_OIF] ||
            (info->rtm_family != AF_INET && info->rtm_family != AF_INET6))
                return 0;

        Object object = { .kind = OBJECT_ROUTE };
        int index = (int)nla_get_u32(attributes[RTA_OIF]);
        for (size_t i = 0; i < reading->inventory->n_links; i++)
                if (reading->inventory->links[i].index == index)
                        strcpy_fixed(object.link, reading->inventory->links[i].name);
        if (!object.link[0])
                return 0;

        RouteObject *route = &object.as_route;
        route->destination = (Prefix){ .address.family = info->rtm_family, .length = info->rtm_dst_len };
        address_read(attributes[RTA_DST], info->rtm_family, &route->destination.address);
        address_read(attributes[RTA_GATEWAY], info->rtm_family, &route->gateway);
        address_read(attributes[RTA_PREFSRC], info->rtm_family, &route->source);
        return state_add(&reading->routes, &object);
}

static void routes_restart(void *userdata) {
        ((RouteReading *)userdata)->routes.n_objects = 0;
}

int route_observe(Netlink *netlink, const Inventory *inventory, State *state, Error *ret_error) {
        RouteReading reading = { .inventory = inventory };
        struct rtmsg info = { .rtm_protocol = OUR_PROTOCOL, .rtm_table = RT_TABLE_MAIN };
        static const uint8_t families[] = { AF_INET, AF_INET6 };

        for (size_t i = 0; i < ELEMENTSOF(families); i++) {
                info.rtm_family = families[i];
                struct nl_msg *message = netlink_message_new(RTM_GETROUTE, NLM_F_DUMP, &info, sizeof(info));
                Error error = {};
                int r = netlink_query(netlink, message, route_read, routes_restart, &reading, &error);
                // ENOENT: no such table (yet), EOPNOTSUPP: no IPv6 in this kernel
                for (size_t j = 0; r >= 0 && j < reading.routes.n_objects; j++)
                        r = state_add(state, &reading.routes.objects[j]);
                reading.routes.n_objects = 0;
                if (r < 0 && r != -ENOENT && r != -EOPNOTSUPP) {
                        state_deinit(&reading.routes);
                        return error_set(ret_error, r, "cannot list the routes: %s", error.text);
                }
        }
        state_deinit(&reading.routes);
        return 0;
}

static struct nl_addr *prefix_build(const Prefix *prefix) {
        int family = prefix->address.family;
        struct nl_addr *address = nl_addr_build(family, prefix->address.bytes, address_bits(family) / 8);
        if (address)
                nl_addr_set_prefixlen(address, prefix->length);
        return address;
}

static struct nl_addr *address_build(const Address *address) {
        return prefix_build(&(Prefix){ .address = *address, .length = (uint8_t)address_bits(address->family) });
}

static int nexthop_add(struct rtnl_route *request, int ifindex, const Address *gateway) {
        struct rtnl_nexthop *nexthop = rtnl_route_nh_alloc();
        if (!nexthop)
                return -ENOMEM;

        rtnl_route_nh_set_ifindex(nexthop, ifindex);
        if (gateway->family != AF_UNSPEC) {
                _cleanup_nl_addr_ struct nl_addr *via = address_build(gateway);
                rtnl_route_nh_set_gateway(nexthop, via);
        }
        rtnl_route_add_nexthop(request, nexthop);
        return 0;
}

static struct rtnl_route *route_build(int ifindex, const RouteObject *route) {
        _cleanup_(rtnl_route_freep) struct rtnl_route *request = rtnl_route_alloc();
        _cleanup_nl_addr_ struct nl_addr *destination = prefix_build(&route->destination);
        if (!request || !destination || rtnl_route_set_dst(request, destination) < 0)
                return NULL;

        (void)rtnl_route_set_family(request, (uint8_t)route->destination.address.family);
        rtnl_route_set_table(request, RT_TABLE_MAIN);
        rtnl_route_set_protocol(request, OUR_PROTOCOL);
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

int route_add(Netlink *netlink, int ifindex, const Object *desired, Error *ret_error) {
        int r = route_send(netlink, ifindex, desired, NLM_F_CREATE | NLM_F_EXCL, ret_error);
        if (r == -EEXIST)
                return error_set(ret_error, r, "somebody else's route to the same destination is there; remove it, or the [Route]");
        return r;
}

int route_change(Netlink *netlink, int ifindex, const Object *desired, const Object *observed _unused_, Error *ret_error) {
        return route_send(netlink, ifindex, desired, NLM_F_CREATE | NLM_F_REPLACE, ret_error);
}

int route_delete(Netlink *netlink, int ifindex, const Object *observed, Error *ret_error) {
        return route_send(netlink, ifindex, observed, 0, ret_error);
}
