// A FILE that collects its text in memory.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <stdio.h>

#include "base/util.h"

// Like open_memstream(3), but fclose fails and *ret_text stays NULL if memory ran out. With open_memstream of glibc
// 2.36 neither ferror nor fclose reports that, and a piece of the text is missing. *ret_text is set by fclose.
FILE *text_file_open(char **ret_text, size_t *ret_size);
