// Who was dropped: the last senders of a plane's dropped frames, in the log and kept for a while.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/inet.h"
#include "base/util.h"
#include "firewall/nflog.h"
#include "firewall/packet.h"

enum { OFFENDERS_MAX = 8 }; // kept of each plane

// Frames that differ in nothing but the sender's port, and the last of them.
typedef struct Offender {
        uint64_t last_usec; // CLOCK_REALTIME
        uint32_t times;     // as reported, that is within the limit
        char interface[IFNAMSIZ];
        LogReport report;
} Offender;

// Those of one plane, the latest first.
typedef struct Offenders {
        Offender *offenders; // NULL, or OFFENDERS_MAX
        size_t n_offenders;
        Offender refused;      // the last one whose connection Fallback=deny refused
        uint64_t refused_usec; // clock_now_usec(); 0: none
} Offenders;

void offenders_deinit(Offenders *offenders);
// Logs a report about the plane of that name, and keeps it. now_usec: CLOCK_REALTIME.
void offenders_add(Offenders *offenders, const char *plane, const LogReport *report, uint64_t now_usec);

// The texts of an offender; "" for what is not known.
typedef struct OffenderTexts {
        char mac[MAC_TEXT_MAX], source[ADDRESS_TEXT_MAX], destination[ADDRESS_TEXT_MAX];
        char protocol[PACKET_PROTOCOL_TEXT_MAX];
} OffenderTexts;

const OffenderTexts *offender_format(const Offender *offender, OffenderTexts *ret);
// The last one who was refused in the ten minutes before now_usec, clock_now_usec(); NULL: none.
const Offender *offenders_refused(const Offenders *offenders, uint64_t now_usec);
