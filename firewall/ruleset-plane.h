// What the rules of one plane depend on: its configuration, and a few facts of the host.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <net/if.h>

#include "base/inet.h"
#include "base/util.h"
#include "config/plane-config.h"

// A network of the plane and one of another link.
typedef struct Overlap {
        const Prefix *ours; // in the configuration: an address or the destination of a route
        Prefix theirs;      // host bits are set if it is an address
        bool has_address;   // theirs is an address, and not only a route
        bool is_refused;    // ours is not set yet, and must not be
} Overlap;

// A port of the bond or team that the plane stands on.
typedef struct RulesetPort {
        char name[IFNAMSIZ];
        bool has_mac; // frames to and from it are the plane's
        MacAddress mac;
} RulesetPort;

typedef struct RulesetPlane {
        const PlaneConfig *plane;
        bool device_exists;  // a chain of the netdev family needs its device
        bool is_refused;     // a link has the plane's name and is not the plane's: no rule is about that link
        bool has_mac;        // without a MAC address the netdev chains let nothing pass
        MacAddress mac;      // of the plane's own device
        bool awaits_address; // another program is to set an address of the plane, and has not yet
        // The plane stands on a bond or team: it speaks and listens by these ports, sorted by name, and announces its
        // addresses when it moves to another port.
        bool is_bonded;
        const RulesetPort *ports;
        size_t n_ports;
        // For VLAN planes: the parent, where tags within tags are dropped; else NULL.
        const char *parent_guard;
        // The device below the VLAN that the plane stands on, where a tag of 0 around other tags is dropped; or NULL.
        const char *outer_guard;
        // The bridge below the plane's VLAN, or below the VLAN that this one stands on; or NULL. The numbers are that
        // VLAN's.
        const char *bridge;
        uint16_t bridge_vlan_id, bridge_vlan_protocol;
        // Frames between the ports of bridges pass the hooks of IP (br_netfilter), and the planes' own pass no bridge.
        // A fact of the host.
        bool bridges_call;
        const Overlap *overlaps; // traffic of these networks is not the plane's alone; not owned
        size_t n_overlaps;
        bool lacks_egress;  // the kernel has no egress hook, and so the plane no chain there
        bool reports;       // the daemon reads the log, so that rules can report what they drop
        bool is_plain;      // the kernel has refused rules that report or reset: closed ports are silent
        bool reports_opens; // the daemon is told when a migration begins
        uid_t daemon_user;  // may send as well where Users= is set, for its probes
} RulesetPlane;
