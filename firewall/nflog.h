// What the rules report of frames that they drop, where LogDrops= asks for it: netfilter's log, over netlink.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "base/util.h"
#include "firewall/chain-name.h"
#include "firewall/packet.h"

// One dropped frame.
typedef struct DropReport {
        char link[IFNAMSIZ];    // the plane's, or the parent of planes, whose rule dropped it
        bool is_outgoing;
        char reason[COUNTER_NAME_MAX]; // "in-peer", as its counter has it
        int ifindex;            // where it came from, or was to go; 0: not told
        bool has_user;          // a local user's socket sent it
        uid_t user;
        Packet packet;
} DropReport;

typedef void (*DropHandler)(const DropReport *report, void *userdata);

typedef struct DropLog DropLog;

// Takes the log group for this network namespace. While nobody has it, the kernel makes no reports.
int drop_log_new(DropLog **ret, Error *ret_error);
DropLog *drop_log_free(DropLog *log);
int drop_log_fd(const DropLog *log);
// Reads what is there, without waiting; of a flood a part only. What the kernel could not queue is lost: 0 as well.
int drop_log_dispatch(DropLog *log, DropHandler handler, void *userdata);

// One datagram of the kernel's; what is none of our reports in it is passed over. 0, or -EBADMSG.
int drop_log_parse(const void *datagram, size_t size, DropHandler handler, void *userdata);
