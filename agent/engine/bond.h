// The bond or team that a plane stands on, and its ports.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "config/plane-config.h"
#include "firewall/ruleset-plane.h"
#include "kernel/link.h"

typedef struct Bond {
        const Link *link;   // of the inventory; NULL: the plane stands on none
        RulesetPort *ports; // sorted by name
        size_t n_ports;
} Bond;

// Pure. device: the plane's own, NULL: it does not exist yet; parent: of the name in the file, or NULL. 0 or -ENOMEM.
int bond_find(const Inventory *inventory, const PlaneConfig *config, const Link *device, const Link *parent, Bond *ret);
// The MAC addresses that frames to the plane have: own and those of the ports, sorted and each once, so that they stay
// the same while the bond moves them about. Memory of the caller's.
int bond_macs(const Bond *bond, const MacAddress *own, MacAddress **ret, size_t *ret_n);
void bond_deinit(Bond *bond);
#define _cleanup_bond_ _cleanup_(bond_deinit)
