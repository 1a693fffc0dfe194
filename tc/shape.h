// The shaping tree of a plane, as objects: a pure function of the configuration and of these facts.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/inet.h"
#include "base/util.h"
#include "config/plane-config.h"
#include "model/object.h"
#include "model/object.h"
#include "model/state.h"
#include "tc/selector.h"

// The host's part in the tree.
typedef struct ShapeFacts {
        const char *ifb; // the name of the plane's ifb device
        MacAddress mac;  // of the plane's own device
        // The same and those of the ports, sorted, if the plane stands on a bond; else n_bond_macs is 0.
        const MacAddress *bond_macs;
        size_t n_bond_macs;
        uint32_t mtu;   // bytes
        QdiscType leaf; // QDISC_FQ_CODEL, or QDISC_PFIFO if the kernel has no fq_codel
} ShapeFacts;

// Adds the qdiscs, classes and filters of one plane. A direction without a cap gets none; without Ingress= the ifb is
// not used. 0 or -ENOMEM.
int shape_derive(const PlaneConfig *plane, const ShapeFacts *facts, State *state);

// Adds the clsact that filters are at.
int shape_derive_clsact(const char *link, State *state);
// Adds the filter of a selector, whose program it takes. filter: what the selector does not say.
int shape_derive_filter(const char *link, Selector *selector, FilterObject filter, State *state);

// The burst in bytes for a rate in bytes per second: 1 ms of the rate, and at least two of the largest GSO packets.
uint64_t shape_burst_bytes(uint64_t bytes_per_second);
// The packets that a pfifo leaf may hold: about 20 ms of the rate in bytes per second.
uint32_t shape_pfifo_limit_packets(uint64_t bytes_per_second, uint32_t mtu);
