// Notifications of changes, with the process that made them if the kernel tells. They carry no state: they cause a new
// look.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <net/if.h>

#include "base/error.h"
#include "base/inet.h"
#include "base/util.h"

typedef struct Monitor Monitor;

enum { MONITOR_TARGETS_MAX = 4 };

typedef struct MonitorEvent {
        bool lost;                         // notifications were lost: anything may have changed
        bool ruleset;                      // one of our tables was changed
        int ifindex;                       // 0: not about a link
        char link[IFNAMSIZ];               // "": unknown
        int lower, master;                 // the link below, and the master; 0: none, or unknown
        Prefix destination;                // of a route; AF_UNSPEC: it is not about a route
        bool policy_rule;                  // a rule that chooses the routing table was changed
        Prefix network;                    // an address of the link; AF_UNSPEC: it is not about one
        int sends_to[MONITOR_TARGETS_MAX]; // the links that a filter's actions send packets to; 0: no more
        uint32_t pid;                      // 0: unknown, or the kernel itself
        char process[16];                  // "": unknown
} MonitorEvent;

typedef void (*MonitorHandler)(const MonitorEvent *event, void *userdata);

enum {
        MONITOR_RTNETLINK,
        MONITOR_NFTABLES,
        MONITOR_SOURCES,
};

// The receiver of the events of a datagram.
typedef struct MonitorReader {
        uint32_t own_port;
        MonitorHandler handler;
        void *userdata;
        bool our_table_touched; // by the nftables transaction whose messages are arriving
} MonitorReader;

// Handles the messages of a datagram of one of the sources. A malformed datagram counts as lost.
void monitor_parse(MonitorReader *reader, unsigned source, const void *datagram, size_t size);

// own_port: the netlink port of our own requests, whose notifications are skipped. The nftables transactions of this
// process are skipped, too.
int monitor_new(uint32_t own_port, MonitorHandler handler, void *userdata, Monitor **ret, Error *ret_error);
Monitor *monitor_free(Monitor *monitor);
static inline void monitor_freep(Monitor **monitor) {
        *monitor = monitor_free(*monitor);
}

int monitor_fd(const Monitor *monitor, unsigned source);
// Calls the handler for each event that has arrived, without waiting; of a flood for a part, so that the caller can do
// other work in between. 0, or a negative errno.
int monitor_dispatch(Monitor *monitor, unsigned source);
// Looks up the name of the process behind an event that does not have it yet. The name stays "" if the process has
// exited or is hidden.
void monitor_event_name_process(MonitorEvent *event);
// Subscribes to neighbour notifications, or cancels that. They are many, so they are needed only while there are
// permanent neighbours.
int monitor_watch_neighbours(Monitor *monitor, bool watch);
