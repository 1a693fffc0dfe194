// What a bridge that filters VLANs lets through, to its own host and to its ports.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "kernel/bridge.h"

#include <linux/if_bridge.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include "base/error.h"
#include "base/util.h"
#include "netlink/request.h"

// One entry is a VLAN, or with a second number a range of them.
static bool entry_holds(struct nlattr *entry, uint16_t vlan_id) {
        static const struct nla_policy policy[BRIDGE_VLANDB_ENTRY_MAX + 1] = {
                [BRIDGE_VLANDB_ENTRY_RANGE] = { .type = NLA_U16 },
        };
        struct nlattr *attributes[BRIDGE_VLANDB_ENTRY_MAX + 1];
        struct bridge_vlan_info info = {};

        if (nla_parse_nested(attributes, BRIDGE_VLANDB_ENTRY_MAX, entry, policy) < 0 ||
            nla_memcpy(&info, attributes[BRIDGE_VLANDB_ENTRY_INFO], sizeof(info)) < (int)sizeof(info))
                return false;
        uint16_t last = attributes[BRIDGE_VLANDB_ENTRY_RANGE] ? nla_get_u16(attributes[BRIDGE_VLANDB_ENTRY_RANGE]) : info.vid;
        return vlan_id >= info.vid && vlan_id <= last;
}

// One message for each bridge and port.
static int vlans_read(const struct nlmsghdr *header, void *userdata) {
        BridgeMembers *members = userdata;
        struct nlattr *entry;
        bool found = false;
        int left;

        if (header->nlmsg_type != RTM_NEWVLAN || header->nlmsg_len < NLMSG_LENGTH(sizeof(struct br_vlan_msg)))
                return -EBADMSG;
        nlmsg_for_each_attr(entry, (struct nlmsghdr *)header, sizeof(struct br_vlan_msg), left)
                if (nla_type(entry) == BRIDGE_VLANDB_ENTRY)
                        found |= entry_holds(entry, members->vlan_id);
        if (!found)
                return 0;
        if (array_reserve(&members->indices, &members->n_allocated, members->n_indices + 1) < 0)
                return -ENOMEM;
        members->indices[members->n_indices++] = (int)((const struct br_vlan_msg *)NLMSG_DATA(header))->ifindex;
        return 0;
}

static void vlans_restart(void *userdata) {
        ((BridgeMembers *)userdata)->n_indices = 0;
}

// Of one bridge or port, or of all with 0.
static int members_query(Netlink *netlink, int ifindex, BridgeMembers *members, Error *ret_error) {
        struct br_vlan_msg request = { .family = AF_BRIDGE, .ifindex = (uint32_t)ifindex };

        return netlink_query(netlink, netlink_message_new(RTM_GETVLAN, NLM_F_DUMP, &request, sizeof(request)), vlans_read,
                             vlans_restart, members, ret_error);
}

int bridge_admits_vlan(Netlink *netlink, int ifindex, uint16_t vlan_id, Error *ret_error) {
        _cleanup_bridge_members_ BridgeMembers members = { .vlan_id = vlan_id };

        int r = members_query(netlink, ifindex, &members, ret_error);
        return r < 0 ? r : members.n_indices > 0;
}

int bridge_members_read(Netlink *netlink, uint16_t vlan_id, BridgeMembers *ret, Error *ret_error) {
        _cleanup_bridge_members_ BridgeMembers members = { .vlan_id = vlan_id };

        int r = members_query(netlink, 0, &members, ret_error);
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
