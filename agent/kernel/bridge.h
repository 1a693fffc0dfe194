// Bridges: whether netfilter sees their frames, and the VLANs of them and their ports.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "base/util.h"
#include "kernel/inventory.h"
#include "netlink/request.h"

// Whether frames pass the hooks of IP also between the ports of bridges: the setting of all bridges (br_netfilter;
// there may be none yet), or that of one.
bool bridge_calls_netfilter(const Inventory *inventory);

// The members of a VLAN among all bridges and ports of the host. A bridge is a member if the host is. Kernels
// before 5.6 cannot tell.
typedef struct BridgeMembers {
        uint16_t vlan_id;
        int *indices;
        size_t n_indices, n_allocated;
} BridgeMembers;

int bridge_members_read(Netlink *netlink, uint16_t vlan_id, BridgeMembers *ret, Error *ret_error);
bool bridge_members_have(const BridgeMembers *members, int ifindex);
void bridge_members_deinit(BridgeMembers *members);
#define _cleanup_bridge_members_ _cleanup_(bridge_members_deinit)
