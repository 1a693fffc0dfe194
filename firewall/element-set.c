// Anonymous sets as nft writes them.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "firewall/element-set.h"

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

static int element_compare_runs(const void *a, const void *b) {
        const Prefix *first = &((const SetElement *)a)->prefix, *second = &((const SetElement *)b)->prefix;

        if (first->address.family != second->address.family || first->length == second->length)
                return element_compare(a, b);
        return first->length < second->length ? -1 : 1;
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
        qsort(set->elements, set->n_elements, sizeof(SetElement), element_compare_runs);
}

size_t element_set_run(const ElementSet *set, size_t i) {
        const Prefix *first = &set->elements[i].prefix;
        size_t n = 1;

        for (; i + n < set->n_elements; n++) {
                const Prefix *next = &set->elements[i + n].prefix;
                if (next->length != first->length || next->address.family != first->address.family)
                        break;
        }
        return n;
}

void element_set_deinit(ElementSet *set) {
        free(set->elements);
        *set = (ElementSet){};
}

static bool is_host(const Prefix *prefix) {
        return prefix->length == address_bits(prefix->address.family);
}

const char *element_set_format_number(const uint8_t *bytes, size_t n, char ret[static ELEMENT_SET_TEXT_MAX]) {
        int length = snprintf(ret, ELEMENT_SET_TEXT_MAX, "0x");

        for (size_t i = 0; i < n; i++)
                length += snprintf(ret + length, (size_t)(ELEMENT_SET_TEXT_MAX - length), "%02x", bytes[i]);
        return ret;
}

static const char *format(const Address *address, bool raw, char ret[static ELEMENT_SET_TEXT_MAX]) {
        return raw ? element_set_format_number(address->bytes, address_bits(address->family) / 8, ret)
                   : address_format(address, ret);
}

const char *element_set_format(const SetElement *element, bool raw, char ret[static ELEMENT_SET_TEXT_MAX]) {
        return format(&element->prefix.address, raw, ret);
}

void element_set_print_mask(const SetElement *element, bool raw, FILE *file) {
        Address mask = { .family = element->prefix.address.family };
        char text[ELEMENT_SET_TEXT_MAX];

        if (is_host(&element->prefix))
                return;
        for (unsigned bit = 0; bit < element->prefix.length; bit++)
                mask.bytes[bit / 8] |= (uint8_t)(0x80 >> bit % 8);
        fprintf(file, " & %s", format(&mask, raw, text));
}

void element_set_print_run(const SetElement *elements, size_t n, FILE *file) {
        char text[PREFIX_TEXT_MAX];

        if (n == 1 && !is_host(&elements[0].prefix)) {
                fputs(prefix_format(&elements[0].prefix, text), file);
                return;
        }
        for (size_t i = 0; i < n; i++) {
                fputs(n == 1 ? "" : i == 0 ? "{ " : ", ", file);
                fputs(element_set_format(&elements[i], false, text), file);
        }
        fputs(n == 1 ? "" : " }", file);
}
