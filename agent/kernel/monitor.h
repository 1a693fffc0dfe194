// Notifications: what changed, and who did it where the kernel tells. They carry no state; they only say "look again".
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <net/if.h>

#include "base/error.h"
#include "base/util.h"

typedef struct Monitor Monitor;

enum { MONITOR_TARGETS_MAX = 4 };

typedef struct MonitorEvent {
        bool lost;           // notifications were dropped: anything may have changed
        bool ruleset;        // one of our tables was touched
        int ifindex;         // 0: not about a link
        char link[IFNAMSIZ]; // "": not told
        int lower, master;   // the link below that one, and what it is a port of; 0: none, or not told
        int sends_to[MONITOR_TARGETS_MAX]; // the links that a filter's actions send packets to; 0: no more
        uint32_t pid;        // 0: not told, or the kernel itself
        char process[16];    // "": not told (yet)
} MonitorEvent;

typedef void (*MonitorHandler)(const MonitorEvent *event, void *userdata);

enum {
        MONITOR_RTNETLINK,
        MONITOR_NFTABLES,
        MONITOR_SOURCES,
};

// What the messages of a datagram are told to.
typedef struct MonitorReader {
        uint32_t own_port;
        MonitorHandler handler;
        void *userdata;
        bool our_table_touched; // by the nftables transaction whose messages are coming in
} MonitorReader;

// Takes a datagram of one of the sources apart. One that is malformed is an event lost.
void monitor_parse(MonitorReader *reader, unsigned source, const void *datagram, size_t size);

// own_port: notifications of requests from this netlink port are our own doing and passed over, as are nftables
// transactions of this process.
int monitor_new(uint32_t own_port, MonitorHandler handler, void *userdata, Monitor **ret, Error *ret_error);
Monitor *monitor_free(Monitor *monitor);
static inline void monitor_freep(Monitor **monitor) {
        *monitor = monitor_free(*monitor);
}

int monitor_fd(const Monitor *monitor, unsigned source);
// Reads what is there, without waiting, and calls the handler for each event; of a flood a part only, as the rest can be
// read the next time. 0, or a negative errno.
int monitor_dispatch(Monitor *monitor, unsigned source);
// Finds the name of the process behind an event that did not come with one. It lives no longer, or is hidden: "" remains.
void monitor_event_name_process(MonitorEvent *event);
// Neighbour notifications are many, so they are asked for only while there are permanent neighbours to look after.
int monitor_watch_neighbours(Monitor *monitor, bool watch);
