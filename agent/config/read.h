// Reads the text of a file into a plane.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/util.h"
#include "config/draft.h"

// Reads the text of a file into the plane. text[size] must be a NUL; the text is changed.
void draft_read_text(ConfigDraft *draft, const char *path, char *text, size_t size);
