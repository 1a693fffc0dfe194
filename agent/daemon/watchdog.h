// Signs of life to the service manager, where there is one.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/util.h"
#include "engine/kernel.h"

// Until the daemon is ready: asks for more time for its start. A sign of life would start the watchdog before that.
void watchdog_start_goes_on(KernelStep next);

// A sign of life; the next is due within the unit's WatchdogSec=, or after a transaction of nftables, which is one call
// and takes longer with many thousands of peers: the service manager must not kill the daemon in it again and again.
void watchdog_pat(KernelStep next);

// How often to give a sign of life: usec, or half of WatchdogSec= where that is less.
uint64_t watchdog_interval(uint64_t usec);
