// A negative errno and a sentence for a person: what was attempted, on which object, what the kernel said.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/util.h"

typedef struct Error {
        int code;
        char text[1024];
} Error;

// Fills error, which may be NULL, and returns code, a negative errno.
int error_set(Error *error, int code, const char *format, ...) _printf_(3, 4);
// Puts "what: " before the text of an error, which may be NULL. Returns nothing: a caller returns its own code.
void error_prefix(Error *error, const char *format, ...) _printf_(2, 3);
