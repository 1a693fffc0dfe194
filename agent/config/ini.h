// Lines of systemd.syntax(7) text: sections and assignments, one after the other.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "base/util.h"

enum {
        INI_LINE_MAX = 1024 * 1024, // bytes of a line with its continuations; systemd's own limit
};

// What ini_next has found.
typedef enum IniItem {
        INI_END,
        INI_SECTION,    // name
        INI_ASSIGNMENT, // name and value
} IniItem;

// What some editors put at the start of a file in UTF-8.
#define INI_BOM "\xef\xbb\xbf"

typedef struct Ini {
        unsigned line; // where the last item begins
        char *name;    // of the section or of the key; never empty
        char *value;   // "" for an empty assignment

        char *next, *end; // the rest of the text
        unsigned next_line;
} Ini;

// Reads text in place and writes NULs into it. text[size] must be a NUL; names and values point into the text.
void ini_init(Ini *ini, char *text, size_t size);
// Returns an IniItem, or -EBADMSG for a line that is neither section nor assignment. The caller may go on with the next
// one.
int ini_next(Ini *ini, Error *ret_error);
