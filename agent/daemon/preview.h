// What a reconcile would begin with, as text.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "base/util.h"
#include "daemon/reconcile.h"

typedef struct PreviewEntry {
        char *name; // of a plane; "": of all planes
        char *text; // one operation a line; empty: all is as it should be
} PreviewEntry;

typedef struct Preview {
        PreviewEntry *entries;
        size_t n_entries;
        char **messages; // "PATH:LINE: error: TEXT", and which edits would wait
        size_t n_messages, n_messages_allocated;
} Preview;

// Takes a snapshot, and changes nothing.
int preview_read(const Reconciler *reconciler, Preview *ret, Error *ret_error);
// The same after a reload of the files as they are now.
int preview_read_files(const Reconciler *reconciler, Preview *ret, Error *ret_error);
// NULL: it knows no such plane.
const char *preview_find(const Preview *preview, const char *name);
void preview_deinit(Preview *preview);
#define _cleanup_preview_ _cleanup_(preview_deinit)
