// Listens to what the rules report of dropped frames and refused connections, while a plane has LogDrops= or
// Fallback=deny. Nothing that guards a plane depends on it.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <systemd/sd-event.h>

#include "base/error.h"
#include "base/util.h"
#include "firewall/nflog.h"
#include "planes/plane-set.h"
#include "planes/plane.h"

enum { DROPS_REFUSALS_MAX = 2 }; // of rulesets, in a row: the next one has neither reports nor resets

typedef struct Drops {
        sd_event *event;  // not owned
        PlaneSet *planes; // not owned
        Nflog *log;       // NULL: no plane wants reports, or netfilter's log cannot be had
        sd_event_source *source;
        unsigned n_refusals;                       // by the kernel, in a row
        char fault[sizeof(((Error *)NULL)->text)]; // why there is no log although a plane asks for it; ""
} Drops;

void drops_init(Drops *drops, sd_event *event, PlaneSet *planes);
void drops_deinit(Drops *drops);

// Listens while a plane wants reports, and not longer.
void drops_update(Drops *drops);
// Whether the rules are to report.
bool drops_reports(const Drops *drops);
// Whether the rules are to do without reports and resets.
bool drops_are_refused(const Drops *drops);
// The kernel refused a ruleset. After DROPS_REFUSALS_MAX of them reports and resets are left out until drops_retry.
void drops_refuse(Drops *drops, const char *why);
void drops_accept(Drops *drops);
void drops_retry(Drops *drops);
// Why LogDrops= of the plane has no effect; "".
const char *drops_fault(const Drops *drops, const Plane *plane);
