// From planes to the kernel objects they mean: pure, given what links there are and what the kernel can do.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <sys/types.h>

#include "base/util.h"
#include "config/plane-config.h"
#include "kernel/link.h"
#include "model/object.h"
#include "model/reason.h"
#include "model/state.h"

typedef struct DeriveFacts {
        const Inventory *inventory;
        QdiscType leaf;         // QDISC_FQ_CODEL, or QDISC_PFIFO where the kernel has none
        uid_t daemon_user;      // may send on a plane whatever Users= says
        bool reports;           // rules of planes with LogDrops= are to report what they drop: somebody listens
        bool hold;              // make no device yet: another manager has not been told yet to leave it alone
        const char *machine_id; // a macvlan's address is made of it; "" : the kernel's random one
} DeriveFacts;

// Gives the sorted State of all planes together, and for each plane (in reasons[i], of n_planes) what stands in its way
// or is worth a note. A plane that cannot be made yet has its inet and arp rules all the same.
int derive(const PlaneConfig *const *planes, size_t n_planes, const DeriveFacts *facts, State *ret, Reasons *reasons);

// Whether a link is what the plane's file says, in all that could not be changed without making it again.
bool derive_link_fits(const Link *link, const PlaneConfig *plane);

// Where the plane's parent, or the device that it has to itself, is a VLAN: the link that this stands on; NULL otherwise.
const char *derive_outer(const Inventory *inventory, const PlaneConfig *plane);

// Name of the ifb device of a plane's interface.
void derive_ifb_name(const char *interface, char ret[static IFNAMSIZ]);
