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

#include "base/util.h"
#include "config/plane-config.h"
#include "kernel/tcp.h"
#include "netlink/request.h"
#include "planes/plane-set.h"

typedef struct PeerRecovery {
        Netlink *netlink; // not owned
        PlaneSet *planes; // not owned
} PeerRecovery;

// Looks after the migrations among the established connections of the host. Called once a second while any runs.
void peer_recovery_look(PeerRecovery *recovery, const TcpSockets *connections);

// Puts the permanent entries of peers that are being looked for back.
void peer_recovery_pin_peers(PeerRecovery *recovery);

// Whose MAC address the frames for an address bear: its own, or a gateway's; NULL: the plane has no way there.
const Address *peer_recovery_next_hop(const PlaneConfig *plane, const Address *address);
