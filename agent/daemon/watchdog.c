// Signs of life to the service manager, where there is one.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "daemon/watchdog.h"

#include <inttypes.h>
#include <systemd/sd-daemon.h>

#include "base/util.h"
#include "engine/kernel.h"

// The same as systemd's default limit of a start. 20,000 peers took 11 s, see docs/performance.md.
#define LONGEST_STEP_USEC (90 * UINT64_C(1000000))

void watchdog_start_goes_on(KernelStep next _unused_) {
        (void)sd_notifyf(false, "EXTEND_TIMEOUT_USEC=%" PRIu64, LONGEST_STEP_USEC);
}

void watchdog_pat(KernelStep next) {
        uint64_t usec;

        if (sd_watchdog_enabled(false, &usec) <= 0)
                return;
        if (next == KERNEL_STEP_TRANSACTION && usec < LONGEST_STEP_USEC)
                usec = LONGEST_STEP_USEC;
        (void)sd_notifyf(false, "WATCHDOG=1\nWATCHDOG_USEC=%" PRIu64, usec);
}

uint64_t watchdog_interval(uint64_t usec) {
        uint64_t watchdog_usec;

        if (sd_watchdog_enabled(false, &watchdog_usec) > 0 && watchdog_usec / 2 < usec)
                return watchdog_usec / 2;
        return usec;
}
