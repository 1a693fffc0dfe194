// From planes to the kernel objects that they desire: pure, given the links that exist and what the kernel can do.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <sys/types.h>

#include "base/util.h"
#include "engine/plane-facts.h"
#include "kernel/link.h"
#include "kernel/network.h"
#include "model/object.h"
#include "model/state.h"

typedef struct DeriveFacts {
        const Inventory *inventory;
        const NetworkList *networks; // of all links; NULL: not read
        QdiscType leaf;              // QDISC_FQ_CODEL, or QDISC_PFIFO where the kernel has none
        uid_t daemon_user;           // may send on a plane whatever Users= says
        bool bridges_call;           // frames between the ports of bridges pass the hooks of IP
        bool reports_opens;          // rules report when a migration begins: the daemon listens
        bool reports;                // rules report what they drop, as LogDrops= and Fallback= ask: the daemon listens
        bool is_plain;               // the kernel has refused rules that report or reset
        bool lacks_egress;           // nftables has no egress hook: filters guard what is sent
        bool hold;                   // make no device yet: another manager does not know yet that it is unmanaged
        const char *machine_id;      // a macvlan's address is made of it; "" : the kernel's random one
} DeriveFacts;

// Gives the sorted State of all planes together, and adds to each plane's reasons what stands in its way or is worth a
// note. A plane that cannot be made yet has its inet and arp rules all the same; one that was taken down has nothing.
int derive(PlaneFacts *planes, size_t n_planes, const DeriveFacts *facts, State *ret);
