// Whether the bus daemon still reads from us; and messages that are too large, or too many.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// dbus-daemon queues what a client does not read, charges it to the sender, and stops reading from a sender at its
// limit (max_incoming_bytes, 127 MiB). So any client that calls and never reads its replies can silence a service for
// all. Therefore a ping to the bus follows every reply, and a connection on which the ping is not answered is replaced
// by another one, which starts with nothing charged to it. An answer can also be late because it waits behind calls
// that the daemon has not read yet: if the bus has read all that the daemon sent, the connection is alive.

#include "bus/keepalive.h"

#include <linux/sockios.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base/util.h"

// Two pings in a row without an answer are too many. One is not: the daemon may have been busy, and not read it.
#define PONG_USEC UINT64_C(5000000)

enum {
        SOCKET_BYTES = 256 << 10, // sd-bus sets 8 MiB: a ping can wait behind that although the bus daemon reads
        QUEUE_MAX = 128,          // messages that do not fit into that
        TEXT_MAX = 1024,          // longer than any name or path of ours
};

static void ping(Keepalive *keepalive);

static bool is_read(sd_bus *bus) {
        uint64_t n_queued = 0;
        int n_bytes = 0;

        return sd_bus_get_n_queued_write(bus, &n_queued) >= 0 && n_queued == 0 &&
               ioctl(sd_bus_get_fd(bus), SIOCOUTQ, &n_bytes) >= 0 && n_bytes == 0;
}

static int on_pong(sd_bus_message *answer, void *userdata, sd_bus_error *ret_error _unused_) {
        Keepalive *keepalive = userdata;

        keepalive->ping = sd_bus_slot_unref(keepalive->ping);
        bool lost = sd_bus_message_is_method_error(answer, SD_BUS_ERROR_NO_REPLY) && !is_read(keepalive->bus);
        bool was_lost = keepalive->has_lost_one;

        keepalive->has_lost_one = lost;
        if (lost && was_lost && sd_bus_is_open(keepalive->bus) > 0)
                keepalive->on_stalled(keepalive->userdata);
        else if (lost || keepalive->has_said_more)
                ping(keepalive);
        return 1;
}

// One at a time. Without memory this one is left out; the next reply sends another.
static void ping(Keepalive *keepalive) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;
        const int size = SOCKET_BYTES;

        if (keepalive->ping || sd_bus_is_ready(keepalive->bus) <= 0)
                return;
        keepalive->has_said_more = false;
        (void)setsockopt(sd_bus_get_fd(keepalive->bus), SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
        if (sd_bus_message_new_method_call(keepalive->bus, &message, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                           "org.freedesktop.DBus", "GetId") >= 0)
                (void)sd_bus_call_async(keepalive->bus, &keepalive->ping, message, on_pong, keepalive, PONG_USEC);
}

// A message may have 32 MiB, and sd-bus repeats an unknown name in its error: three times that in memory.
static bool has_huge_text(sd_bus_message *message) {
        const char *text;
        bool huge = false;
        char type;

        while (!huge && sd_bus_message_peek_type(message, &type, NULL) > 0 && type == SD_BUS_TYPE_STRING &&
               sd_bus_message_read_basic(message, type, &text) > 0)
                huge = strlen(text) > TEXT_MAX;
        (void)sd_bus_message_rewind(message, true);
        return huge;
}

static int on_message(sd_bus_message *message, void *userdata, sd_bus_error *ret_error) {
        Keepalive *keepalive = userdata;
        uint64_t n_queued = 0;

        if (!sd_bus_message_is_method_call(message, NULL, NULL))
                return 0;
        ping(keepalive);
        keepalive->has_said_more = true; // the reply to this call goes behind that ping
        // Nothing more is sent to a bus that does not read. It tells the caller when we give the connection up.
        if (sd_bus_get_n_queued_write(keepalive->bus, &n_queued) >= 0 && n_queued >= QUEUE_MAX)
                return 1;
        if (has_huge_text(message))
                return sd_bus_error_setf(ret_error, SD_BUS_ERROR_LIMITS_EXCEEDED,
                                         "Texts longer than %d bytes are refused.", TEXT_MAX);
        return 0;
}

int keepalive_init(Keepalive *keepalive, sd_bus *bus, void (*on_stalled)(void *userdata), void *userdata) {
        *keepalive = (Keepalive){ .bus = bus, .on_stalled = on_stalled, .userdata = userdata };
        return sd_bus_add_filter(bus, &keepalive->filter, on_message, keepalive);
}

void keepalive_deinit(Keepalive *keepalive) {
        keepalive->filter = sd_bus_slot_unref(keepalive->filter);
        keepalive->ping = sd_bus_slot_unref(keepalive->ping);
}
