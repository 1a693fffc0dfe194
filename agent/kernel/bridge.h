// What a bridge that filters VLANs lets through, to its own host and to its ports.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "base/util.h"
#include "netlink/request.h"

// 1 when the bridge itself, and with it the host, is a member of the VLAN; 0 when not: then nothing passes between the VLAN's
// interface on the bridge and the bridge's ports. Kernels before 5.6 cannot be asked: -EOPNOTSUPP or the like.
int bridge_admits_vlan(Netlink *netlink, int ifindex, uint16_t vlan_id, Error *ret_error);

// The bridges and ports, of all bridges, that are members of a VLAN.
typedef struct BridgeMembers {
        uint16_t vlan_id;
        int *indices;
        size_t n_indices, n_allocated;
} BridgeMembers;

int bridge_members_read(Netlink *netlink, uint16_t vlan_id, BridgeMembers *ret, Error *ret_error);
bool bridge_members_have(const BridgeMembers *members, int ifindex);
void bridge_members_deinit(BridgeMembers *members);
#define _cleanup_bridge_members_ _cleanup_(bridge_members_deinit)
