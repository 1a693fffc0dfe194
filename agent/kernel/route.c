// Routes of planes that span subnets.
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
#include "netlink/request.h"

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

static int route_store(RouteReading *reading, Object *object, int ifindex) {
        const Inventory *inventory = reading->inventory;

        for (size_t i = 0; i < inventory->n_links; i++)
                if (inventory->links[i].index == ifindex) {
                        strcpy_fixed(object->link, inventory->links[i].name);
                        return state_add(&reading->routes, object);
                }
        return 0;
}

// Several ways of one route. IPv4's is one thing, while each of IPv6's is a route that joined the others.
static int ways_read(RouteReading *reading, const struct nlattr *attribute, Object *object) {
        const struct rtnexthop *way = nla_data(attribute);
        int left = nla_len(attribute), r = 0;

        object->as_route.is_odd |= object->as_route.destination.address.family == AF_INET;
        for (; r >= 0 && left >= (int)sizeof(*way) && way->rtnh_len >= sizeof(*way) && way->rtnh_len <= left;
             left -= NLA_ALIGN(way->rtnh_len), way = (const void *)((const char *)way + NLA_ALIGN(way->rtnh_len))) {
                const struct nlattr *gateway =
                        nla_find((struct nlattr *)(way + 1), way->rtnh_len - (int)sizeof(*way), RTA_GATEWAY);
                object->as_route.gateway = (Address){};
                address_read(gateway, object->as_route.destination.address.family, &object->as_route.gateway);
                r = route_store(reading, object, way->rtnh_ifindex);
        }
        return r;
}

static int route_read(const struct nlmsghdr *header, void *userdata) {
        static const struct nla_policy policy[RTA_MAX + 1] = { [RTA_OIF] = { .type = NLA_U32 } };
        RouteReading *reading = userdata;
        struct nlattr *attributes[RTA_MAX + 1];
        const struct rtmsg *info = NLMSG_DATA(header);

        if (header->nlmsg_type != RTM_NEWROUTE ||
            nlmsg_parse((struct nlmsghdr *)header, sizeof(*info), attributes, RTA_MAX, policy) < 0)
                return -EBADMSG;
        if (info->rtm_protocol != OUR_PROTOCOL || info->rtm_table != RT_TABLE_MAIN ||
            (info->rtm_family != AF_INET && info->rtm_family != AF_INET6))
                return 0;

        Object object = { .kind = OBJECT_ROUTE };
        RouteObject *route = &object.as_route;
        route->destination = (Prefix){ .address.family = info->rtm_family, .length = info->rtm_dst_len };
        address_read(attributes[RTA_DST], info->rtm_family, &route->destination.address);
        address_read(attributes[RTA_GATEWAY], info->rtm_family, &route->gateway);
        address_read(attributes[RTA_PREFSRC], info->rtm_family, &route->source);
        route->metric = attributes[RTA_PRIORITY] ? nla_get_u32(attributes[RTA_PRIORITY]) : 0;
        route->is_odd = info->rtm_tos || attributes[RTA_METRICS] || attributes[RTA_VIA] || attributes[RTA_ENCAP];
        if (attributes[RTA_MULTIPATH])
                return ways_read(reading, attributes[RTA_MULTIPATH], &object);
        return attributes[RTA_OIF] ? route_store(reading, &object, (int)nla_get_u32(attributes[RTA_OIF])) : 0;
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
        rtnl_route_set_priority(request, route->metric);
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

int route_delete(Netlink *netlink, int ifindex, const Object *observed, Error *ret_error) {
        return route_send(netlink, ifindex, observed, 0, ret_error);
}

// Ours comes first and the other goes then, so that there is a way at all times. To replace one would be to replace the first
// to that network, whosever that is.
int route_change(Netlink *netlink, int ifindex, const Object *desired, const Object *observed, Error *ret_error) {
        int r = route_send(netlink, ifindex, desired, NLM_F_CREATE | NLM_F_APPEND, ret_error);
        // IPv6 has but one route by one gateway at one metric.
        if (r == -EEXIST)
                return route_send(netlink, ifindex, desired, NLM_F_CREATE | NLM_F_REPLACE, ret_error);
        if (r >= 0)
                r = route_delete(netlink, ifindex, observed, ret_error);
        return r == -ESRCH ? 0 : r;
}
