// What the kernel counts of the planes: bytes, dropped frames.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "base/util.h"
#include "config/plane-config.h"
#include "engine/kernel.h"
#include "firewall/firewall.h"
#include "planes/plane-set.h"
#include "planes/plane.h"

// What a device has carried, layer 2.
typedef struct CountedBytes {
        int ifindex;
        uint64_t sent, received;
} CountedBytes;

// Of all planes together. The parts are read one by one; one that could not be read is empty.
typedef struct Counters {
        FirewallCounter *drops;
        size_t n_drops;
        CountedBytes *bytes;
        size_t n_bytes;
} Counters;

int counters_read_drops(Counters *counters, const Kernel *kernel, Error *ret_error);
int counters_read_bytes(Counters *counters, const Kernel *kernel, const PlaneSet *planes, Error *ret_error);
void counters_deinit(Counters *counters);
#define _cleanup_counters_ _cleanup_(counters_deinit)

// "in-arp": what a counter of the ruleset says of this plane, or of the parent that it shares; NULL for another's.
const char *counters_drop_reason(const FirewallCounter *counter, const PlaneConfig *plane);
// What a plane's device has carried; 0 without a device.
CountedBytes counters_bytes(const Counters *counters, const Plane *plane);
