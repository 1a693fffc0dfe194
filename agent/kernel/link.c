// Links of planes: observed as objects, and added, changed and deleted.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "kernel/link.h"

#include <arpa/inet.h>
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/if_vlan.h>
#include <linux/rtnetlink.h>
#include <netlink/route/link.h>
#include <netlink/route/link/macvlan.h>
#include <netlink/route/link/vlan.h>

#include "base/error.h"
#include "base/inet.h"
#include "base/names.h"
#include "base/util.h"
#include "kernel/inventory.h"
#include "model/object.h"
#include "model/state.h"
#include "netlink/attribute.h"
#include "netlink/request.h"

static void rtnl_link_freep(struct rtnl_link **link) {
        rtnl_link_put(*link);
        *link = NULL;
}
#define _cleanup_rtnl_link_ _cleanup_(rtnl_link_freep)

// --- observe ---

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
                        .is_loose = link->is_loose,
                        .mtu = link->mtu,
                        .has_mac = link->has_mac,
                        .mac = link->mac,
                        .no_arp = link->no_arp && link->type != LINK_IFB, // an ifb never has it
                        .enslaved = link->master_index > 0,
                },
        };
        strcpy_fixed(object.link, link->name);
        strcpy_fixed(object.as_link.parent, link->parent);
        strcpy_fixed(object.as_link.mode, link->mode);
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

// --- add, change, delete ---

static struct rtnl_link *vlan_allocate(const LinkObject *link) {
        struct rtnl_link *request = rtnl_link_vlan_alloc();

        if (request) {
                (void)rtnl_link_vlan_set_id(request, link->vlan_id);
                (void)rtnl_link_vlan_set_protocol(request, htons(link->vlan_protocol));
                if (link->is_loose)
                        (void)rtnl_link_vlan_set_flags(request, VLAN_FLAG_LOOSE_BINDING);
        }
        return request;
}

// Mode private: other macvlans on the same parent are no peers.
static struct rtnl_link *macvlan_allocate(void) {
        struct rtnl_link *request = rtnl_link_macvlan_alloc();

        if (request)
                (void)rtnl_link_macvlan_set_mode(request, (uint32_t)rtnl_link_macvlan_str2mode("private"));
        return request;
}

static struct rtnl_link *link_allocate(const LinkObject *link) {
        struct rtnl_link *request = NULL;

        switch (link->type) {
        case LINK_VLAN:
                return vlan_allocate(link);
        case LINK_MACVLAN:
                return macvlan_allocate();
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

// Sends the changes of a link, or adds a link if orig is NULL.
static int link_send(Netlink *netlink, struct rtnl_link *orig, struct rtnl_link *changes, Error *ret_error) {
        struct nl_msg *message = NULL;
        int r = orig ? rtnl_link_build_change_request(orig, changes, 0, &message)
                     : rtnl_link_build_add_request(changes, NLM_F_CREATE | NLM_F_EXCL, &message);
        if (r < 0)
                return error_set(ret_error, -EPROTO, "%s", nl_geterror(r));
        return netlink_request(netlink, message, ret_error);
}

// Sets the alias and takes the link out of the group of untagged links, in one request.
static int link_tag(Netlink *netlink, int ifindex, const char *alias, Error *ret_error) {
        _cleanup_rtnl_link_ struct rtnl_link *orig = rtnl_link_alloc(), *changes = rtnl_link_alloc();
        if (!orig || !changes)
                return error_set(ret_error, -ENOMEM, "out of memory");

        rtnl_link_set_ifindex(orig, ifindex);
        rtnl_link_set_ifalias(changes, alias);
        rtnl_link_set_group(changes, 0);
        return link_send(netlink, orig, changes, ret_error);
}

// Why the parent takes no link of ours: EBUSY says no more than that something else receives its frames.
static void busy_explain(Netlink *netlink, const LinkObject *link, Error *error) {
        _cleanup_inventory_ Inventory inventory = {};
        char before[512];

        if (inventory_read(netlink, &inventory, NULL) < 0)
                return;
        const Link *parent = inventory_find(&inventory, link->parent);
        const Link *master = parent ? inventory_find_index(&inventory, parent->master_index) : NULL;
        (void)snprintf(before, sizeof(before), "%.500s", error->text);
        if (!master)
                (void)error_set(error, error->code,
                                "%s: another program's device, such as an ipvlan, has all frames of %s; use another "
                                "Parent=",
                                before, link->parent);
        else if (streq(master->kind, LINK_KIND_OPENVSWITCH))
                (void)error_set(error, error->code,
                                "%s: %s is a port of Open vSwitch; take an internal port of its bridge, with "
                                "Kind=device and ManagedBy=other",
                                before, link->parent);
        else
                (void)error_set(error, error->code,
                                "%s: %s is a port of %s (%s), which has all of its frames; write "
                                "Parent=%s",
                                before, link->parent, master->name, master->kind, master->name);
}

// Names what is missing: the kernel's words for it are "Unknown device type".
static int link_refused(const LinkObject *link, int r, Error *ret_error) {
        const char *module = link->type == LINK_VLAN      ? "8021q"
                             : link->type == LINK_MACVLAN ? "macvlan"
                             : link->type == LINK_IFB     ? "ifb"
                                                          : NULL;

        if (r == -EOPNOTSUPP && ret_error && module && strstr(ret_error->text, "Unknown device type"))
                error_prefix(ret_error, "this kernel lacks the module %s, which such a device needs", module);
        return r;
}

int link_add(Netlink *netlink, int ifindex _unused_, const Object *desired, Error *ret_error) {
        const LinkObject *link = &desired->as_link;
        int index;
        _cleanup_rtnl_link_ struct rtnl_link *request = link_allocate(link);
        if (!request || (link->has_mac && mac_set(request, &link->mac) < 0))
                return error_set(ret_error, -ENOMEM, "out of memory");

        rtnl_link_set_name(request, desired->link);
        if (link->mtu)
                rtnl_link_set_mtu(request, link->mtu);
        if (link->alias[0])
                rtnl_link_set_group(request, LINK_GROUP_UNTAGGED);
        if (link->parent[0]) {
                int r = netlink_link_index(netlink, link->parent, &index, ret_error);
                if (r < 0)
                        return r;
                rtnl_link_set_link(request, index);
        }
        int r = link_send(netlink, NULL, request, ret_error);
        if (r == -EBUSY && link->parent[0] && ret_error)
                busy_explain(netlink, link, ret_error);
        if (r < 0)
                return link_refused(link, r, ret_error);
        if (!link->alias[0])
                return r;

        r = netlink_link_index(netlink, desired->link, &index, ret_error);
        if (r < 0)
                return r;
        return link_tag(netlink, index, link->alias, ret_error);
}

static int loosen(struct rtnl_link *changes) {
        return rtnl_link_set_type(changes, "vlan") < 0 || rtnl_link_vlan_set_flags(changes, VLAN_FLAG_LOOSE_BINDING) < 0
                       ? -ENOMEM
                       : 0;
}

static int make_private(struct rtnl_link *changes) {
        return rtnl_link_set_type(changes, "macvlan") < 0 ||
                               rtnl_link_macvlan_set_mode(changes, (uint32_t)rtnl_link_macvlan_str2mode("private")) < 0
                       ? -ENOMEM
                       : 0;
}

static int link_set_flags(Netlink *netlink, int ifindex, unsigned flags, unsigned mask, Error *ret_error) {
        struct ifinfomsg info = { .ifi_index = ifindex, .ifi_flags = flags, .ifi_change = mask };
        return netlink_request(netlink, netlink_message_new(RTM_NEWLINK, 0, &info, sizeof(info)), ret_error);
}

// A link of ours that is not tagged yet is tagged here: the daemon may have been killed before link_add did it.
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
        if ((want->is_loose && !have->is_loose && loosen(changes) < 0) ||
            (want->type == LINK_MACVLAN && have->mode[0] && make_private(changes) < 0))
                return error_set(ret_error, -ENOMEM, "out of memory");
        // libnl-route-3 would send all flags.
        if (want->wants_arp && have->no_arp) {
                int r = link_set_flags(netlink, ifindex, 0, IFF_NOARP, ret_error);
                if (r < 0)
                        return r;
        }
        int r = link_send(netlink, orig, changes, ret_error);
        if (r < 0 || !want->alias[0] || streq(want->alias, have->alias))
                return r;
        return link_tag(netlink, ifindex, want->alias, ret_error);
}

int link_delete(Netlink *netlink, int ifindex, const Object *observed _unused_, Error *ret_error) {
        struct ifinfomsg info = { .ifi_index = ifindex };
        return netlink_request(netlink, netlink_message_new(RTM_DELLINK, 0, &info, sizeof(info)), ret_error);
}

int link_up_add(Netlink *netlink, int ifindex, const Object *desired _unused_, Error *ret_error) {
        return link_set_flags(netlink, ifindex, IFF_UP, IFF_UP, ret_error);
}

int link_up_delete(Netlink *netlink, int ifindex, const Object *observed _unused_, Error *ret_error) {
        return link_set_flags(netlink, ifindex, 0, IFF_UP, ret_error);
}

// --- counters ---

typedef struct Statistics {
        bool is_read;
        struct rtnl_link_stats64 counters;
} Statistics;

static int statistics_read(const struct nlmsghdr *header, void *userdata) {
        const struct nlattr *attributes[IFLA_STATS64 + 1];
        Statistics *statistics = userdata;
        // Newer kernels have more counters behind these.
        size_t size = offsetof(struct rtnl_link_stats64, rx_errors);

        if (header->nlmsg_type != RTM_NEWLINK ||
            attribute_index_message(header, sizeof(struct ifinfomsg), attributes, IFLA_STATS64) < 0 ||
            attribute_struct(attributes[IFLA_STATS64], size, &statistics->counters) <= 0)
                return -EBADMSG;
        statistics->is_read = true;
        return 0;
}

int link_read_bytes(Netlink *netlink, int ifindex, uint64_t *ret_sent, uint64_t *ret_received, Error *ret_error) {
        struct ifinfomsg info = { .ifi_index = ifindex };
        Statistics statistics = {};

        int r = netlink_query(netlink, netlink_message_new(RTM_GETLINK, 0, &info, sizeof(info)), statistics_read, NULL,
                              &statistics, ret_error);
        if (r < 0)
                return r;
        if (!statistics.is_read)
                return error_set(ret_error, -EIO, "the kernel's answer was lost");
        *ret_sent = statistics.counters.tx_bytes;
        *ret_received = statistics.counters.rx_bytes;
        return 0;
}
