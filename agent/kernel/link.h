// Links: what there are, and making, changing and removing ours.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "base/inet.h"
#include "base/util.h"
#include "model/object.h"
#include "model/state.h"
#include "netlink/request.h"

#define LINK_KIND_BRIDGE "bridge"
#define LINK_KIND_OPENVSWITCH "openvswitch" // the internal ports, and ovs-system, which has all the others as slaves


typedef struct Link {
        int index;
        char name[IFNAMSIZ];
        LinkType type;         // LINK_DEVICE for every kind that we never make
        char kind[16];         // the kernel's word for it; "" for a physical device
        int parent_index;      // 0: none
        char qdisc[16];        // the root qdisc's kind
        char parent[IFNAMSIZ]; // "" when it has none, or one in another namespace
        int master_index;      // 0: enslaved to nothing
        uint16_t vlan_id, vlan_protocol; // of a vlan; of a bridge the protocol alone
        bool filters_vlans;              // a bridge: vlan_filtering
        uint32_t mtu; // bytes
        bool has_mac; // an Ethernet address
        MacAddress mac;
        bool up, carrier; // IFF_UP; IFF_LOWER_UP
        bool is_tagged;   // bears our tag, or is in the group of the not yet tagged
        bool has_xdp;     // a program that sees packets before everybody's rules
        char alias[80];   // shortened where it is longer
} Link;

typedef struct Inventory {
        Link *links; // sorted by name
        size_t n_links, n_allocated;
} Inventory;

int inventory_read(Netlink *netlink, Inventory *ret, Error *ret_error);
const Link *inventory_find(const Inventory *inventory, const char *name);
const Link *inventory_find_index(const Inventory *inventory, int index);
void inventory_deinit(Inventory *inventory);
#define _cleanup_inventory_ _cleanup_(inventory_deinit)

// Adds the link and its up state, if it is ours or desired names it.
int link_observe(const Link *link, bool is_ours, const State *desired, State *state);

int link_add(Netlink *netlink, int ifindex, const Object *desired, Error *ret_error);
int link_change(Netlink *netlink, int ifindex, const Object *desired, const Object *observed, Error *ret_error);
int link_delete(Netlink *netlink, int ifindex, const Object *observed, Error *ret_error);

int link_up_add(Netlink *netlink, int ifindex, const Object *desired, Error *ret_error);
int link_up_delete(Netlink *netlink, int ifindex, const Object *observed, Error *ret_error);

// What the link has carried since it was made, layer 2.
int link_read_bytes(Netlink *netlink, int ifindex, uint64_t *ret_sent, uint64_t *ret_received, Error *ret_error);
