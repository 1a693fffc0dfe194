// What a bridge that filters VLANs lets through to its own host.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "nl.h"

// 1 when the bridge itself, and with it the host, is a member of the VLAN; 0 when not: then nothing passes between the VLAN's
// interface on the bridge and the bridge's ports. Kernels before 5.6 cannot be asked: -EOPNOTSUPP or the like.
int bridge_admits_vlan(Netlink *netlink, int ifindex, uint16_t vlan_id, Error *ret_error);
