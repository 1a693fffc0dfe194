// Who was dropped: what the rules report, in the log and kept for a while. Nothing that guards a plane depends on it.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <systemd/sd-event.h>

#include "base/error.h"
#include "base/inet.h"
#include "base/util.h"
#include "firewall/nflog.h"
#include "firewall/packet.h"
#include "planes/plane.h"

enum { OFFENDERS_MAX = 8 }; // kept of each plane

// Frames that differ in nothing but the sender's port, and the last of them.
typedef struct Offender {
        uint64_t last_usec; // CLOCK_REALTIME
        uint32_t times;     // as reported, that is within the limit
        char interface[IFNAMSIZ];
        DropReport report;
} Offender;

// The texts of an offender; "" for what is not told.
typedef struct OffenderTexts {
        char mac[MAC_TEXT_MAX], source[ADDRESS_TEXT_MAX], destination[ADDRESS_TEXT_MAX];
        char protocol[PACKET_PROTOCOL_TEXT_MAX];
} OffenderTexts;

const OffenderTexts *offender_format(const Offender *offender, OffenderTexts *ret);

// A part of the Manager.
typedef struct Evidence {
        Nflog *log; // NULL: no plane has LogDrops=, or it cannot be had
        sd_event_source *source;
        bool refused;    // the kernel took no ruleset with reports
        char fault[sizeof(((Error *)NULL)->text)]; // why there is no log although it is asked for; ""
} Evidence;

// Listens while a plane has LogDrops=, and not longer.
void evidence_update(Manager *manager);
void evidence_free(Manager *manager);
// Whether rules are to report.
bool evidence_reports(const Manager *manager);
// The kernel refused a ruleset with reports: they are left out until they are asked for again.
void evidence_refuse(Manager *manager, const char *why);
void evidence_retry(Manager *manager);
// Why the plane's log cannot be had; "".
const char *evidence_fault(const Plane *plane);

// Logs a report and keeps it.
void evidence_add(Plane *plane, const DropReport *report);
