// The daemon without its audit: LD_PRELOAD=libno-audit.so; what it finds, it finds by notification
// SPDX-License-Identifier: GPL-2.0-or-later
//
// The audit is the daemon's one timer that may be half a second late. Its first time, and with that every other, is put
// off by ten years; the process says `no audit`.

#include <dlfcn.h>
#include <stdint.h>
#include <systemd/sd-event.h>
#include <unistd.h>

#define ACCURACY_USEC UINT64_C(500000)
#define TEN_YEARS_USEC (UINT64_C(3650) * 86400 * 1000000)

int sd_event_add_time(sd_event *event, sd_event_source **ret, clockid_t clock, uint64_t usec, uint64_t accuracy,
                      sd_event_time_handler_t callback, void *userdata) {
        static const char line[] = "no audit\n";
        __typeof__(&sd_event_add_time) next = (__typeof__(&sd_event_add_time))dlsym(RTLD_NEXT, "sd_event_add_time");

        if (accuracy >= ACCURACY_USEC) {
                usec += TEN_YEARS_USEC;
                if (write(STDERR_FILENO, line, sizeof(line) - 1) < 0)
                        _exit(99);
        }
        return next(event, ret, clock, usec, accuracy, callback, userdata);
}
