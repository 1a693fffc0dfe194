// The allow list of a plane's egress as filters, for kernels without nftables' egress hook: a pure function.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/inet.h"
#include "base/util.h"
#include "config/plane-config.h"
#include "model/state.h"

// Adds the clsact, and the filters at its egress: those that let pass what the plane may send, and one that drops the
// rest. macs: of the device, and of a bond's ports; without any, everything is dropped. announces: see
// selectors_make_egress. 0 or -ENOMEM.
int egress_guard_derive(const PlaneConfig *plane, const MacAddress *macs, size_t n_macs, bool announces, State *state);
