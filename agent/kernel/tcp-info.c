// What the kernel has counted of a TCP connection.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// A file of its own, because linux/tcp.h and netinet/tcp.h, which libnl includes, define the same names, and the
// latter's structure lacks what came later.

#include "kernel/tcp-info.h"

#include <linux/tcp.h>

#include "base/util.h"
#include "netlink/attribute.h"

bool tcp_info_read(const struct nlattr *attribute, TcpCounters *ret, uint32_t *ret_round_trip_usec) {
        struct tcp_info info = {};
        size_t size;
        const void *payload = attribute_payload(attribute, &size);

        if (!payload || size < offsetof(struct tcp_info, tcpi_segs_out))
                return false;
        memcpy(&info, payload, size < sizeof(info) ? size : sizeof(info));
        *ret = (TcpCounters){
                .bytes_acked = info.tcpi_bytes_acked,
                .bytes_received = info.tcpi_bytes_received,
                .retransmits = info.tcpi_total_retrans,
                .out_of_order = info.tcpi_rcv_ooopack,
                .busy_usec = info.tcpi_busy_time,
                .window_usec = info.tcpi_rwnd_limited,
                .buffer_usec = info.tcpi_sndbuf_limited,
        };
        *ret_round_trip_usec = info.tcpi_rtt;
        return true;
}

void tcp_counters_add(TcpCounters *sum, const TcpCounters *counters) {
        sum->bytes_acked += counters->bytes_acked;
        sum->bytes_received += counters->bytes_received;
        sum->retransmits += counters->retransmits;
        sum->out_of_order += counters->out_of_order;
        sum->busy_usec += counters->busy_usec;
        sum->window_usec += counters->window_usec;
        sum->buffer_usec += counters->buffer_usec;
}
