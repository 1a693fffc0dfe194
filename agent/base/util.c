// Arrays and hashes.
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

uint64_t hash_bytes(uint64_t hash, const void *data, size_t size) {
        const uint8_t *bytes = data;

        for (size_t i = 0; i < size; i++)
                hash = (hash ^ bytes[i]) * UINT64_C(1099511628211);
        return hash;
}
