// Lines of systemd.syntax(7) text: sections and assignments, one after the other.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "base/util.h"

enum {
        INI_LINE_MAX = 1024 * 1024, // bytes of a line with its continuations; systemd's own limit
};

// What ini_next found.
typedef enum IniItem {
        INI_END,
        INI_SECTION,    // name
        INI_ASSIGNMENT, // name and value
} IniItem;

typedef struct Ini {
        unsigned line; // where the item that was found last begins
        char *name;    // of the section or of the key; never empty
        char *value;   // "" for an empty assignment

        char *next, *end; // the text that is still to be read
        unsigned next_line;
} Ini;

// Reads text in place, and cuts it up: text[size] must be a NUL, and what is found lives as long as the text does.
void ini_init(Ini *ini, char *text, size_t size);
// Returns an IniItem, or -EBADMSG for a line that is none: the caller may go on and read the next one.
int ini_next(Ini *ini, Error *ret_error);

// Bytes of the valid UTF-8 sequence at the start of text, at most size bytes long; 0 where there is none.
size_t utf8_sequence_length(const char *text, size_t size);
