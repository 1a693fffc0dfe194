// Anonymous sets and maps.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "set.h"

int element_set_add(ElementSet *set, const Prefix *prefix, const char *link) {
        if (array_reserve(&set->elements, &set->n_allocated, set->n_elements + 1) < 0)
                return -ENOMEM;
        set->elements[set->n_elements++] = (SetElement){ .prefix = prefix_network(prefix), .link = link };
        return 0;
}

int element_set_add_address(ElementSet *set, const Address *address, const char *link) {
        Prefix prefix = { .address = *address, .length = (uint8_t)address_bits(address->family) };

        return element_set_add(set, &prefix, link);
}

// By address and then by length, so that a network comes before what it contains.
static int element_compare(const void *a, const void *b) {
        return prefix_compare(&((const SetElement *)a)->prefix, &((const SetElement *)b)->prefix);
}

void element_set_normalise(ElementSet *set) {
        size_t kept = 0;

        if (set->n_elements == 0)
                return;
        qsort(set->elements, set->n_elements, sizeof(SetElement), element_compare);
        for (size_t i = 1; i < set->n_elements; i++)
                if (!prefix_contains(&set->elements[kept].prefix, &set->elements[i].prefix.address))
                        set->elements[++kept] = set->elements[i];
        set->n_elements = kept + 1;
}

void element_set_deinit(ElementSet *set) {
        free(set->elements);
        *set = (ElementSet){};
}

void element_print(const SetElement *element, FILE *file) {
        const Prefix *prefix = &element->prefix;
        bool is_host = prefix->length == address_bits(prefix->address.family);
        char text[PREFIX_TEXT_MAX];

        fputs(is_host ? format_address(&prefix->address, text) : format_prefix(prefix, text), file);
}

void element_print_raw(const SetElement *element, FILE *file) {
        const Prefix *prefix = &element->prefix;
        Address last = prefix->address;

        address_print_raw(&prefix->address, file);
        if (prefix->length == address_bits(last.family))
                return;
        for (unsigned bit = prefix->length; bit < address_bits(last.family); bit++)
                last.bytes[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
        fputc('-', file);
        address_print_raw(&last, file);
}

void element_set_print(const ElementSet *set, FILE *file) {
        if (set->n_elements == 1) {
                element_print(&set->elements[0], file);
                return;
        }
        for (size_t i = 0; i < set->n_elements; i++) {
                fputs(i == 0 ? "{ " : ", ", file);
                element_print(&set->elements[i], file);
        }
        fputs(" }", file);
}

void mac_print_raw(const MacAddress *mac, FILE *file) {
        fputs("0x", file);
        for (size_t i = 0; i < sizeof(mac->bytes); i++)
                fprintf(file, "%02x", mac->bytes[i]);
}

void address_print_raw(const Address *address, FILE *file) {
        fputs("0x", file);
        for (size_t i = 0; i < address_bits(address->family) / 8; i++)
                fprintf(file, "%02x", address->bytes[i]);
}
