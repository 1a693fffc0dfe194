// A plane as the engine sees it: its configuration, what is known of its device from before, and what the host says
// now. SPDX-License-Identifier: GPL-2.0-or-later
//
// Whether a link is ours, or in use for something else, is a judgement about the link and not something that the kernel
// says: it stands here, beside the inventory.
#pragma once

#include "base/error.h"
#include "base/util.h"
#include "config/plane-config.h"
#include "engine/bond.h"
#include "firewall/ruleset-plane.h"
#include "kernel/link.h"
#include "model/plan.h"
#include "model/reason.h"
#include "netlink/request.h"

// What the caller knows.
typedef struct PlaneInput {
        const PlaneConfig *config;
        bool taken_down;  // by request: nothing of the plane is desired
        bool is_released; // implies taken_down: nor are the addresses that another manager has set for us
        int ifindex;      // of its device when it was last seen; 0: none
        bool made_link;   // that device bore our tag
        bool verified;    // that device has had all that is desired
        bool went_up;     // the plane has had its addresses with this configuration
} PlaneInput;

typedef struct PlaneFacts {
        const PlaneConfig *config;
        bool taken_down, is_released;

        // Of the inventory; NULL: there is none.
        const Link *link, *ifb;
        const Link *parent;     // of the name in the file
        const Link *lower;      // what the device really stands on, see bypass_subject
        const Link *bridge;     // with ports on the plane's wire
        const Link *outer_vlan; // a VLAN that the plane is, without being described as one, or stands on
        Bond bond;              // found by derive()
        char ifb_name[IFNAMSIZ];

        // Of the plane's own device.
        bool is_ours;        // made by us, also where its tag was taken off since
        bool stood_on;       // has been the plane's as this very device
        bool awaits_address; // of another manager: it has not set all of the plane's addresses yet
        bool is_taken; // in use for something else: a port of another device, or with addresses and none of the plane's
        bool is_way_out; // carries the host's default route
        bool has_link;   // the link of that name is the plane's, or may be taken for it
        bool is_refused; // it may not be taken; also of a plane that is taken down. Found by derive()

        // See overlap.h.
        bool went_up;     // with this configuration
        bool has_address; // its device has one of its addresses, or is to get it whatever overlaps
        Overlap *overlaps;
        size_t n_overlaps, n_overlaps_allocated;

        unsigned n_migrations; // that would end if it were made again, or refused; counted only where it may be

        Reasons reasons; // what stands in the plane's way, or is worth a note
} PlaneFacts;

// From the inventory alone: pure. The pointers are into it.
PlaneFacts plane_facts_find(const PlaneInput *input, const Inventory *inventory);
// Asks the kernel for the rest: is_taken, is_way_out, awaits_address and n_migrations.
int plane_facts_read(Netlink *netlink, PlaneFacts *planes, size_t n_planes, Error *ret_error);
void plane_facts_deinit(PlaneFacts *facts);

// What a VLAN below the plane stands on, which is guarded as well as the parent; NULL: none.
const char *plane_facts_outer(const PlaneFacts *facts);
// Whether an operation is about the plane; chains for all planes are about each.
bool plane_facts_cover(const PlaneFacts *facts, const Operation *operation);
