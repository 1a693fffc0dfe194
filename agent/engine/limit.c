// What limits a migration.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// The source sees most: the kernel counts for how long a connection had something to send, and for how much of that the
// peer's window or the own buffer stopped it (tcpi_busy_time, tcpi_rwnd_limited, tcpi_sndbuf_limited). The rest of the
// busy time waits for the network or the cap. A connection that is not busy waits for QEMU. The destination sees only
// what it leaves unread, and segments that come out of order.

#include "engine/limit.h"

#include <inttypes.h>

#include "base/text.h"
#include "base/util.h"

enum {
        CAP_PERCENT = 88, // of the cap, as payload; with frames of 1500 bytes it is 96 at most
        BUSY_PERCENT = 80,
        WINDOW_PERCENT = 30,
};
#define UNREAD_BYTES (UINT64_C(256) << 10)

const char *limit_to_string(MigrationLimit limit) {
        static const char *const names[LIMIT_MAX] = {
                [LIMIT_UNKNOWN] = "",        [LIMIT_CAP] = "cap",       [LIMIT_RECEIVER] = "receiver",
                [LIMIT_NETWORK] = "network", [LIMIT_SENDER] = "sender",
        };
        return names[limit];
}

static unsigned percent_of(uint64_t part, uint64_t whole) {
        double percent = whole > 0 ? (double)part * 100 / (double)whole : 0;

        return percent > 100 ? 100 : (unsigned)percent;
}

static MigrationLimit outgoing_assess(const LimitFacts *facts, char *ret_text) {
        unsigned busy = percent_of(facts->busy_usec, facts->usec);
        unsigned window = percent_of(facts->window_usec, facts->usec),
                 buffer = percent_of(facts->buffer_usec, facts->usec);

        if (window >= WINDOW_PERCENT) {
                text_format(ret_text, LIMIT_TEXT_MAX,
                            "the receive window of the destination is full for %u %% of the time", window);
                return LIMIT_RECEIVER;
        }
        if (buffer >= WINDOW_PERCENT) {
                text_format(ret_text, LIMIT_TEXT_MAX,
                            "the send buffer of this host is full for %u %% of the time; see net.ipv4.tcp_wmem",
                            buffer);
                return LIMIT_SENDER;
        }
        if (busy < BUSY_PERCENT) {
                text_format(ret_text, LIMIT_TEXT_MAX, "QEMU offers no data for %u %% of the time", 100 - busy);
                return LIMIT_SENDER;
        }
        text_format(ret_text, LIMIT_TEXT_MAX, "round trip %.1f ms, %" PRIu64 " segments sent again",
                    (double)facts->round_trip_usec / 1000, facts->retransmits);
        return LIMIT_NETWORK;
}

static MigrationLimit incoming_assess(const LimitFacts *facts, char *ret_text) {
        if (facts->unread_bytes >= UNREAD_BYTES) {
                text_format(ret_text, LIMIT_TEXT_MAX, "QEMU leaves %" PRIu64 " kB unread", facts->unread_bytes / 1000);
                return LIMIT_RECEIVER;
        }
        if (facts->out_of_order > 0) {
                text_format(ret_text, LIMIT_TEXT_MAX, "%" PRIu64 " segments came out of order", facts->out_of_order);
                return LIMIT_NETWORK;
        }
        text_format(ret_text, LIMIT_TEXT_MAX, "QEMU reads all that comes; the source can tell more");
        return LIMIT_SENDER;
}

MigrationLimit limit_assess(const LimitFacts *facts, char ret_text[static LIMIT_TEXT_MAX]) {
        ret_text[0] = '\0';
        if (facts->usec == 0)
                return LIMIT_UNKNOWN;
        if (facts->cap > 0 && percent_of(facts->plane_rate, facts->cap) >= CAP_PERCENT) {
                text_format(ret_text, LIMIT_TEXT_MAX, "the migrations of the plane use %u %% of its cap of %.1f Mbit/s",
                            percent_of(facts->plane_rate, facts->cap), (double)facts->cap / 1e6);
                return LIMIT_CAP;
        }
        return facts->is_outgoing ? outgoing_assess(facts, ret_text) : incoming_assess(facts, ret_text);
}
