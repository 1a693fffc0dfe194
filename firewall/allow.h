// The allow list of one plane, as rules: what may pass, and under which name all else is counted and dropped.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/inet.h"
#include "base/util.h"
#include "config/plane-config.h"
#include "firewall/chain-name.h"
#include "firewall/ruleset.h"

// Seen from the host; the rules of the two are each other's mirror.
typedef enum Way {
        WAY_IN,
        WAY_OUT,
} Way;

// The peers whose prefixes are of one length, see set.h: "ip saddr" MASK " " SET.
typedef struct PeerRun {
        char *mask; // "" or " & 255.255.255.0"
        char *set;
} PeerRun;

// One plane's values in one family of addresses, as nft writes them. All NULL where the plane has no address of the
// family, or no peer.
typedef struct AllowFamily {
        char *own;        // "192.0.2.1" or "{ 192.0.2.1, 192.0.2.2 }"
        char *own_raw;    // the same as numbers
        char *groups;     // IPv6: the solicited-node groups of own
        char *group_macs; // IPv6: and the MAC addresses of those, as numbers
        PeerRun *peers;   // Peers=, and the gateways
        size_t n_peers;
        char *known;      // addresses of [Peer] sections that tell a MAC; NULL: none does
        char *known_macs; // "{ 192.0.2.2 . 0x020000000001 }"
        char *known_arp;  // with the MAC twice, for what ARP says and for what the frame says
} AllowFamily;

typedef struct AllowList {
        AllowFamily ipv4, ipv6;
        char **ports; // "{ 16514, 49152 }", and each range by itself, see set.h
        size_t n_ports;
        char *users; // NULL: everybody
        bool has_mac;
        char mac[MAC_TEXT_MAX], mac_raw[2 + 12 + 1];
        EventRate report; // see report.h
        bool is_vlan;
        char link[LINK_SPELLING_MAX];
} AllowList;

int allow_list_init(AllowList *ret, const RulesetPlane *plane);
void allow_list_deinit(AllowList *list);
#define _cleanup_allow_list_ _cleanup_(allow_list_deinit)

// One rule a line; the last one drops whatever is left. Without a MAC the netdev rules let nothing pass.
void allow_list_print_netdev(const AllowList *list, Way way, FILE *file);
void allow_list_print_inet(const AllowList *list, Way way, FILE *file);
void allow_list_print_arp(const AllowList *list, Way way, FILE *file);
