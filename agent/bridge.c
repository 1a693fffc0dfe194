// What a bridge that filters VLANs lets through to its own host.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "bridge.h"

#include <linux/if_bridge.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

typedef struct VlanSearch {
        uint16_t vlan_id;
        bool found;
} VlanSearch;

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

static int vlans_read(const struct nlmsghdr *header, void *userdata) {
        VlanSearch *search = userdata;
        struct nlattr *entry;
        int left;

        if (header->nlmsg_type != RTM_NEWVLAN || header->nlmsg_len < NLMSG_LENGTH(sizeof(struct br_vlan_msg)))
                return -EBADMSG;
        nlmsg_for_each_attr(entry, (struct nlmsghdr *)header, sizeof(struct br_vlan_msg), left)
                if (nla_type(entry) == BRIDGE_VLANDB_ENTRY)
                        search->found |= entry_holds(entry, search->vlan_id);
        return 0;
}

static void search_restart(void *userdata) {
        ((VlanSearch *)userdata)->found = false;
}

int bridge_admits_vlan(Netlink *netlink, int ifindex, uint16_t vlan_id, Error *ret_error) {
        struct br_vlan_msg request = { .family = AF_BRIDGE, .ifindex = (uint32_t)ifindex };
        VlanSearch search = { .vlan_id = vlan_id };

        int r = netlink_query(netlink, netlink_message_new(RTM_GETVLAN, NLM_F_DUMP, &request, sizeof(request)), vlans_read,
                              search_restart, &search, ret_error);
        return r < 0 ? r : search.found;
}
