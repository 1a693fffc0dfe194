// Links: what there are, and making, changing and removing ours.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// Read with libnl-3's attribute parser, because a host can have thousands of taps; written through libnl-route-3.

#include "kernel/link.h"

#include <arpa/inet.h>
#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <netlink/route/link.h>
#include <netlink/route/link/macvlan.h>
#include <netlink/route/link/vlan.h>

#include "base/error.h"
#include "base/inet.h"
#include "base/names.h"
#include "base/util.h"
#include "model/object.h"
#include "model/state.h"
#include "netlink/request.h"

static void rtnl_link_freep(struct rtnl_link **link) {
        rtnl_link_put(*link);
        *link = NULL;
}
#define _cleanup_rtnl_link_ _cleanup_(rtnl_link_freep)

static void string_read(const struct nlattr *attribute, char *ret, size_t size) {
        if (attribute)
                (void)snprintf(ret, size, "%.*s", nla_len(attribute), (const char *)nla_data(attribute));
}

static void vlan_read(struct nlattr *data, Link *link) {
        static const struct nla_policy policy[IFLA_VLAN_MAX + 1] = {
                [IFLA_VLAN_ID] = { .type = NLA_U16 },
                [IFLA_VLAN_PROTOCOL] = { .type = NLA_U16 },
        };
        struct nlattr *vlan[IFLA_VLAN_MAX + 1];

        if (nla_parse_nested(vlan, IFLA_VLAN_MAX, data, policy) < 0)
                return;
        if (vlan[IFLA_VLAN_ID])
                link->vlan_id = nla_get_u16(vlan[IFLA_VLAN_ID]);
        if (vlan[IFLA_VLAN_PROTOCOL])
                link->vlan_protocol = ntohs(nla_get_u16(vlan[IFLA_VLAN_PROTOCOL]));
}

static void bridge_read(struct nlattr *data, Link *link) {
        static const struct nla_policy policy[IFLA_BR_MAX + 1] = {
                [IFLA_BR_VLAN_FILTERING] = { .type = NLA_U8 },
                [IFLA_BR_VLAN_PROTOCOL] = { .type = NLA_U16 },
        };
        struct nlattr *bridge[IFLA_BR_MAX + 1];

        if (nla_parse_nested(bridge, IFLA_BR_MAX, data, policy) < 0)
                return;
        link->filters_vlans = bridge[IFLA_BR_VLAN_FILTERING] && nla_get_u8(bridge[IFLA_BR_VLAN_FILTERING]);
        if (bridge[IFLA_BR_VLAN_PROTOCOL])
                link->vlan_protocol = ntohs(nla_get_u16(bridge[IFLA_BR_VLAN_PROTOCOL]));
}

static void link_info_read(const struct nlattr *info, Link *link) {
        static const struct {
                const char *kind;
                LinkType type;
        } ours[] = { { "vlan", LINK_VLAN }, { "macvlan", LINK_MACVLAN }, { "ifb", LINK_IFB } };
        struct nlattr *nested[IFLA_INFO_MAX + 1];

        if (!info || nla_parse_nested(nested, IFLA_INFO_MAX, (struct nlattr *)info, NULL) < 0)
                return;
        string_read(nested[IFLA_INFO_KIND], link->kind, sizeof(link->kind));
        for (size_t i = 0; i < ELEMENTSOF(ours); i++)
                if (streq(link->kind, ours[i].kind))
                        link->type = ours[i].type;
        if (link->type == LINK_VLAN && nested[IFLA_INFO_DATA])
                vlan_read(nested[IFLA_INFO_DATA], link);
        else if (streq(link->kind, LINK_KIND_BRIDGE) && nested[IFLA_INFO_DATA])
                bridge_read(nested[IFLA_INFO_DATA], link);
}

static bool xdp_read(const struct nlattr *xdp) {
        static const struct nla_policy policy[IFLA_XDP_MAX + 1] = { [IFLA_XDP_ATTACHED] = { .type = NLA_U8 } };
        struct nlattr *nested[IFLA_XDP_MAX + 1];

        return xdp && nla_parse_nested(nested, IFLA_XDP_MAX, (struct nlattr *)xdp, policy) >= 0 &&
               nested[IFLA_XDP_ATTACHED] && nla_get_u8(nested[IFLA_XDP_ATTACHED]) != XDP_ATTACHED_NONE;
}

static int link_read(const struct nlmsghdr *header, void *userdata) {
        static const struct nla_policy policy[IFLA_MAX + 1] = {
                [IFLA_MTU] = { .type = NLA_U32 },
                [IFLA_MASTER] = { .type = NLA_U32 },
                [IFLA_LINK] = { .type = NLA_U32 },
                [IFLA_GROUP] = { .type = NLA_U32 },
        };
        Inventory *inventory = userdata;
        struct nlattr *attributes[IFLA_MAX + 1];
        const struct ifinfomsg *info = NLMSG_DATA(header);

        if (header->nlmsg_type != RTM_NEWLINK ||
            nlmsg_parse((struct nlmsghdr *)header, sizeof(*info), attributes, IFLA_MAX, policy) < 0)
                return -EBADMSG;
        if (array_reserve(&inventory->links, &inventory->n_allocated, inventory->n_links + 1) < 0)
                return -ENOMEM;

        Link *link = &inventory->links[inventory->n_links++];
        *link = (Link){
                .index = info->ifi_index,
                .up = info->ifi_flags & IFF_UP,
                .carrier = info->ifi_flags & IFF_LOWER_UP,
        };
        string_read(attributes[IFLA_IFNAME], link->name, sizeof(link->name));
        string_read(attributes[IFLA_IFALIAS], link->alias, sizeof(link->alias));
        string_read(attributes[IFLA_QDISC], link->qdisc, sizeof(link->qdisc));
        if (attributes[IFLA_MTU])
                link->mtu = nla_get_u32(attributes[IFLA_MTU]);
        if (attributes[IFLA_MASTER])
                link->master_index = (int)nla_get_u32(attributes[IFLA_MASTER]);
        // An index in another namespace says nothing here.
        if (attributes[IFLA_LINK] && !attributes[IFLA_LINK_NETNSID])
                link->parent_index = (int)nla_get_u32(attributes[IFLA_LINK]);
        if (info->ifi_type == ARPHRD_ETHER && attributes[IFLA_ADDRESS] &&
            nla_len(attributes[IFLA_ADDRESS]) == sizeof(link->mac)) {
                link->has_mac = true;
                memcpy(&link->mac, nla_data(attributes[IFLA_ADDRESS]), sizeof(link->mac));
        }
        link->is_tagged = strncmp(link->alias, LINK_ALIAS_PREFIX, strlen(LINK_ALIAS_PREFIX)) == 0 ||
                          (attributes[IFLA_GROUP] && nla_get_u32(attributes[IFLA_GROUP]) == LINK_GROUP_UNTAGGED);
        link->has_xdp = xdp_read(attributes[IFLA_XDP]);
        link_info_read(attributes[IFLA_LINKINFO], link);
        return 0;
}

static void inventory_restart(void *userdata) {
        ((Inventory *)userdata)->n_links = 0;
}

static int link_compare(const void *a, const void *b) {
        return strcmp(((const Link *)a)->name, ((const Link *)b)->name);
}

int inventory_read(Netlink *netlink, Inventory *ret, Error *ret_error) {
        _cleanup_inventory_ Inventory inventory = {};
        struct ifinfomsg info = {};
        struct nl_msg *message = netlink_message_new(RTM_GETLINK, NLM_F_DUMP, &info, sizeof(info));
        if (message)
                (void)nla_put_u32(message, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);

        int r = netlink_query(netlink, message, link_read, inventory_restart, &inventory, ret_error);
        if (r < 0) {
                error_prefix(ret_error, "cannot list the links");
                return r;
        }

        for (size_t i = 0; i < inventory.n_links; i++)
                for (size_t j = 0; inventory.links[i].parent_index > 0 && j < inventory.n_links; j++)
                        if (inventory.links[j].index == inventory.links[i].parent_index)
                                strcpy_fixed(inventory.links[i].parent, inventory.links[j].name);
        if (inventory.n_links > 0)
                qsort(inventory.links, inventory.n_links, sizeof(Link), link_compare);
        *ret = inventory;
        inventory = (Inventory){};
        return 0;
}

const Link *inventory_find(const Inventory *inventory, const char *name) {
        Link key = {};

        strcpy_fixed(key.name, name);
        return inventory->n_links == 0 ? NULL
                                       : bsearch(&key, inventory->links, inventory->n_links, sizeof(Link), link_compare);
}

const Link *inventory_find_index(const Inventory *inventory, int index) {
        for (size_t i = 0; i < inventory->n_links; i++)
                if (inventory->links[i].index == index)
                        return &inventory->links[i];
        return NULL;
}

void inventory_deinit(Inventory *inventory) {
        free(inventory->links);
        *inventory = (Inventory){};
}

static bool is_desired(const State *desired, ObjectKind kind, LinkRole role, const char *name) {
        Object key = { .kind = kind };

        strcpy_fixed(key.link, name);
        if (kind == OBJECT_LINK_UP)
                key.as_link_up.role = role;
        return state_find(desired, &key) != NULL;
}

static int link_object_add(const Link *link, bool is_ours, State *state) {
        Object object = {
                .kind = OBJECT_LINK,
                .as_link = {
                        .type = link->type,
                        .vlan_id = link->vlan_id,
                        .vlan_protocol = link->type == LINK_VLAN ? link->vlan_protocol : 0,
                        .mtu = link->mtu,
                        .has_mac = link->has_mac,
                        .mac = link->mac,
                        .enslaved = link->master_index > 0,
                },
        };
        strcpy_fixed(object.link, link->name);
        strcpy_fixed(object.as_link.parent, link->parent);
        if (is_ours)
                strcpy_fixed(object.as_link.alias, link->alias);
        return state_add(state, &object);
}

static int link_up_observe(const Link *link, const State *desired, State *state) {
        Object up = { .kind = link->type == LINK_IFB ? OBJECT_IFB_UP : OBJECT_LINK_UP };

        strcpy_fixed(up.link, link->name);
        if (up.kind == OBJECT_LINK_UP && is_desired(desired, OBJECT_LINK_UP, LINK_ROLE_PARENT, link->name))
                up.as_link_up.role = LINK_ROLE_PARENT;
        else if (up.kind == OBJECT_LINK_UP)
                up.as_link_up.role = LINK_ROLE_PLANE;
        return state_add(state, &up);
}

int link_observe(const Link *link, bool is_ours, const State *desired, State *state) {
        if ((is_ours || is_desired(desired, OBJECT_LINK, 0, link->name)) && link_object_add(link, is_ours, state) < 0)
                return -ENOMEM;
        // A link that is not ours is set up where that is desired, but never down: its up state counts only then.
        if (!link->up || (!is_ours && !is_desired(desired, OBJECT_LINK_UP, LINK_ROLE_PARENT, link->name) &&
                          !is_desired(desired, OBJECT_LINK_UP, LINK_ROLE_PLANE, link->name)))
                return 0;
        return link_up_observe(link, desired, state);
}

static struct rtnl_link *link_allocate(const LinkObject *link) {
        struct rtnl_link *request = NULL;

        switch (link->type) {
        case LINK_VLAN:
                request = rtnl_link_vlan_alloc();
                if (request) {
                        (void)rtnl_link_vlan_set_id(request, link->vlan_id);
                        (void)rtnl_link_vlan_set_protocol(request, htons(link->vlan_protocol));
                }
                break;
        case LINK_MACVLAN:
                // Other macvlans on the same parent are no peers: private.
                request = rtnl_link_macvlan_alloc();
                if (request)
                        (void)rtnl_link_macvlan_set_mode(request, (uint32_t)rtnl_link_macvlan_str2mode("private"));
                break;
        case LINK_IFB:
        case LINK_DEVICE:
                request = rtnl_link_alloc();
                if (request && link->type == LINK_IFB)
                        (void)rtnl_link_set_type(request, "ifb");
                break;
        }
        return request;
}

static int mac_set(struct rtnl_link *request, const MacAddress *mac) {
        struct nl_addr *address = nl_addr_build(AF_LLC, mac, sizeof(*mac));
        if (!address)
                return -ENOMEM;
        rtnl_link_set_addr(request, address);
        nl_addr_put(address);
        return 0;
}

// Sends the changes to link number ifindex, or makes the link when orig is NULL.
static int link_send(Netlink *netlink, struct rtnl_link *orig, struct rtnl_link *changes, Error *ret_error) {
        struct nl_msg *message = NULL;
        int r = orig ? rtnl_link_build_change_request(orig, changes, 0, &message)
                     : rtnl_link_build_add_request(changes, NLM_F_CREATE | NLM_F_EXCL, &message);
        if (r < 0)
                return error_set(ret_error, -EPROTO, "%s", nl_geterror(r));
        return netlink_request(netlink, message, ret_error);
}

static int link_tag(Netlink *netlink, int ifindex, const char *alias, Error *ret_error) {
        _cleanup_rtnl_link_ struct rtnl_link *orig = rtnl_link_alloc(), *changes = rtnl_link_alloc();
        if (!orig || !changes)
                return error_set(ret_error, -ENOMEM, "out of memory");

        rtnl_link_set_ifindex(orig, ifindex);
        rtnl_link_set_ifalias(changes, alias);
        rtnl_link_set_group(changes, 0);
        return link_send(netlink, orig, changes, ret_error);
}

int link_add(Netlink *netlink, int ifindex _unused_, const Object *desired, Error *ret_error) {
        const LinkObject *link = &desired->as_link;
        _cleanup_rtnl_link_ struct rtnl_link *request = link_allocate(link);
        if (!request || (link->has_mac && mac_set(request, &link->mac) < 0))
                return error_set(ret_error, -ENOMEM, "out of memory");

        int index, r;
        rtnl_link_set_name(request, desired->link);
        if (link->mtu)
                rtnl_link_set_mtu(request, link->mtu);
        if (link->alias[0])
                rtnl_link_set_group(request, LINK_GROUP_UNTAGGED);
        if (link->parent[0]) {
                r = netlink_link_index(netlink, link->parent, &index, ret_error);
                if (r < 0)
                        return r;
                rtnl_link_set_link(request, index);
        }
        r = link_send(netlink, NULL, request, ret_error);
        if (r < 0 || !link->alias[0])
                return r;

        r = netlink_link_index(netlink, desired->link, &index, ret_error);
        return r < 0 ? r : link_tag(netlink, index, link->alias, ret_error);
}

int link_change(Netlink *netlink, int ifindex, const Object *desired, const Object *observed, Error *ret_error) {
        const LinkObject *want = &desired->as_link, *have = &observed->as_link;
        _cleanup_rtnl_link_ struct rtnl_link *orig = rtnl_link_alloc(), *changes = rtnl_link_alloc();
        if (!orig || !changes)
                return error_set(ret_error, -ENOMEM, "out of memory");

        rtnl_link_set_ifindex(orig, ifindex);
        if (want->mtu && want->mtu != have->mtu)
                rtnl_link_set_mtu(changes, want->mtu);
        if (want->has_mac && memcmp(&want->mac, &have->mac, sizeof(want->mac)) != 0 && mac_set(changes, &want->mac) < 0)
                return error_set(ret_error, -ENOMEM, "out of memory");
        if (want->alias[0] && have->enslaved)
                rtnl_link_set_master(changes, 0);
        int r = link_send(netlink, orig, changes, ret_error);
        if (r < 0 || !want->alias[0] || streq(want->alias, have->alias))
                return r;
        return link_tag(netlink, ifindex, want->alias, ret_error);
}

int link_delete(Netlink *netlink, int ifindex, const Object *observed _unused_, Error *ret_error) {
        struct ifinfomsg info = { .ifi_index = ifindex };
        return netlink_request(netlink, netlink_message_new(RTM_DELLINK, 0, &info, sizeof(info)), ret_error);
}

static int link_set_flags(Netlink *netlink, int ifindex, unsigned flags, Error *ret_error) {
        struct ifinfomsg info = { .ifi_index = ifindex, .ifi_flags = flags, .ifi_change = IFF_UP };
        return netlink_request(netlink, netlink_message_new(RTM_NEWLINK, 0, &info, sizeof(info)), ret_error);
}

int link_up_add(Netlink *netlink, int ifindex, const Object *desired _unused_, Error *ret_error) {
        return link_set_flags(netlink, ifindex, IFF_UP, ret_error);
}

int link_up_delete(Netlink *netlink, int ifindex, const Object *observed _unused_, Error *ret_error) {
        return link_set_flags(netlink, ifindex, 0, ret_error);
}

static int statistics_read(const struct nlmsghdr *header, void *userdata) {
        struct nlattr *attributes[IFLA_MAX + 1];

        if (nlmsg_parse((struct nlmsghdr *)header, sizeof(struct ifinfomsg), attributes, IFLA_MAX, NULL) < 0 ||
            !attributes[IFLA_STATS64])
                return -EBADMSG;
        // An older kernel's is shorter, a newer one's longer.
        (void)nla_memcpy(userdata, attributes[IFLA_STATS64], sizeof(struct rtnl_link_stats64));
        return 0;
}

int link_read_bytes(Netlink *netlink, int ifindex, uint64_t *ret_sent, uint64_t *ret_received, Error *ret_error) {
        struct ifinfomsg info = { .ifi_index = ifindex };
        struct rtnl_link_stats64 statistics = {};

        int r = netlink_query(netlink, netlink_message_new(RTM_GETLINK, 0, &info, sizeof(info)), statistics_read, NULL,
                              &statistics, ret_error);
        if (r < 0)
                return r;
        *ret_sent = statistics.tx_bytes;
        *ret_received = statistics.rx_bytes;
        return 0;
}
