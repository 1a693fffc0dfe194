// Health of a plane, which an initiator acts on, and its reasons, which a person reads.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/util.h"

// In the order of gravity.
typedef enum Health {
        HEALTH_HEALTHY,
        HEALTH_UNKNOWN,  // being set up
        HEALTH_DEGRADED, // usable, but not all of the promise holds
        HEALTH_FAILED,   // do not use
} Health;

typedef enum ReasonCode {
        REASON_SETTING_UP,
        REASON_NOT_SEEN,
        REASON_TAKEN_DOWN,
        REASON_UNREAD,        // its files have an error, and nothing is in force
        REASON_CONFIGURATION, // its files have an error, and what was in force stays
        REASON_PARENT_MISSING,
        REASON_DEVICE_MISSING,
        REASON_DEVICE_MISMATCH,
        REASON_NETWORK_IN_USE,
        REASON_NETWORK_OVERLAP,
        REASON_PARENT_RENAMED,
        REASON_REBUILD_WAITS,
        REASON_MTU_TOO_LARGE,
        REASON_LINK_DOWN,
        REASON_NO_CARRIER,
        REASON_ARP_OFF,
        REASON_MACVLAN_MODE,
        REASON_BRIDGE_FILTERS,
        REASON_ADDRESS_MISSING,
        REASON_ADDRESS_INCOMPLETE,
        REASON_ADDRESS_ELSEWHERE,
        REASON_ADDRESS_CONFLICT,
        REASON_PEERS_UNREACHABLE,
        REASON_ROUTE_ELSEWHERE,
        REASON_ENSLAVED,
        REASON_NO_ISOLATION,
        REASON_APPLY_FAILED,
        REASON_DRIFT,
        REASON_UNCONFIRMED,
        REASON_CONTENDED,
        REASON_OTHER_MANAGER,
        REASON_BYPASSED,
        REASON_STACKED,
        REASON_GUEST_PORT,
        REASON_EGRESS_UNGUARDED,
        REASON_HOST_QOS,
        REASON_RESERVE_UNSUPPORTED,
        REASON_DROPS_NOT_LOGGED,
        REASON_MIGRATIONS_LATE,
        REASON_PARENT_QOS,
        REASON_OPEN_VSWITCH,
        REASON_OTHER_FIREWALL,
        REASON_LEAF_PFIFO,
        REASON_FALLBACK_REFUSED,
        REASON_REPAIRED,
        REASON_CODE_MAX,
} ReasonCode;
_Static_assert(REASON_CODE_MAX <= 64, "Reasons.lost has a bit for each");

typedef struct Reason {
        ReasonCode code;
        char text[512];
} Reason;

typedef struct Reasons {
        Reason *reasons;
        size_t n_reasons, n_allocated;
        uint64_t lost; // one bit for each code whose text was lost for lack of memory
} Reasons;

const char *health_to_string(Health health);
const char *reason_to_string(ReasonCode code);
// The health that a plane has at best with this reason.
Health reason_health(ReasonCode code);
// The health that the gravest reason leaves; healthy without reasons, or with notes only.
Health reasons_health(const Reasons *reasons);

// The gravest first; equally grave ones stay in the order in which they were added.
void reasons_sort(Reasons *reasons);

// Without memory the text is lost, but not the code: health and reasons_have still count it.
void reasons_add(Reasons *reasons, ReasonCode code, const char *format, ...) _printf_(3, 4);
// The text of the gravest reason, for the log.
const char *reasons_gravest_text(const Reasons *reasons);
// The text of the first reason of that code; NULL if there is none.
const char *reasons_text(const Reasons *reasons, ReasonCode code);
bool reasons_have(const Reasons *reasons, ReasonCode code);
bool reasons_equal(const Reasons *a, const Reasons *b);
void reasons_deinit(Reasons *reasons);
#define _cleanup_reasons_ _cleanup_(reasons_deinit)
