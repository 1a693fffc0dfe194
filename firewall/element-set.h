// Anonymous sets as nft writes them: "{ 192.0.2.2, 198.51.100.1 }"; a single element has no braces.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// The sets are anonymous because an anonymous set cannot be changed in the kernel: it is as fixed as the rule that
// contains it. No set contains intervals. The kernel fills the lookup structure of an interval set only after it has
// put a transaction's rules in force, so that each of our own reloads would for a moment let pass what the set is to
// stop, and stop what it is to let pass (seen on 6.18). So networks are looked up by their masked address, with a set
// for each prefix length.
#pragma once

#include "base/inet.h"
#include "base/util.h"

enum {
        ELEMENT_SET_TEXT_MAX = ADDRESS_TEXT_MAX,
};

typedef struct SetElement {
        Prefix prefix;
        const char *link; // in a map: of the plane that the element leads to; not owned
} SetElement;

typedef struct ElementSet {
        SetElement *elements;
        size_t n_elements, n_allocated;
} ElementSet;

// Host bits are cleared. 0 or -ENOMEM.
int element_set_add(ElementSet *set, const Prefix *prefix, const char *link);
int element_set_add_address(ElementSet *set, const Address *address, const char *link);
// Removes every element that another contains, since the kernel refuses overlaps, and sorts by family and length.
void element_set_normalise(ElementSet *set);
// The number of elements, from the i-th on, of the same family and length: a run.
size_t element_set_run(const ElementSet *set, size_t i);
void element_set_deinit(ElementSet *set);
#define _cleanup_element_set_ _cleanup_(element_set_deinit)

// The mask behind the key of a run: " & 255.255.255.0", or nothing for hosts. raw is for expressions without a type:
// " & 0xffffff00".
void element_set_print_mask(const SetElement *element, bool raw, FILE *file);
const char *element_set_format(const SetElement *element, bool raw, char ret[static ELEMENT_SET_TEXT_MAX]);
// A run as a set. A single network is printed as a prefix and takes no mask: a comparison costs less than a lookup, in
// the kernel and to load.
void element_set_print_run(const SetElement *elements, size_t n, FILE *file);

// At most 16 bytes, such as those of an address, for expressions without a type: "0x024a0a00001f".
const char *element_set_format_number(const uint8_t *bytes, size_t n, char ret[static ELEMENT_SET_TEXT_MAX]);
