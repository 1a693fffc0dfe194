// The way that the kernel would send a packet.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "base/inet.h"
#include "netlink/request.h"

// A TCP connection to be opened.
typedef struct WayQuestion {
        Address to;
        Address from;  // AF_UNSPEC: the kernel chooses
        uint16_t port; // of the destination
} WayQuestion;

typedef struct Way {
        uint8_t type;   // RTN_UNICAST, RTN_LOCAL, RTN_BLACKHOLE ...
        int ifindex;    // by which it leaves; 0: none
        Address source; // that the kernel chooses; AF_UNSPEC: it was asked for one, or does not tell
} Way;

// Asks the kernel, so that rules, all tables and VRFs count. A negative errno where there is no route, or one that
// refuses: IPv4 has no other answer for a blackhole.
int way_ask(Netlink *netlink, const WayQuestion *question, Way *ret, Error *ret_error);
// "blackhole"
const char *way_type_to_string(uint8_t type);
