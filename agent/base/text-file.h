// A file that collects its text in memory.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <stdio.h>

#include "base/util.h"

// A file that collects its text in memory, as open_memstream(3) does, which however keeps it to itself when memory is out
// in between (glibc 2.36: neither ferror nor fclose tells), and the text then lacks a piece. Here fclose fails, and *ret_text
// stays NULL. Until fclose there is no text.
FILE *text_file_open(char **ret_text, size_t *ret_size);
