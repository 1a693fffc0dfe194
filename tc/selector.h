// The packets that an ingress filter matches, as keys of a u32 selector: from and to a FilterObject, purely.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <linux/pkt_cls.h>

#include "base/util.h"
#include "model/object.h"

enum {
        SELECTOR_KEYS_MAX = 8,
};

// A selector with room for its keys.
typedef union Selector {
        struct tc_u32_sel head;
        uint8_t room[sizeof(struct tc_u32_sel) + SELECTOR_KEYS_MAX * sizeof(struct tc_u32_key)];
} Selector;

size_t selector_size(const Selector *selector);
// Source: protocol, MAC and address.
Selector selector_make(const FilterObject *filter);
// Fills in MAC and address. filter has the protocol. False, and filter is untouched: the selector is not one of ours.
bool selector_read(const void *data, size_t size, FilterObject *filter);
