// Small things every layer needs: cleanup attributes, arrays, errors with a text, files written whole.
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

#define _cleanup_(function) __attribute__((cleanup(function)))
#define _printf_(string, first) __attribute__((format(printf, string, first)))
#define _unused_ __attribute__((unused))

#define ELEMENTSOF(array) (sizeof(array) / sizeof((array)[0]))
#define STRINGIFY_(x) #x
#define STRINGIFY(x) STRINGIFY_(x)

// Takes a pointer out of a variable that would otherwise be cleaned up.
#define TAKE(pointer)                              \
        ({                                         \
                __typeof__(pointer) _taken = (pointer); \
                (pointer) = NULL;                  \
                _taken;                            \
        })

// A negative errno and the sentence a person needs: what was attempted, on which object, what the kernel said.
typedef struct Error {
        int code;
        char text[1024];
} Error;

// Fills error (which may be NULL) and returns code, a negative errno.
int error_set(Error *error, int code, const char *format, ...) _printf_(3, 4);
// Puts "what: " before the text that is already there; returns the code.
int error_prefix(Error *error, const char *format, ...) _printf_(2, 3);

static inline bool streq(const char *a, const char *b) {
        return strcmp(a, b) == 0;
}

// Copies into a fixed array, truncating; always terminated.
#define strcpy_fixed(array, text) ((void)snprintf((array), sizeof(array), "%s", (text)))

// Grows *array (of items of item_size bytes) so that it holds n items; 0 or -ENOMEM.
int array_reserve_bytes(void **array, size_t *allocated, size_t n, size_t item_size);
#define array_reserve(array, allocated, n) \
        array_reserve_bytes((void **)(array), (allocated), (n), sizeof(**(array)))

// 64-bit FNV-1a; start with HASH_INIT and feed on.
#define HASH_INIT UINT64_C(14695981039346656037)
uint64_t hash_bytes(uint64_t hash, const void *data, size_t size);

// A file that collects its text in memory, as open_memstream(3) does, which however keeps it to itself when memory is out
// in between (glibc 2.36: neither ferror nor fclose tells), and the text then lacks a piece. Here fclose fails, and *ret_text
// stays NULL. Until fclose there is no text.
FILE *text_file_open(char **ret_text, size_t *ret_size);

// Reads a small file whole (at most limit bytes), terminated with a NUL that is not counted.
int file_read(const char *path, size_t limit, char **ret_text, size_t *ret_size);
// Writes a file so that it is whole or unchanged after a crash: temporary file, fsync, rename, fsync of the folder.
int file_write_atomic(const char *path, const char *text, mode_t mode, Error *ret_error);
// Removes a file, if it is there, for good: the folder is synced.
int file_remove(const char *path, Error *ret_error);
// Removes what a crash in the middle of file_write_atomic may have left of this path.
void file_remove_leftovers(const char *path);
// Makes the folders above a path, for good.
int file_make_folders(const char *path, Error *ret_error);

static inline void free_charp(char **p) {
        free(*p);
        *p = NULL;
}
static inline void close_fd(int *fd) {
        extern int close(int);
        if (*fd >= 0)
                (void)close(*fd);
        *fd = -1;
}
static inline void fclose_file(FILE **file) {
        if (*file)
                (void)fclose(*file);
        *file = NULL;
}
#define _cleanup_free_ _cleanup_(free_charp)
#define _cleanup_close_ _cleanup_(close_fd)
#define _cleanup_fclose_ _cleanup_(fclose_file)
