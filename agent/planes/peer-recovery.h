// Looks after the migrations that run: where one gets no answer, its peer is looked for again.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// A switch sends a peer's frames to the port where it last saw the peer's MAC address as a sender. One forged frame,
// and an intruder gets them. The receiver of a migration only ever answers, and so sends nothing that would correct the
// switch: the migration stands still until the switch's entry times out, minutes later.
//
// So the host that gets no answer makes its kernel forget the peer's entry: with the next segment that TCP retransmits,
// the kernel asks for the peer by ARP or ND, everybody hears that, and the peer's answer shows the switch where it is.
// For that the peer needs no daemon, and the daemon needs no socket that could send a packet.
#pragma once

#include <systemd/sd-event.h>

#include "base/util.h"
#include "config/plane-config.h"
#include "netlink/request.h"
#include "planes/plane-set.h"

typedef struct PeerRecovery {
        sd_event *event;        // not owned
        Netlink *netlink;       // not owned
        PlaneSet *planes;       // not owned
        sd_event_source *timer; // armed: migrations run
} PeerRecovery;

void peer_recovery_init(PeerRecovery *recovery, sd_event *event, Netlink *netlink, PlaneSet *planes);
void peer_recovery_deinit(PeerRecovery *recovery);

// Finds the migrations, and looks at them once a second until there are none. Called at the start and at each audit: so
// it takes up to 5 s until the first migration is noticed.
void peer_recovery_look(PeerRecovery *recovery);

// Puts the permanent entries of peers that are being looked for back.
void peer_recovery_pin_peers(PeerRecovery *recovery);

// Whose MAC address the frames for an address bear: its own, or a gateway's; NULL: the plane has no way there.
const Address *peer_recovery_next_hop(const PlaneConfig *plane, const Address *address);
