// The allow list of one plane: the values that its rules are printed from, as nft writes them.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/inet.h"
#include "base/util.h"
#include "config/plane-config.h"
#include "firewall/chain-name.h"
#include "firewall/element-set.h"
#include "firewall/ruleset-plane.h"

#define FROM_MAC "@ll,48,48" // the sender of a frame

// The peers whose prefixes have the same length (element-set.h says why): "ip saddr" MASK " " SET.
typedef struct PeerRun {
        char *mask; // "" or " & 255.255.255.0"
        char *set;
} PeerRun;

// One plane's values in one family of addresses. Everything is NULL where the plane has no address or no peer of the
// family.
typedef struct AllowFamily {
        char *own;        // the plane's addresses: "192.0.2.1" or "{ 192.0.2.1, 192.0.2.2 }"
        char *own_raw;    // the same as numbers
        char *groups;     // IPv6: the solicited-node groups of own
        char *group_macs; // IPv6: the MAC addresses of these groups, as numbers
        PeerRun *peers;   // Peers= and the gateways
        size_t n_peers;
        char *gateways;    // "192.0.2.9" or "{ 192.0.2.9, 192.0.2.10 }"; NULL: there is none
        char *known;       // the addresses of the [Peer] sections with a MACAddress=; NULL: there is none
        char *known_macs;  // "{ 192.0.2.2 . 0x020000000001 }"
        char *known_arp;   // with the MAC address twice: as ARP tells it, and as the frame does
        bool hears_claims; // answers to duplicate address detection may come in; false: own is NULL
} AllowFamily;

typedef struct AllowList {
        AllowFamily ipv4, ipv6;
        char **ports; // the single ports "{ 16514, 49152 }", then each range
        size_t n_ports;
        char *users; // NULL: every user
        bool has_mac;
        bool announces; // its own addresses, to all
        // Our MAC addresses, those of a bond's ports included: one, or "{ A, B }"; and as numbers without the braces.
        char *macs, *macs_raw, *macs_raw_items;
        char *frame_out;  // what a frame must show to be let out
        EventRate report; // see log-rule.h
        bool reports_opens;
        bool is_vlan;
        char link[LINK_SPELLING_MAX];
} AllowList;

// 0 or -ENOMEM.
int allow_list_init(AllowList *ret, const RulesetPlane *plane);
void allow_list_deinit(AllowList *list);
#define _cleanup_allow_list_ _cleanup_(allow_list_deinit)
