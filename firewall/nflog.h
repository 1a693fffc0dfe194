// Reports of dropped frames (LogDrops=) and of opened connections: netfilter's log, read over netlink.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "base/util.h"
#include "firewall/chain-name.h"
#include "firewall/packet.h"

// One dropped frame, or one that opens a connection.
typedef struct LogReport {
        char link[IFNAMSIZ]; // the plane's link, or the parent of planes, whose rule reported the frame
        bool is_outgoing;
        char reason[COUNTER_NAME_MAX]; // "in-peer", as in the counter's name, or "in-open"
        int ifindex;                   // of the interface that it came from or was to leave by; 0: unknown
        bool has_user;                 // a local user's socket sent it
        uid_t user;
        Packet packet;
} LogReport;

typedef void (*NflogHandler)(const LogReport *report, void *userdata);

typedef struct Nflog Nflog;

// Binds a log group in this network namespace. The kernel makes no reports while no process has bound it.
int nflog_new(uint16_t group, Nflog **ret, Error *ret_error);
Nflog *nflog_free(Nflog *log);
static inline void nflog_freep(Nflog **log) {
        *log = nflog_free(*log);
}
int nflog_fd(const Nflog *log);
// Handles the reports that have arrived, without waiting, and only a part of a flood. Reports that the kernel could not
// queue are lost, which is no error.
int nflog_dispatch(Nflog *log, NflogHandler handler, void *userdata);

// Handles the reports of a group in one datagram and ignores everything else in it. 0 or -EBADMSG.
int nflog_parse(const void *datagram, size_t size, uint16_t group, NflogHandler handler, void *userdata);
