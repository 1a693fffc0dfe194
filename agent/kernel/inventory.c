// The links of the host.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// The answer is read message by message and not through libnl-route-3's cache, because a host can have thousands of
// taps.

#include "kernel/inventory.h"

#include <linux/if.h>
#include <linux/if_arp.h>
#include <linux/if_link.h>
#include <linux/if_vlan.h>
#include <linux/rtnetlink.h>

#include "base/error.h"
#include "base/inet.h"
#include "base/names.h"
#include "base/parse.h"
#include "base/util.h"
#include "model/object.h"
#include "netlink/attribute.h"
#include "netlink/request.h"

static void string_read(const struct nlattr *attribute, char *ret, size_t size) {
        const char *text;

        if (attribute_string(attribute, &text))
                (void)snprintf(ret, size, "%s", text);
}

static int vlan_read(const struct nlattr *data, Link *link) {
        const struct nlattr *attributes[IFLA_VLAN_MAX + 1];
        struct ifla_vlan_flags flags = {};

        if (attribute_index_nested(data, attributes, IFLA_VLAN_MAX) < 0)
                return 0;
        (void)attribute_struct(attributes[IFLA_VLAN_FLAGS], sizeof(flags), &flags);
        link->is_loose = flags.flags & VLAN_FLAG_LOOSE_BINDING;
        if (attribute_u16(attributes[IFLA_VLAN_ID], &link->vlan_id) < 0)
                return -EBADMSG;
        return attribute_be16(attributes[IFLA_VLAN_PROTOCOL], &link->vlan_protocol);
}

static int macvlan_read(const struct nlattr *data, Link *link) {
        static const struct {
                uint32_t mode;
                const char *name;
        } modes[] = {
                { MACVLAN_MODE_VEPA, "vepa" },
                { MACVLAN_MODE_BRIDGE, "bridge" },
                { MACVLAN_MODE_PASSTHRU, "passthru" },
                { MACVLAN_MODE_SOURCE, "source" },
        };
        const struct nlattr *attributes[IFLA_MACVLAN_MAX + 1];
        uint32_t mode = MACVLAN_MODE_PRIVATE;

        if (attribute_index_nested(data, attributes, IFLA_MACVLAN_MAX) < 0)
                return 0;
        if (attribute_u32(attributes[IFLA_MACVLAN_MODE], &mode) < 0)
                return -EBADMSG;
        for (size_t i = 0; i < ELEMENTSOF(modes); i++)
                if (modes[i].mode == mode)
                        strcpy_fixed(link->mode, modes[i].name);
        return 0;
}

static int bridge_read(const struct nlattr *data, Link *link) {
        const struct nlattr *attributes[IFLA_BR_MAX + 1];
        uint8_t filters = 0, calls = 0, calls_ipv6 = 0;

        if (attribute_index_nested(data, attributes, IFLA_BR_MAX) < 0)
                return 0;
        if (attribute_u8(attributes[IFLA_BR_VLAN_FILTERING], &filters) < 0 ||
            attribute_u8(attributes[IFLA_BR_NF_CALL_IPTABLES], &calls) < 0 ||
            attribute_u8(attributes[IFLA_BR_NF_CALL_IP6TABLES], &calls_ipv6) < 0)
                return -EBADMSG;
        link->filters_vlans = filters;
        link->calls_netfilter = calls || calls_ipv6;
        return attribute_be16(attributes[IFLA_BR_VLAN_PROTOCOL], &link->vlan_protocol);
}

static int link_info_read(const struct nlattr *info, Link *link) {
        static const struct {
                const char *kind;
                LinkType type;
                int (*read)(const struct nlattr *data, Link *link);
        } kinds[] = {
                { "vlan", LINK_VLAN, vlan_read },
                { "macvlan", LINK_MACVLAN, macvlan_read },
                { "ifb", LINK_IFB, NULL },
                { LINK_KIND_BRIDGE, LINK_DEVICE, bridge_read },
        };
        const struct nlattr *attributes[IFLA_INFO_MAX + 1];

        if (attribute_index_nested(info, attributes, IFLA_INFO_MAX) < 0)
                return 0;
        string_read(attributes[IFLA_INFO_KIND], link->kind, sizeof(link->kind));
        for (size_t i = 0; i < ELEMENTSOF(kinds); i++) {
                if (!streq(link->kind, kinds[i].kind))
                        continue;
                link->type = kinds[i].type;
                return kinds[i].read ? kinds[i].read(attributes[IFLA_INFO_DATA], link) : 0;
        }
        return 0;
}

static int numbers_read(const struct nlattr *const *attributes, Link *link) {
        uint32_t master = 0, parent = 0, group = 0;
        uint8_t xdp = XDP_ATTACHED_NONE;

        if (attribute_u32(attributes[IFLA_MTU], &link->mtu) < 0 ||
            attribute_u32(attributes[IFLA_MASTER], &master) < 0 || attribute_u32(attributes[IFLA_LINK], &parent) < 0 ||
            attribute_u32(attributes[IFLA_GROUP], &group) < 0 ||
            attribute_u8(attribute_find_nested(attributes[IFLA_XDP], IFLA_XDP_ATTACHED), &xdp) < 0)
                return -EBADMSG;
        link->master_index = (int)master;
        // The index of a parent in another namespace says nothing in this one.
        link->parent_index = attributes[IFLA_LINK_NETNSID] ? 0 : (int)parent;
        link->group = group;
        link->has_xdp = xdp != XDP_ATTACHED_NONE;
        return 0;
}

// An administrator's label can begin like our tag. So the tag counts as a whole, and only on a link of a type that the
// daemon makes.
static bool is_tagged(const Link *link) {
        size_t size = strlen(LINK_ALIAS_PREFIX);

        return link->type != LINK_DEVICE &&
               (link->group == LINK_GROUP_UNTAGGED ||
                (strncmp(link->alias, LINK_ALIAS_PREFIX, size) == 0 && plane_name_is_valid(link->alias + size)));
}

static int altnames_read(const struct nlattr *list, int ifindex, Inventory *inventory) {
        const struct nlattr *attribute;
        const char *name;
        size_t size;
        const void *names = attribute_payload(list, &size);

        while ((attribute = attribute_next(&names, &size))) {
                if (!attribute_string(attribute, &name))
                        continue;
                if (array_reserve(&inventory->altnames, &inventory->n_altnames_allocated, inventory->n_altnames + 1) <
                    0)
                        return -ENOMEM;
                AltName *altname = &inventory->altnames[inventory->n_altnames];
                *altname = (AltName){ .name = strdup(name), .ifindex = ifindex };
                if (!altname->name)
                        return -ENOMEM;
                inventory->n_altnames++;
        }
        return 0;
}

static int link_read(const struct nlmsghdr *header, void *userdata) {
        Inventory *inventory = userdata;
        const struct nlattr *attributes[IFLA_MAX + 1];
        const struct ifinfomsg *info = NLMSG_DATA(header);

        if (header->nlmsg_type != RTM_NEWLINK ||
            attribute_index_message(header, sizeof(*info), attributes, IFLA_MAX) < 0)
                return -EBADMSG;
        Link link = {
                .index = info->ifi_index,
                .up = info->ifi_flags & IFF_UP,
                .carrier = info->ifi_flags & IFF_LOWER_UP,
                .no_arp = info->ifi_flags & IFF_NOARP,
        };
        if (numbers_read(attributes, &link) < 0 || link_info_read(attributes[IFLA_LINKINFO], &link) < 0)
                return -EBADMSG;
        string_read(attributes[IFLA_IFNAME], link.name, sizeof(link.name));
        string_read(attributes[IFLA_IFALIAS], link.alias, sizeof(link.alias));
        string_read(attributes[IFLA_QDISC], link.qdisc, sizeof(link.qdisc));
        link.is_tagged = is_tagged(&link);
        link.has_mac = info->ifi_type == ARPHRD_ETHER && attribute_mac(attributes[IFLA_ADDRESS], &link.mac);

        if (altnames_read(attributes[IFLA_PROP_LIST], link.index, inventory) < 0)
                return -ENOMEM;
        if (array_reserve(&inventory->links, &inventory->n_allocated, inventory->n_links + 1) < 0)
                return -ENOMEM;
        inventory->links[inventory->n_links++] = link;
        return 0;
}

static void altnames_forget(Inventory *inventory) {
        while (inventory->n_altnames > 0)
                free(inventory->altnames[--inventory->n_altnames].name);
}

static void inventory_restart(void *userdata) {
        Inventory *inventory = userdata;

        inventory->n_links = 0;
        altnames_forget(inventory);
}

static int index_compare(const void *a, const void *b) {
        int left = ((const Link *)a)->index, right = ((const Link *)b)->index;

        return (left > right) - (left < right);
}

// Each link's parent by its name. Sorts the links by index.
static void parents_name(Inventory *inventory) {
        if (inventory->n_links == 0)
                return;
        qsort(inventory->links, inventory->n_links, sizeof(Link), index_compare);
        for (size_t i = 0; i < inventory->n_links; i++) {
                const Link key = { .index = inventory->links[i].parent_index };
                const Link *parent = key.index <= 0 ? NULL
                                                    : bsearch(&key, inventory->links, inventory->n_links, sizeof(Link),
                                                              index_compare);
                if (parent)
                        strcpy_fixed(inventory->links[i].parent, parent->name);
        }
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

        parents_name(&inventory);
        if (inventory.n_links > 0)
                qsort(inventory.links, inventory.n_links, sizeof(Link), link_compare);
        *ret = inventory;
        inventory = (Inventory){};
        return 0;
}

const Link *inventory_find(const Inventory *inventory, const char *name) {
        Link key = {};

        if (inventory->n_links == 0)
                return NULL;
        strcpy_fixed(key.name, name);
        return bsearch(&key, inventory->links, inventory->n_links, sizeof(Link), link_compare);
}

const Link *inventory_find_index(const Inventory *inventory, int index) {
        for (size_t i = 0; i < inventory->n_links; i++)
                if (inventory->links[i].index == index)
                        return &inventory->links[i];
        return NULL;
}

const Link *inventory_find_altname(const Inventory *inventory, const char *name) {
        for (size_t i = 0; i < inventory->n_altnames; i++)
                if (streq(inventory->altnames[i].name, name))
                        return inventory_find_index(inventory, inventory->altnames[i].ifindex);
        return NULL;
}

void inventory_deinit(Inventory *inventory) {
        altnames_forget(inventory);
        free(inventory->altnames);
        free(inventory->links);
        *inventory = (Inventory){};
}
