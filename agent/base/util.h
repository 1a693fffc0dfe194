// What every room needs: cleanup attributes, strings, arrays, hashes.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#define _cleanup_(function) __attribute__((cleanup(function)))
#define _printf_(string, first) __attribute__((format(printf, string, first)))
#define _unused_ __attribute__((unused))

#define ELEMENTSOF(array) (sizeof(array) / sizeof((array)[0]))
#define STRINGIFY_(x) #x
#define STRINGIFY(x) STRINGIFY_(x)

// Takes a pointer out of a variable, so that the variable's cleanup does not free it.
#define TAKE(pointer)                                   \
        ({                                              \
                __typeof__(pointer) _taken = (pointer); \
                (pointer) = NULL;                       \
                _taken;                                 \
        })

static inline bool streq(const char *a, const char *b) {
        return strcmp(a, b) == 0;
}

static inline bool has_suffix(const char *text, const char *suffix) {
        size_t n = strlen(text), n_suffix = strlen(suffix);

        return n >= n_suffix && streq(text + n - n_suffix, suffix);
}

// Copies text into an array. Text that does not fit ends in "..." behind its last whole character.
#define strcpy_fixed(array, text) text_copy((array), sizeof(array), (text))
void text_copy(char *ret, size_t size, const char *text);
// Ends a text that was cut at size bytes in that way.
void text_mark_cut(char *text, size_t size);

// The length in bytes of the UTF-8 sequence at the start of text, which has size bytes; 0 if it is not valid.
size_t utf8_sequence_length(const char *text, size_t size);
// For terminals, logs and the bus: makes each byte that is not UTF-8 and each control character a question mark.
// Returns text.
char *text_make_printable(char *text);

// Grows *array so that it holds n items of item_size bytes. Returns 0 or -ENOMEM.
int array_reserve_bytes(void **array, size_t *allocated, size_t n, size_t item_size);
#define array_reserve(array, allocated, n) array_reserve_bytes((void **)(array), (allocated), (n), sizeof(**(array)))

// 64-bit FNV-1a: starts with HASH_INIT, and each call continues from the last result.
#define HASH_INIT UINT64_C(14695981039346656037)
uint64_t hash_bytes(uint64_t hash, const void *data, size_t size);

// For a pointer of any type; variable is its address, as the cleanup attribute passes it.
static inline void free_pointer(void *variable) {
        void **pointer = variable;

        free(*pointer);
        *pointer = NULL;
}
static inline void close_fd(int *fd) {
        if (*fd >= 0)
                (void)close(*fd);
        *fd = -1;
}
static inline void fclose_file(FILE **file) {
        if (*file)
                (void)fclose(*file);
        *file = NULL;
}
#define _cleanup_free_ _cleanup_(free_pointer)
#define _cleanup_close_ _cleanup_(close_fd)
#define _cleanup_fclose_ _cleanup_(fclose_file)
