// What limits a migration: one word, and a sentence with the numbers.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/util.h"

typedef enum MigrationLimit {
        LIMIT_UNKNOWN,  // not measured yet
        LIMIT_CAP,      // the plane's
        LIMIT_RECEIVER, // the destination takes no more
        LIMIT_NETWORK,  // loss, or the round trip
        LIMIT_SENDER,   // the source offers no more
        LIMIT_MAX,
} MigrationLimit;

// What was measured over a while. Times are sums over the connections.
typedef struct LimitFacts {
        bool is_outgoing;
        uint64_t usec;                      // of all connections
        uint64_t busy_usec;                 // with data to send or to be acknowledged
        uint64_t window_usec;               // of these, stopped by the peer's receive window
        uint64_t buffer_usec;               // of these, stopped by the own send buffer
        uint64_t retransmits, out_of_order; // segments
        uint64_t unread_bytes;              // that have come in and were not read
        uint32_t round_trip_usec;           // the longest
        uint64_t plane_rate, cap;           // bits per second: of all migrations of the plane this way; 0: no cap
} LimitFacts;

enum { LIMIT_TEXT_MAX = 160 };

const char *limit_to_string(MigrationLimit limit);
// Pure. Fills in the sentence.
MigrationLimit limit_assess(const LimitFacts *facts, char ret_text[static LIMIT_TEXT_MAX]);
