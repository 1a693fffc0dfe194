// Anonymous sets and maps as nft writes them: "{ 192.0.2.2, 198.51.100.1 }"; a lone element without the braces.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// Anonymous, because the kernel does not let anyone change an anonymous set: what the rules are, the sets are too. And
// never of intervals: of those the kernel fills what packets are looked up in only after it has put a transaction's rules in
// force, so that for a moment each of our own reloads would let pass what such a set is to stop, and stop what it is to
// let pass (seen on 6.18). So networks are looked up by their masked address, a set for each length of prefix.
#pragma once

#include "base/inet.h"
#include "base/util.h"

enum {
        ELEMENT_TEXT_MAX = ADDRESS_TEXT_MAX,
};

typedef struct SetElement {
        Prefix prefix;
        const char *link; // in a map: the spelling of the link that it leads to; not owned
} SetElement;

typedef struct ElementSet {
        SetElement *elements;
        size_t n_elements, n_allocated;
} ElementSet;

// Host bits are cleared. 0 or -ENOMEM.
int element_set_add(ElementSet *set, const Prefix *prefix, const char *link);
int element_set_add_address(ElementSet *set, const Address *address, const char *link);
// Drops what another element contains: the kernel refuses elements that overlap. Sorts by family and length.
void element_set_normalise(ElementSet *set);
// How many elements from the i-th on have the same family and length.
size_t element_set_run(const ElementSet *set, size_t i);
void element_set_deinit(ElementSet *set);
#define _cleanup_element_set_ _cleanup_(element_set_deinit)

// What a run's addresses are looked up by, behind the key: " & 255.255.255.0", or nothing for hosts. Raw is for an expression
// that has no type: " & 0xffffff00".
void element_mask_print(const SetElement *element, bool raw, FILE *file);
const char *element_format(const SetElement *element, bool raw, char ret[static ELEMENT_TEXT_MAX]);
// A run as a set. A lone element is a prefix, and takes no mask: a comparison costs less, in the kernel and to load.
void element_run_print(const SetElement *elements, size_t n, FILE *file);

// As a number, for an expression that has no type: "0x024a0a00001f", "0xfd0000...".
void mac_print_raw(const MacAddress *mac, FILE *file);
void address_print_raw(const Address *address, FILE *file);
