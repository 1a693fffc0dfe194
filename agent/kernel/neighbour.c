// Permanent neighbour entries of known peers.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "kernel/neighbour.h"

#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <netlink/route/neighbour.h>

#include "base/error.h"
#include "base/inet.h"
#include "base/names.h"
#include "base/util.h"
#include "model/object.h"
#include "model/state.h"
#include "netlink/attribute.h"
#include "netlink/request.h"

static void rtnl_neigh_freep(struct rtnl_neigh **neighbour) {
        rtnl_neigh_put(*neighbour);
        *neighbour = NULL;
}

typedef struct NeighbourReading {
        const char *link;
        int ifindex;
        const State *desired;
        State neighbours;
} NeighbourReading;

static void reading_deinit(NeighbourReading *reading) {
        state_deinit(&reading->neighbours);
}

static int neighbour_read(const struct nlmsghdr *header, void *userdata) {
        NeighbourReading *reading = userdata;
        const struct nlattr *attributes[NDA_MAX + 1];
        const struct ndmsg *info = NLMSG_DATA(header);
        Object object = { .kind = OBJECT_NEIGHBOUR };
        uint8_t protocol = 0;

        if (header->nlmsg_type != RTM_NEWNEIGH ||
            attribute_index_message(header, sizeof(*info), attributes, NDA_MAX) < 0 ||
            attribute_u8(attributes[NDA_PROTOCOL], &protocol) < 0)
                return -EBADMSG;
        if (info->ndm_ifindex != reading->ifindex || !(info->ndm_state & NUD_PERMANENT) ||
            (info->ndm_family != AF_INET && info->ndm_family != AF_INET6) ||
            !attribute_address(attributes[NDA_DST], info->ndm_family, &object.as_neighbour.address) ||
            !attribute_mac(attributes[NDA_LLADDR], &object.as_neighbour.mac))
                return 0;

        strcpy_fixed(object.link, reading->link);
        if (protocol != OUR_PROTOCOL && !state_find(reading->desired, &object))
                return 0;
        return state_add(&reading->neighbours, &object);
}

static void neighbours_restart(void *userdata) {
        ((NeighbourReading *)userdata)->neighbours.n_objects = 0;
}

int neighbour_observe(Netlink *netlink, const char *link, int ifindex, const State *desired, State *state,
                      Error *ret_error) {
        _cleanup_(reading_deinit) NeighbourReading reading = { .link = link, .ifindex = ifindex, .desired = desired };
        struct ndmsg info = {};
        struct nl_msg *message = netlink_message_new(RTM_GETNEIGH, NLM_F_DUMP, &info, sizeof(info));
        if (message)
                (void)nla_put_u32(message, NDA_IFINDEX, (uint32_t)ifindex);

        int r = netlink_query(netlink, message, neighbour_read, neighbours_restart, &reading, ret_error);
        if (r < 0) {
                error_prefix(ret_error, "cannot list the neighbours on %s", link);
                return r;
        }
        for (size_t i = 0; i < reading.neighbours.n_objects; i++)
                if (state_add(state, &reading.neighbours.objects[i]) < 0)
                        return error_set(ret_error, -ENOMEM, "out of memory");
        return 0;
}

// state: NUD_PERMANENT; NUD_FAILED: the kernel is to look for the neighbour again; NUD_NONE: to be deleted.
static int neighbour_send(Netlink *netlink, int ifindex, const NeighbourObject *neighbour, int state,
                          Error *ret_error) {
        const Address *address = &neighbour->address;
        int flags = state == NUD_PERMANENT ? NLM_F_CREATE | NLM_F_REPLACE : NLM_F_REPLACE;
        _cleanup_(rtnl_neigh_freep) struct rtnl_neigh *request = rtnl_neigh_alloc();
        _cleanup_nl_addr_ struct nl_addr *destination = netlink_address_new(address, address_bits(address->family));
        _cleanup_nl_addr_ struct nl_addr *mac = nl_addr_build(AF_LLC, &neighbour->mac, sizeof(neighbour->mac));
        struct nl_msg *message = NULL;

        if (!request || !destination || !mac)
                return error_set(ret_error, -ENOMEM, "out of memory");
        rtnl_neigh_set_ifindex(request, ifindex);
        rtnl_neigh_set_state(request, state);
        (void)rtnl_neigh_set_dst(request, destination);
        rtnl_neigh_set_lladdr(request, mac);
        int r = state == NUD_NONE ? rtnl_neigh_build_delete_request(request, 0, &message)
                                  : rtnl_neigh_build_add_request(request, flags, &message);
        if (r < 0)
                return error_set(ret_error, -EPROTO, "%s", nl_geterror(r));
        // Without the mark it would be another program's.
        if (state == NUD_PERMANENT && nla_put_u8(message, NDA_PROTOCOL, OUR_PROTOCOL) < 0) {
                nlmsg_free(message);
                return error_set(ret_error, -ENOMEM, "out of memory");
        }
        return netlink_request(netlink, message, ret_error);
}

int neighbour_add(Netlink *netlink, int ifindex, const Object *desired, Error *ret_error) {
        return neighbour_send(netlink, ifindex, &desired->as_neighbour, NUD_PERMANENT, ret_error);
}

int neighbour_delete(Netlink *netlink, int ifindex, const Object *observed, Error *ret_error) {
        return neighbour_send(netlink, ifindex, &observed->as_neighbour, NUD_NONE, ret_error);
}

static int state_read(const struct nlmsghdr *header, void *userdata) {
        const struct ndmsg *info = NLMSG_DATA(header);

        if (header->nlmsg_type != RTM_NEWNEIGH || header->nlmsg_len < NLMSG_LENGTH(sizeof(*info)))
                return -EBADMSG;
        *(uint16_t *)userdata = info->ndm_state;
        return 0;
}

int neighbour_forget(Netlink *netlink, int ifindex, const Address *address, bool is_ours, Error *ret_error) {
        struct ndmsg info = { .ndm_family = (uint8_t)address->family, .ndm_ifindex = ifindex };
        struct nl_msg *message = netlink_message_new(RTM_GETNEIGH, 0, &info, sizeof(info));
        uint16_t state = 0;

        if (message)
                (void)nla_put(message, NDA_DST, (int)address_bits(address->family) / 8, address->bytes);
        int r = netlink_query(netlink, message, state_read, NULL, &state, ret_error);
        if (r < 0)
                return r == -ENOENT ? 0 : r;
        if (state & NUD_PERMANENT && !is_ours)
                return 0;
        r = neighbour_send(netlink, ifindex, &(NeighbourObject){ .address = *address }, NUD_FAILED, ret_error);
        return r == -ENOENT ? 0 : r;
}
