// The text of a file, into the plane.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/util.h"
#include "config/draft.h"

// Reads a file's text (NUL-terminated at text[size], cut up on the way) into the plane.
void draft_read_text(ConfigDraft *draft, const char *path, char *text, size_t size);
