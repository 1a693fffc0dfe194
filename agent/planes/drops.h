// Listens to what the rules report of dropped frames, while a plane has LogDrops=. Nothing that guards a plane depends
// on it. SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <systemd/sd-event.h>

#include "base/error.h"
#include "base/util.h"
#include "firewall/nflog.h"
#include "planes/plane-set.h"
#include "planes/plane.h"

typedef struct Drops {
        sd_event *event;  // not owned
        PlaneSet *planes; // not owned
        Nflog *log;       // NULL: no plane has LogDrops=, or netfilter's log cannot be had
        sd_event_source *source;
        bool refused;                              // the kernel took no ruleset with reports
        char fault[sizeof(((Error *)NULL)->text)]; // why there is no log although a plane asks for it; ""
} Drops;

void drops_init(Drops *drops, sd_event *event, PlaneSet *planes);
void drops_deinit(Drops *drops);

// Listens while a plane has LogDrops=, and not longer.
void drops_update(Drops *drops);
// Whether the rules are to report.
bool drops_reports(const Drops *drops);
// The kernel refused a ruleset with reports: they are left out until drops_retry.
void drops_refuse(Drops *drops, const char *why);
void drops_retry(Drops *drops);
// Why the plane's log cannot be had; "".
const char *drops_fault(const Drops *drops, const Plane *plane);
