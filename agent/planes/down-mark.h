// The planes that were taken down: a file for each, so that a restart and a boot leave it down.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "base/util.h"
#include "config/config.h"

// NAME.down, beside NAME.plane. Below /run only where /etc cannot be written: such a mark ends with the boot.
#define DOWN_MARK_DIRECTORIES "/etc/migplane", "/run/migplane"

// directories: by preference, NULL-terminated.
bool down_mark_exists(const char *const *directories, const char *plane);
// Fails if no directory can be written.
int down_mark_set(const char *const *directories, const char *plane, Error *ret_error);
// Fails if a mark remains.
int down_mark_clear(const char *const *directories, const char *plane, Error *ret_error);
// Removes the marks of planes without a file: a later plane of that name is another plane. Logs what fails.
void down_mark_prune(const char *const *directories, const Config *config);
