// The types of values in NAME.plane files.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "base/util.h"
#include "config/draft.h"

typedef struct ValueType {
        // Fills target, which has the type of the key's field, or of one item where that is a list. Returns 0, -ENOMEM,
        // -EINVAL or -ERANGE; sets the error's text only where it can say more than "expected ...".
        int (*read)(ConfigDraft *draft, const char *text, void *target, Error *ret_error);
        bool (*equal)(const void *a, const void *b); // NULL: all bytes of the value count
        const char *expected;                        // completes "expected ..."
} ValueType;

extern const ValueType value_address, value_boolean, value_event_rate, value_fallback, value_interface, value_kind,
        value_mac, value_managed_by, value_mtu, value_network, value_ports, value_prefix, value_rate, value_text,
        value_user, value_vlan_id, value_vlan_protocol;
