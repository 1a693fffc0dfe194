// The ways to a plane's peers, asked of the kernel: whether they leave by the plane.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// A host can have many routes, and a plane many peers. So the kernel is asked for single addresses, a bounded number at
// each look: those that the file names, the first of each network, and the addresses of small networks in turn. An
// address whose route has changed, or whose way leads elsewhere, is asked at every look until its way is right.
#pragma once

#include "base/inet.h"
#include "base/util.h"
#include "config/plane-config.h"
#include "engine/plane-facts.h"
#include "kernel/addr.h"
#include "kernel/link.h"
#include "netlink/request.h"

enum {
        WAYS_NAMED_MAX = 16, // at one look
        WAYS_OTHERS_MAX = 8,
        WAYS_SUSPECTS_MAX = 16,
        WAYS_TOLD_MAX = 3,
};

// What is kept of a plane between two looks.
typedef struct WaysMemory {
        Address suspects[WAYS_SUSPECTS_MAX];
        size_t n_suspects;
        size_t next_named, next_other; // where the next look begins
} WaysMemory;

// The route to destination was changed, by whomever. Whether that may concern the plane.
bool ways_concern(const PlaneConfig *plane, const Prefix *destination);
void ways_suspect(WaysMemory *memory, const PlaneConfig *plane, const Prefix *destination);

typedef struct Ways {
        size_t n_asked, n_faults;
        char faults[WAYS_TOLD_MAX][256]; // the first, as sentences
} Ways;

// all: every address is asked, instead of a part. Nothing is asked for a network whose address the device lacks.
void ways_read(Netlink *netlink, const PlaneFacts *facts, const Inventory *inventory, const AddrList *addresses,
               bool all, WaysMemory *memory, Ways *ret);
