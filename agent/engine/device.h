// Whether the plane's device can be used or made, and the reasons why not: pure.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/util.h"
#include "config/plane-config.h"
#include "engine/plane-facts.h"
#include "model/reason.h"

typedef struct DeviceCheck {
        bool possible; // the device exists, or can be made
        bool stays;    // it is left as it is, although the file says otherwise
} DeviceCheck;

// hold: make no device yet.
DeviceCheck device_check(const PlaneFacts *facts, const Inventory *inventory, bool hold, Reasons *reasons);

// Whether the daemon makes the plane's device, rather than another manager or nobody.
bool device_is_made_by_us(const PlaneConfig *plane);
