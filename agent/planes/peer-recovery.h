// Looks after the migrations that run: the peer of one that gets no answer is looked for again.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// A switch sends a peer's frames to where it last saw the peer's MAC as a sender. One forged frame, and an intruder has
// them. Who receives a migration only ever answers, and so says nothing that would put the switch right: the migration
// stands still until the switch forgets, minutes later.
//
// So the host that gets no answer has its kernel forget the peer's entry: with the next segment that TCP sends again
// the kernel asks for the peer by ARP or ND, everybody hears that, and the peer's answer shows the switch where it is.
// For that the peer needs no daemon, and the daemon needs no socket that could send a packet.
#pragma once

#include "daemon/manager.h"

// Finds the migrations, and looks at them once a second until there are none. Called at the start and at each audit:
// that long, 5 s, it takes to notice that the first one runs.
void probe_look(Manager *manager);

// The permanent entries of peers that are being looked for are put back.
void probe_pin_peers(Manager *manager);
