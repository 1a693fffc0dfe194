// Health of a plane, and its reasons.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "model/reason.h"

#include <stdarg.h>

#include "base/text.h"
#include "base/util.h"

static const struct {
        const char *name;
        Health health; // the best that a plane with this reason can have
} codes[REASON_CODE_MAX] = {
        [REASON_SETTING_UP] = { "setting-up", HEALTH_UNKNOWN },
        [REASON_NOT_SEEN] = { "not-seen", HEALTH_FAILED },
        [REASON_TAKEN_DOWN] = { "taken-down", HEALTH_FAILED },
        [REASON_UNREAD] = { "configuration", HEALTH_FAILED },
        [REASON_CONFIGURATION] = { "configuration", HEALTH_DEGRADED },
        [REASON_PARENT_MISSING] = { "parent-missing", HEALTH_FAILED },
        [REASON_DEVICE_MISSING] = { "device-missing", HEALTH_FAILED },
        [REASON_DEVICE_MISMATCH] = { "device-mismatch", HEALTH_FAILED },
        [REASON_NETWORK_IN_USE] = { "network-in-use", HEALTH_FAILED },
        [REASON_NETWORK_OVERLAP] = { "network-overlap", HEALTH_DEGRADED },
        [REASON_PARENT_RENAMED] = { "parent-renamed", HEALTH_DEGRADED },
        [REASON_REBUILD_WAITS] = { "waiting-for-migrations", HEALTH_DEGRADED },
        [REASON_MTU_TOO_LARGE] = { "mtu-too-large", HEALTH_DEGRADED },
        [REASON_LINK_DOWN] = { "link-down", HEALTH_FAILED },
        [REASON_NO_CARRIER] = { "no-carrier", HEALTH_FAILED },
        [REASON_ARP_OFF] = { "arp-off", HEALTH_FAILED },
        [REASON_MACVLAN_MODE] = { "macvlan-mode", HEALTH_FAILED },
        [REASON_BRIDGE_FILTERS] = { "bridge-filters-vlan", HEALTH_FAILED },
        [REASON_ADDRESS_MISSING] = { "address-missing", HEALTH_FAILED },
        [REASON_ADDRESS_INCOMPLETE] = { "address-incomplete", HEALTH_DEGRADED },
        [REASON_ADDRESS_ELSEWHERE] = { "address-elsewhere", HEALTH_FAILED },
        [REASON_ADDRESS_CONFLICT] = { "address-conflict", HEALTH_DEGRADED },
        [REASON_PEERS_UNREACHABLE] = { "peers-unreachable", HEALTH_FAILED },
        [REASON_ROUTE_ELSEWHERE] = { "route-elsewhere", HEALTH_FAILED },
        [REASON_ENSLAVED] = { "enslaved", HEALTH_FAILED },
        [REASON_NO_ISOLATION] = { "no-isolation", HEALTH_FAILED },
        [REASON_APPLY_FAILED] = { "apply-failed", HEALTH_FAILED },
        [REASON_DRIFT] = { "drift", HEALTH_DEGRADED },
        [REASON_UNCONFIRMED] = { "unconfirmed", HEALTH_DEGRADED },
        [REASON_CONTENDED] = { "contended", HEALTH_DEGRADED },
        [REASON_OTHER_MANAGER] = { "other-manager", HEALTH_DEGRADED },
        [REASON_BYPASSED] = { "bypassed", HEALTH_DEGRADED },
        [REASON_STACKED] = { "stacked", HEALTH_DEGRADED },
        [REASON_GUEST_PORT] = { "guest-port", HEALTH_DEGRADED },
        [REASON_EGRESS_UNGUARDED] = { "egress-unguarded", HEALTH_DEGRADED },
        [REASON_HOST_QOS] = { "host-qos", HEALTH_DEGRADED },
        [REASON_RESERVE_UNSUPPORTED] = { "reserve-unsupported", HEALTH_DEGRADED },
        [REASON_DROPS_NOT_LOGGED] = { "drops-not-logged", HEALTH_DEGRADED },
        [REASON_MIGRATIONS_LATE] = { "migrations-late", HEALTH_HEALTHY },
        [REASON_PARENT_QOS] = { "parent-qos", HEALTH_HEALTHY },
        [REASON_OPEN_VSWITCH] = { "open-vswitch", HEALTH_HEALTHY },
        [REASON_OTHER_FIREWALL] = { "other-firewall", HEALTH_HEALTHY },
        [REASON_LEAF_PFIFO] = { "leaf-pfifo", HEALTH_HEALTHY },
        [REASON_FALLBACK_REFUSED] = { "fallback-refused", HEALTH_HEALTHY },
        [REASON_REPAIRED] = { "repaired", HEALTH_HEALTHY },
};

const char *health_to_string(Health health) {
        static const char *const names[] = {
                [HEALTH_HEALTHY] = "healthy",
                [HEALTH_UNKNOWN] = "unknown",
                [HEALTH_DEGRADED] = "degraded",
                [HEALTH_FAILED] = "failed",
        };
        return names[health];
}

const char *reason_to_string(ReasonCode code) {
        return codes[code].name;
}

Health reason_health(ReasonCode code) {
        return codes[code].health;
}

Health reasons_health(const Reasons *reasons) {
        Health health = HEALTH_HEALTHY;

        for (size_t i = 0; i < reasons->n_reasons; i++)
                if (codes[reasons->reasons[i].code].health > health)
                        health = codes[reasons->reasons[i].code].health;
        for (ReasonCode code = 0; code < REASON_CODE_MAX; code++)
                if (reasons->lost & UINT64_C(1) << code && codes[code].health > health)
                        health = codes[code].health;
        return health;
}

void reasons_sort(Reasons *reasons) {
        for (size_t i = 1; i < reasons->n_reasons; i++)
                for (size_t j = i;
                     j > 0 && codes[reasons->reasons[j].code].health > codes[reasons->reasons[j - 1].code].health;
                     j--) {
                        Reason swapped = reasons->reasons[j];
                        reasons->reasons[j] = reasons->reasons[j - 1];
                        reasons->reasons[j - 1] = swapped;
                }
}

void reasons_add(Reasons *reasons, ReasonCode code, const char *format, ...) {
        if (array_reserve(&reasons->reasons, &reasons->n_allocated, reasons->n_reasons + 1) < 0) {
                reasons->lost |= UINT64_C(1) << code;
                return;
        }

        Reason *reason = &reasons->reasons[reasons->n_reasons++];
        reason->code = code;
        va_list arguments;
        va_start(arguments, format);
        text_vformat(reason->text, sizeof(reason->text), format, arguments);
        va_end(arguments);
        text_make_printable(reason->text); // names of files, links and processes are arbitrary bytes
}

static const char lost_text[] = "out of memory; the reason is lost";

const char *reasons_gravest_text(const Reasons *reasons) {
        Health health = reasons_health(reasons);

        if (health == HEALTH_HEALTHY)
                return "everything is as configured";
        for (size_t i = 0; i < reasons->n_reasons; i++)
                if (codes[reasons->reasons[i].code].health == health)
                        return reasons->reasons[i].text;
        return lost_text;
}

const char *reasons_text(const Reasons *reasons, ReasonCode code) {
        for (size_t i = 0; i < reasons->n_reasons; i++)
                if (reasons->reasons[i].code == code)
                        return reasons->reasons[i].text;
        return reasons->lost & UINT64_C(1) << code ? lost_text : NULL;
}

bool reasons_have(const Reasons *reasons, ReasonCode code) {
        return reasons_text(reasons, code) != NULL;
}

bool reasons_equal(const Reasons *a, const Reasons *b) {
        if (a->n_reasons != b->n_reasons)
                return false;
        for (size_t i = 0; i < a->n_reasons; i++)
                if (a->reasons[i].code != b->reasons[i].code || !streq(a->reasons[i].text, b->reasons[i].text))
                        return false;
        return true;
}

void reasons_deinit(Reasons *reasons) {
        free(reasons->reasons);
        *reasons = (Reasons){};
}
