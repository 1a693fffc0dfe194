// Text that people read: never cut in silence or within a character.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "base/text.h"

void text_vformat(char *ret, size_t size, const char *format, va_list arguments) {
        int n = vsnprintf(ret, size, format, arguments);

        if (n < 0)
                ret[0] = '\0';
        else if ((size_t)n >= size)
                text_mark_cut(ret, size);
}

void text_format(char *ret, size_t size, const char *format, ...) {
        va_list arguments;

        va_start(arguments, format);
        text_vformat(ret, size, format, arguments);
        va_end(arguments);
}
