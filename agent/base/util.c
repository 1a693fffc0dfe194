// Arrays, texts in arrays, and hashes.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "base/util.h"

int array_reserve_bytes(void **array, size_t *allocated, size_t n, size_t item_size) {
        if (n <= *allocated)
                return 0;

        size_t wanted = *allocated ? *allocated : 8;
        while (wanted < n)
                if (__builtin_mul_overflow(wanted, (size_t)2, &wanted))
                        return -ENOMEM;

        void *grown = reallocarray(*array, wanted, item_size);
        if (!grown)
                return -ENOMEM;

        *array = grown;
        *allocated = wanted;
        return 0;
}

void text_mark_cut(char *text, size_t size) {
        static const char mark[] = "...";

        if (size < sizeof(mark))
                return;
        size_t end = size - sizeof(mark);
        // The first byte that is lost may be in the middle of a character.
        while (end > 0 && ((uint8_t)text[end] & 0xc0) == 0x80)
                end--;
        memcpy(text + end, mark, sizeof(mark));
}

void text_copy(char *ret, size_t size, const char *text) {
        size_t length = strlen(text), n = length < size ? length : size - 1;

        memcpy(ret, text, n);
        ret[n] = '\0';
        if (n < length)
                text_mark_cut(ret, size);
}

uint64_t hash_bytes(uint64_t hash, const void *data, size_t size) {
        const uint8_t *bytes = data;

        for (size_t i = 0; i < size; i++)
                hash = (hash ^ bytes[i]) * UINT64_C(1099511628211);
        return hash;
}

size_t utf8_sequence_length(const char *text, size_t size) {
        // By length: mask and value of the first byte, and the smallest code point of this length.
        static const struct {
                uint8_t mask, lead;
                uint32_t min;
        } forms[] = { { 0x80, 0x00, 0 }, { 0xe0, 0xc0, 0x80 }, { 0xf0, 0xe0, 0x800 }, { 0xf8, 0xf0, 0x10000 } };

        const uint8_t *bytes = (const uint8_t *)text;
        for (size_t n = 1; n <= ELEMENTSOF(forms) && n <= size; n++) {
                if ((bytes[0] & forms[n - 1].mask) != forms[n - 1].lead)
                        continue;
                uint32_t code = bytes[0] & (uint8_t)~forms[n - 1].mask;
                for (size_t i = 1; i < n; i++) {
                        if ((bytes[i] & 0xc0) != 0x80)
                                return 0;
                        code = code << 6 | (bytes[i] & 0x3f);
                }
                bool surrogate = code >= 0xd800 && code <= 0xdfff;
                return code >= forms[n - 1].min && code <= 0x10ffff && !surrogate ? n : 0;
        }
        return 0;
}

char *text_make_printable(char *text) {
        const size_t size = strlen(text);

        for (size_t i = 0, n; i < size; i += n) {
                n = utf8_sequence_length(text + i, size - i);
                const uint8_t first = (uint8_t)text[i];
                bool control = first < ' ' || first == 0x7f || (n == 2 && first == 0xc2 && (uint8_t)text[i + 1] < 0xa0);
                if (n == 0 || control)
                        memset(text + i, '?', n = n ?: 1);
        }
        return text;
}
