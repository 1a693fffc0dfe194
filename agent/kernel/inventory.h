// The links of the host, as the kernel describes them.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <net/if.h>

#include "base/error.h"
#include "base/inet.h"
#include "base/util.h"
#include "model/object.h"
#include "netlink/request.h"

#define LINK_KIND_BRIDGE "bridge"
#define LINK_KIND_OPENVSWITCH "openvswitch" // the internal ports, and ovs-system, the master of all other ports

typedef struct Link {
        int index;
        char name[IFNAMSIZ];
        LinkType type;                   // LINK_DEVICE for every kind that we never make
        char kind[16];                   // the kernel's name of the kind; "" for a physical device
        int parent_index;                // 0: none
        char qdisc[16];                  // the kind of the root qdisc
        char parent[IFNAMSIZ];           // "" when it has none, or one in another namespace
        int master_index;                // 0: it is no port
        uint16_t vlan_id, vlan_protocol; // of a vlan; of a bridge the protocol alone
        bool is_loose;                   // a vlan that does not go up and down with its parent
        bool filters_vlans;              // a bridge: vlan_filtering
        bool calls_netfilter;            // a bridge: nf_call_iptables or nf_call_ip6tables
        uint32_t mtu;                    // bytes
        uint32_t group;
        bool has_mac; // an Ethernet address
        MacAddress mac;
        bool up, carrier; // IFF_UP; IFF_LOWER_UP
        bool is_tagged;   // of a type that we make, and has our tag or is in the group of links that we have not tagged
                          // yet
        bool no_arp;      // IFF_NOARP: it neither asks nor answers for addresses
        char mode[10];    // a macvlan's, other than "private"
        bool has_xdp;     // an XDP program, which sees packets before all rules
        char alias[80];   // truncated if it is longer
} Link;

// An alternative name of a link. No link can get it as its name.
typedef struct AltName {
        char *name; // up to 127 bytes
        int ifindex;
} AltName;

typedef struct Inventory {
        Link *links; // sorted by name
        size_t n_links, n_allocated;
        AltName *altnames;
        size_t n_altnames, n_altnames_allocated;
} Inventory;

int inventory_read(Netlink *netlink, Inventory *ret, Error *ret_error);
const Link *inventory_find(const Inventory *inventory, const char *name);
const Link *inventory_find_index(const Inventory *inventory, int index);
// The link that has the alternative name; NULL: none.
const Link *inventory_find_altname(const Inventory *inventory, const char *name);
void inventory_deinit(Inventory *inventory);
#define _cleanup_inventory_ _cleanup_(inventory_deinit)
