// Text that people read: never cut in silence or within a character.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <stdarg.h>

#include "base/util.h"

// Write into an array of size bytes. Text that does not fit ends in "..." behind its last whole character.
void text_vformat(char *ret, size_t size, const char *format, va_list arguments) _printf_(3, 0);
void text_format(char *ret, size_t size, const char *format, ...) _printf_(3, 4);
