// The conditions under which a plane can be used: the one list that health and verify are both made of.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// The kernel is read first, and then judged without it. What keeps a plane from being set up is not here: it is in the
// reasons of PlaneFacts.
#pragma once

#include "base/error.h"
#include "base/util.h"
#include "engine/kernel.h"
#include "engine/plane-facts.h"
#include "engine/ways.h"
#include "firewall/firewall.h"
#include "kernel/addr.h"
#include "kernel/link.h"
#include "model/reason.h"
#include "netlink/request.h"

// What is read once for all planes.
typedef struct UsableHost {
        const Inventory *inventory;
        uint64_t now_usec;
        FirewallCounter *drops;
        size_t n_drops;
        AddrList addresses;    // of all links
        Error addresses_error; // code 0: they could be read
} UsableHost;

void usable_host_read(const Kernel *kernel, const Inventory *inventory, UsableHost *ret);
void usable_host_deinit(UsableHost *host);
#define _cleanup_usable_host_ _cleanup_(usable_host_deinit)

// What is kept of a plane between two looks.
typedef struct UsableMemory {
        WaysMemory ways;
        int ifindex;            // of the device whose frames are counted; 0: not yet
        uint64_t n_conflicts;   // frames of hosts with our address or MAC address, as the rules have counted them
        uint64_t conflict_usec; // when they were last found to be more; 0: never
} UsableMemory;

// What is read of one plane.
typedef struct UsableReading {
        const UsableHost *host;
        const PlaneFacts *facts;
        Ways ways;
        bool has_conflict;      // of late
        const Link *drops_vlan; // of the bridge that the VLAN stands on: itself, or the port to the wire; or NULL
} UsableReading;

// Asks nothing about a plane that was taken down. all, memory: see ways_read.
void usable_read(Netlink *netlink, const UsableHost *host, const PlaneFacts *facts, bool all, UsableMemory *memory,
                 UsableReading *ret);

// Whether the device has the address of that number, and it is usable. Pure.
bool usable_has_address(const UsableReading *reading, size_t i);
// Pure. Adds a reason for each condition that does not hold.
void usable_assess(const UsableReading *reading, Reasons *reasons);
