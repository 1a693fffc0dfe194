// Bridges: whether netfilter sees their frames, and the VLANs of them and their ports.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "kernel/bridge.h"

#include <linux/if_bridge.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "base/error.h"
#include "base/util.h"
#include "kernel/inventory.h"
#include "kernel/sysctl.h"
#include "netlink/attribute.h"
#include "netlink/request.h"

// An entry is one VLAN or, with the number of a second one, a range of them.
static bool entry_holds(const struct nlattr *entry, uint16_t vlan_id) {
        const struct nlattr *attributes[BRIDGE_VLANDB_ENTRY_MAX + 1];
        struct bridge_vlan_info info;

        if (attribute_index_nested(entry, attributes, BRIDGE_VLANDB_ENTRY_MAX) < 0 ||
            attribute_struct(attributes[BRIDGE_VLANDB_ENTRY_INFO], sizeof(info), &info) <= 0)
                return false;
        uint16_t last = info.vid;
        (void)attribute_u16(attributes[BRIDGE_VLANDB_ENTRY_RANGE], &last);
        return vlan_id >= info.vid && vlan_id <= last;
}

// The kernel sends one message for each bridge and port, whose attributes are the entries.
static int vlans_read(const struct nlmsghdr *header, void *userdata) {
        BridgeMembers *members = userdata;
        const struct br_vlan_msg *info = NLMSG_DATA(header);
        size_t skip = NLMSG_SPACE(sizeof(*info));
        const struct nlattr *entry;
        bool found = false;

        if (header->nlmsg_type != RTM_NEWVLAN || header->nlmsg_len < skip)
                return -EBADMSG;
        const void *entries = (const char *)header + skip;
        size_t size = header->nlmsg_len - skip;
        while ((entry = attribute_next(&entries, &size)))
                if ((entry->nla_type & NLA_TYPE_MASK) == BRIDGE_VLANDB_ENTRY)
                        found |= entry_holds(entry, members->vlan_id);
        if (!found)
                return 0;
        if (array_reserve(&members->indices, &members->n_allocated, members->n_indices + 1) < 0)
                return -ENOMEM;
        members->indices[members->n_indices++] = (int)info->ifindex;
        return 0;
}

static void vlans_restart(void *userdata) {
        ((BridgeMembers *)userdata)->n_indices = 0;
}

int bridge_members_read(Netlink *netlink, uint16_t vlan_id, BridgeMembers *ret, Error *ret_error) {
        _cleanup_bridge_members_ BridgeMembers members = { .vlan_id = vlan_id };
        const struct br_vlan_msg request = { .family = AF_BRIDGE };

        int r = netlink_query(netlink, netlink_message_new(RTM_GETVLAN, NLM_F_DUMP, &request, sizeof(request)),
                              vlans_read, vlans_restart, &members, ret_error);
        if (r < 0) {
                error_prefix(ret_error, "cannot list the VLANs of bridges");
                return r;
        }
        *ret = members;
        members = (BridgeMembers){};
        return 0;
}

bool bridge_members_have(const BridgeMembers *members, int ifindex) {
        for (size_t i = 0; i < members->n_indices; i++)
                if (members->indices[i] == ifindex)
                        return true;
        return false;
}

void bridge_members_deinit(BridgeMembers *members) {
        free(members->indices);
        *members = (BridgeMembers){};
}

bool bridge_calls_netfilter(const Inventory *inventory) {
        static const char *const items[] = { "bridge/bridge-nf-call-iptables", "bridge/bridge-nf-call-ip6tables" };
        int64_t value;

        for (size_t i = 0; i < ELEMENTSOF(items); i++)
                if (sysctl_read(items[i], &value) > 0 && value != 0)
                        return true;
        for (size_t i = 0; i < inventory->n_links; i++)
                if (inventory->links[i].calls_netfilter)
                        return true;
        return false;
}
