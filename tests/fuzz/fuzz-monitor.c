// Arbitrary bytes as the kernel's notifications, of rtnetlink and of nftables.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "kernel/monitor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void on_event(const MonitorEvent *event, void *userdata) {
        size_t *length = userdata;

        *length += strlen(event->link) + strlen(event->process);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        for (unsigned source = 0; source < MONITOR_SOURCES; source++) {
                // Memory of just the datagram's size: what is read past its end is seen.
                _cleanup_free_ char *datagram = malloc(size ?: 1);
                size_t length = 0;
                MonitorReader reader = { .own_port = 4711, .handler = on_event, .userdata = &length };

                if (!datagram)
                        return 0;
                memcpy(datagram, data, size);
                monitor_parse(&reader, source, datagram, size);
        }
        return 0;
}
