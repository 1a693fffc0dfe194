// Drift: what differs although nobody asked us to change it. Who did it, and when to stop repairing it for a while:
// pure. SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/util.h"

// What is known of one plane's drift.
typedef struct Drift {
        uint64_t repairs;   // objects that were put right
        char repaired[512]; // the last repair, as a sentence; "": none

        // Another program keeps reverting our changes.
        unsigned recent_repairs;
        uint64_t recent_since_usec;
        uint64_t backoff_usec;       // length of the last backoff; 0: none, or it is over for good
        uint64_t backoff_until_usec; // 0: never
        char contender[64];          // who it was
} Drift;

// Whether repairs are paused. Times are those of clock_now_usec.
bool drift_is_backing_off(const Drift *drift, uint64_t now_usec);
// Microseconds until they go on; 0: they are not paused.
uint64_t drift_backoff_remaining(const Drift *drift, uint64_t now_usec);

// Logs, counts and keeps a repair of n_objects, of which first is one: too many within a short time begin a backoff.
// suspect: who changed them, as "nft, pid 12".
void drift_note(Drift *drift, const char *plane, const char *suspect, unsigned n_objects, const char *first,
                uint64_t now_usec);
