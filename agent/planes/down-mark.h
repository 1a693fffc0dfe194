// The planes that were taken down or released: a file for each, so that a restart and a boot leave it so.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "base/util.h"
#include "config/config.h"

// Beside NAME.plane. Below /run only where /etc cannot be written: such a mark ends with the boot.
#define DOWN_MARK_DIRECTORIES "/etc/migplane", "/run/migplane"

typedef enum DownMark {
        DOWN_MARK_DOWN,     // NAME.down
        DOWN_MARK_RELEASED, // NAME.released
        DOWN_MARK_MAX,
} DownMark;

// directories: by preference, NULL-terminated.
bool down_mark_exists(const char *const *directories, DownMark mark, const char *plane);
// Fails if no directory can be written.
int down_mark_set(const char *const *directories, DownMark mark, const char *plane, Error *ret_error);
// Clears both marks. Fails if one remains.
int down_mark_clear(const char *const *directories, const char *plane, Error *ret_error);
// Removes the marks of planes without a file: a later plane of that name is another plane. Logs what fails.
void down_mark_prune(const char *const *directories, const Config *config);
