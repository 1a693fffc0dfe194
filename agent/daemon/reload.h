// The files, read into the planes.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "base/util.h"
#include "planes/plane-set.h"

// What was said about the files when they were last read: "PATH:LINE: error: TEXT".
typedef struct Messages {
        char **texts;
        size_t n_texts, n_allocated;
        size_t n_errors; // among them
        bool has_read;   // not for the first time
} Messages;

void messages_deinit(Messages *messages);

// Reads the files again. A plane whose file has an error, or an edit that would interrupt a migration, keeps what it
// had; without that it is failed. Fails only when memory is out; everything about files and directories is in messages.
int reload_planes(PlaneSet *planes, Messages *messages, Error *ret_error);
// At the start: the planes that an earlier daemon had in force. -ENOMEM.
int reload_restore(PlaneSet *planes);
// Whether the migrations that an edit waited for have ended, so that the files are to be read again.
bool reload_is_due(const PlaneSet *planes);
