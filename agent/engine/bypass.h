// What gets at a plane past its rules: programs, filters, devices on top of it, and guests' ports on its bridge.
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
        const Link *link, *ifb, *parent; // NULL: not there
        uint16_t vlan_id, vlan_protocol; // of a plane that is a VLAN, however its file describes it; 0: it is none
} BypassSubject;

// Fills the links by the names of the plane, its ifb and its parent, which a device has that is a VLAN, too.
BypassSubject bypass_subject(Netlink *netlink, const Inventory *inventory, const RedirectList *redirects,
                             const PlaneConfig *config);
// The bridge whose ports are on the plane's wire: the plane's own device, its parent, or what that is a port of; NULL: none.
const Link *bypass_bridge(const BypassSubject *subject);

typedef enum BypassKind {
        BYPASS_XDP,          // programs before everybody's rules
        BYPASS_TCX,
        BYPASS_FILTERS,      // tc filters of somebody's
        BYPASS_REDIRECTS,    // filters on other links that send into the plane
        BYPASS_STACKED,      // macvlans and the like on the plane's device
        BYPASS_GUEST_PORTS,  // guests on the plane's wire, by its bridge or its parent
        BYPASS_KIND_MAX,
} BypassKind;

// Adds a reason for each, with the name of the device. A negative errno: it could not be looked at.
int bypass_find(BypassKind kind, const BypassSubject *subject, Reasons *reasons, Error *ret_error);
