// Whether the bus takes what we say; and messages that are too large, or too many.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// dbus-daemon keeps what a client does not read, counts it as the sender's, and reads no more from the sender at its
// limit (max_incoming_bytes, 127 MiB). So any client that calls and never reads makes a service dumb for all. Therefore
// a ping to the bus follows whatever is said to a caller, and a connection on which it is not answered is given up for
// another one, which starts with nothing counted.

#include "bus/keepalive.h"

#include <string.h>
#include <sys/socket.h>

#include "base/util.h"

// Twice that without an answer is too long. Once is not: the answer may be there, and the daemon was busy for as long, or stopped.
#define PONG_USEC UINT64_C(5000000)

enum {
        SOCKET_BYTES = 256 << 10, // sd-bus sets 8 MiB, behind which a ping can wait for long though the bus does read
        QUEUE_MAX = 128,          // messages that found no room in that
        TEXT_MAX = 1024,          // longer than any name or path of ours
};

static void ping(BusAlive *alive);

static int on_pong(sd_bus_message *answer, void *userdata, sd_bus_error *ret_error _unused_) {
        BusAlive *alive = userdata;

        alive->ping = sd_bus_slot_unref(alive->ping);
        bool lost = sd_bus_message_is_method_error(answer, SD_BUS_ERROR_NO_REPLY);
        bool was_lost = alive->has_lost_one;

        alive->has_lost_one = lost;
        if (lost && was_lost && sd_bus_is_open(alive->bus) > 0)
                alive->on_stalled(alive->userdata);
        else if (lost || alive->has_said_more)
                ping(alive);
        return 1;
}

// One at a time. Without memory there is none; others come.
static void ping(BusAlive *alive) {
        __attribute__((cleanup(sd_bus_message_unrefp))) sd_bus_message *message = NULL;
        const int size = SOCKET_BYTES;

        if (alive->ping || sd_bus_is_ready(alive->bus) <= 0)
                return;
        alive->has_said_more = false;
        (void)setsockopt(sd_bus_get_fd(alive->bus), SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
        if (sd_bus_message_new_method_call(alive->bus, &message, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                           "org.freedesktop.DBus", "GetId") >= 0)
                (void)sd_bus_call_async(alive->bus, &alive->ping, message, on_pong, alive, PONG_USEC);
}

// A message may have 32 MiB, and sd-bus repeats in an error what name it does not know: three times that in memory.
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
        BusAlive *alive = userdata;
        uint64_t n_queued = 0;

        if (!sd_bus_message_is_method_call(message, NULL, NULL))
                return 0;
        ping(alive);
        alive->has_said_more = true; // what is answered now goes behind that ping
        // No more is said to who does not listen. The bus tells the caller when we give the connection up.
        if (sd_bus_get_n_queued_write(alive->bus, &n_queued) >= 0 && n_queued >= QUEUE_MAX)
                return 1;
        if (has_huge_text(message))
                return sd_bus_error_setf(ret_error, SD_BUS_ERROR_LIMITS_EXCEEDED, "Texts of at most %d bytes, please.",
                                         TEXT_MAX);
        return 0;
}

int bus_alive_init(BusAlive *alive, sd_bus *bus, void (*on_stalled)(void *userdata), void *userdata) {
        *alive = (BusAlive){ .bus = bus, .on_stalled = on_stalled, .userdata = userdata };
        return sd_bus_add_filter(bus, &alive->filter, on_message, alive);
}

void bus_alive_deinit(BusAlive *alive) {
        alive->filter = sd_bus_slot_unref(alive->filter);
        alive->ping = sd_bus_slot_unref(alive->ping);
}
