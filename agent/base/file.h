// Files read and written whole.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"
#include "base/util.h"

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
