// Anonymous sets and maps as nft writes them: "{ 192.0.2.0/24, 198.51.100.1 }"; a lone element without the braces.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// Anonymous, because the kernel does not let anyone change an anonymous set: what the rules are, the sets are too.
#pragma once

#include "config.h"

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
// Sorts, and drops what another element contains: the kernel refuses elements that overlap.
void element_set_normalise(ElementSet *set);
void element_set_deinit(ElementSet *set);
#define _cleanup_element_set_ _cleanup_(element_set_deinit)

// A comparison costs less than a set, in the kernel and to load.
void element_set_print(const ElementSet *set, FILE *file);
void element_print(const SetElement *element, FILE *file);
// For an expression that has no type: "0xc0000205", "0xc0000200-0xc00002ff".
void element_print_raw(const SetElement *element, FILE *file);

// As a number, for an expression that has no type: "0x024a0a00001f", "0xfd0000...".
void mac_print_raw(const MacAddress *mac, FILE *file);
void address_print_raw(const Address *address, FILE *file);
