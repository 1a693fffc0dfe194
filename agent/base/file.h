// Files read and written whole.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <dirent.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/util.h"

// Reads a whole file of at most limit bytes and adds a NUL, which *ret_size does not count. Error: -E2BIG, and
// open(2)'s.
int file_read(const char *path, size_t limit, char **ret_text, size_t *ret_size);
// Writes a file that is either new or unchanged after a crash: temporary file, fsync, rename, fsync of the directory.
int file_write_atomic(const char *path, const char *text, mode_t mode, Error *ret_error);
// Removes a file and syncs its directory. A missing file is not an error.
int file_remove(const char *path, Error *ret_error);
// Removes the temporary files of this path that a crash within file_write_atomic has left.
void file_remove_leftovers(const char *path);
// Creates the directories above a path and syncs each.
int file_make_folders(const char *path, Error *ret_error);

static inline void closedir_directory(DIR **directory) {
        if (*directory)
                (void)closedir(*directory);
        *directory = NULL;
}
#define _cleanup_closedir_ _cleanup_(closedir_directory)
