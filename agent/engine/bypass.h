// What bypasses a plane's rules: programs, filters, devices on top of it, and guests' ports on its bridge.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "base/util.h"
#include "config/plane-config.h"
#include "kernel/link.h"
#include "model/reason.h"
#include "netlink/request.h"
#include "tc/redirect.h"

typedef struct BypassSubject {
        Netlink *netlink;
        const Inventory *inventory;
        const RedirectList *redirects;
        const PlaneConfig *config;
        const Link *link, *ifb, *parent; // NULL: there is none
        uint16_t vlan_id, vlan_protocol; // of a plane that is a VLAN, however its file describes it; 0: it is not one
} BypassSubject;

// Finds the links of the plane's device, its ifb and its parent. A plane of Kind=device has a parent if the device is a
// VLAN. Pure.
BypassSubject bypass_subject(Netlink *netlink, const Inventory *inventory, const RedirectList *redirects,
                             const PlaneConfig *config);
// The bridge whose ports are on the plane's wire: the plane's own device, its parent, or the bridge that the parent is
// a port of; NULL: none.
const Link *bypass_bridge(const BypassSubject *subject);

typedef enum BypassKind {
        BYPASS_XDP, // programs that see frames before all rules
        BYPASS_TCX,
        BYPASS_FILTERS,     // tc filters of other programs
        BYPASS_REDIRECTS,   // filters on other links that send into the plane
        BYPASS_STACKED,     // macvlans and the like on the plane's device
        BYPASS_GUEST_PORTS, // guests on the plane's wire, by its bridge or its parent
        BYPASS_KIND_MAX,
} BypassKind;

// Adds a reason for each that is found, with the name of its device. A negative errno: the kernel could not be asked.
int bypass_find(BypassKind kind, const BypassSubject *subject, Reasons *reasons, Error *ret_error);
