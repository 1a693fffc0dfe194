// What the kernel has counted of a TCP connection.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <linux/netlink.h>

#include "base/util.h"

typedef struct TcpCounters {
        uint64_t bytes_acked, bytes_received; // of payload: sent and acknowledged, and received in order
        uint64_t retransmits, out_of_order;   // segments: sent again, and received out of order
        // The time with something to send or to be acknowledged, and of that with the peer's window or the own buffer
        // full.
        uint64_t busy_usec, window_usec, buffer_usec;
} TcpCounters;

// Reads INET_DIAG_INFO, which may be NULL. Whether it has what is older than Linux 4.2; what is newer reads as 0 where
// the kernel does not tell it.
bool tcp_info_read(const struct nlattr *attribute, TcpCounters *ret, uint32_t *ret_round_trip_usec);
void tcp_counters_add(TcpCounters *sum, const TcpCounters *counters);
