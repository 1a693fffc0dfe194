// What an ingress filter matches, as the keys of a u32 selector, to and from a FilterObject: pure.
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
// From protocol, MAC and address.
Selector selector_make(const FilterObject *filter);
// Fills MAC and address from a selector of filter's protocol; false, and filter untouched, when it is not one we make.
bool selector_read(const void *data, size_t size, FilterObject *filter);
