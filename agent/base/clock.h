// The clocks.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <stdint.h>
#include <time.h>

// Microseconds since an arbitrary start; never set back. CLOCK_MONOTONIC, which is sd-event's clock as well.
static inline uint64_t clock_now_usec(void) {
        struct timespec now;

        (void)clock_gettime(CLOCK_MONOTONIC, &now);
        return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

// Microseconds since 1970, for people and other programs. CLOCK_REALTIME, which can be set.
static inline uint64_t clock_real_usec(void) {
        struct timespec now;

        (void)clock_gettime(CLOCK_REALTIME, &now);
        return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}
