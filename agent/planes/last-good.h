// The configuration in force, kept below /run: for a plane whose file cannot be followed when the daemon starts.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// Without it, a restart or an upgrade with a mistake in a file, or with an edit that waits, would take a plane away that
// migrations are running on. It is used for nothing else: what is, is read from the kernel, and what should be, from the files.
#pragma once

#include "config/config.h"
#include "config/plane-config.h"

// Both log what fails and go on: a plane works without.
void kept_save(const PlaneConfig *plane);
// Removes what is kept of planes that have no file any more.
void kept_prune(const Config *config);

// Hands each plane that is kept, as it was in force, to take, which takes it over. Error: -ENOMEM, or what take says.
int kept_restore(int (*take)(PlaneConfig *kept, void *userdata), void *userdata);
