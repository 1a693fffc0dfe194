// The configuration in force, kept below /run: for a plane whose file cannot be used when the daemon starts.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// Without it, a restart or an upgrade with a mistake in a file, or with an edit that waits, would take a plane away
// that migrations are running on. It is used for nothing else: what is, is read from the kernel, and what should be,
// from the files.
#pragma once

#include "config/config.h"
#include "config/plane-config.h"

#define LAST_GOOD_DIRECTORY "/run/migplane/kept"

// Both log what fails and go on: a plane works without.
void last_good_save(const char *directory, const PlaneConfig *plane);
// Removes the planes that have no file any more.
void last_good_prune(const char *directory, const Config *config);

// Hands each saved plane, as it was in force, to take, which takes it over. Error: -ENOMEM, or what take returns.
int last_good_restore(const char *directory, int (*take)(PlaneConfig *saved, void *userdata), void *userdata);
