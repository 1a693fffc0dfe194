// Drift: what differs although nobody asked us to change it.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// Drift that comes back again and again means that another program wants it otherwise. After a few repairs within a
// short time, repairs of the plane are paused for a while that doubles, and health names the object and the process.
// The plane's isolation is put back all the same, at once and always: a plane that is up without it is worse than two
// programs in conflict.

#include "planes/drift.h"

#include "base/log.h"
#include "base/text.h"
#include "base/util.h"

enum {
        REPAIRS_MAX = 5, // rounds of repair within the window before a backoff
};
#define REPAIRS_WINDOW_USEC UINT64_C(10000000)
#define BACKOFF_FIRST_USEC UINT64_C(1000000)
#define BACKOFF_LAST_USEC UINT64_C(30000000)

bool drift_is_backing_off(const Drift *drift, uint64_t now_usec) {
        return drift->backoff_until_usec > now_usec;
}

uint64_t drift_backoff_remaining(const Drift *drift, uint64_t now_usec) {
        return drift_is_backing_off(drift, now_usec) ? drift->backoff_until_usec - now_usec : 0;
}

// Counts a repair; true: it was one too many, and a backoff begins.
static bool repair_count(Drift *drift, uint64_t now_usec) {
        // Only the isolation is repaired now: that neither prolongs the backoff nor ends it.
        if (drift_is_backing_off(drift, now_usec))
                return false;
        if (now_usec > drift->recent_since_usec + REPAIRS_WINDOW_USEC) {
                // A window without too many repairs: the next backoff is a first one again.
                if (drift->recent_repairs < REPAIRS_MAX)
                        drift->backoff_usec = 0;
                drift->recent_since_usec = now_usec;
                drift->recent_repairs = 0;
        }
        return ++drift->recent_repairs > REPAIRS_MAX;
}

static void backoff_begin(Drift *drift, const char *suspect, uint64_t now_usec) {
        drift->backoff_usec = drift->backoff_usec ? drift->backoff_usec * 2 : BACKOFF_FIRST_USEC;
        if (drift->backoff_usec > BACKOFF_LAST_USEC)
                drift->backoff_usec = BACKOFF_LAST_USEC;
        drift->backoff_until_usec = now_usec + drift->backoff_usec;
        // The second repair after the backoff begins the next one.
        drift->recent_repairs = REPAIRS_MAX - 1;
        drift->recent_since_usec = drift->backoff_until_usec;
        strcpy_fixed(drift->contender, suspect);
}

void drift_note(Drift *drift, const char *plane, const char *suspect, unsigned n_objects, const char *first,
                uint64_t now_usec) {
        log_notice("%s: drifted, changed by %s; repairing %u object(s): %s", plane, suspect, n_objects, first);
        text_format(drift->repaired, sizeof(drift->repaired), "%u object(s), changed by %s: %s", n_objects, suspect,
                    first);
        drift->repairs += n_objects;
        if (!repair_count(drift, now_usec))
                return;
        backoff_begin(drift, suspect, now_usec);
        log_warning("%s: repaired %u times within %u s, last reverted by %s; repairs are paused for %u s: %s", plane,
                    REPAIRS_MAX, (unsigned)(REPAIRS_WINDOW_USEC / 1000000), suspect,
                    (unsigned)(drift->backoff_usec / 1000000), first);
}
