// A negative errno and a sentence for a person.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "base/error.h"

#include <stdarg.h>

#include "base/text.h"
#include "base/util.h"

int error_set(Error *error, int code, const char *format, ...) {
        if (!error)
                return code;

        va_list arguments;
        va_start(arguments, format);
        text_vformat(error->text, sizeof(error->text), format, arguments);
        va_end(arguments);
        error->code = code;
        return code;
}

void error_prefix(Error *error, const char *format, ...) {
        if (!error)
                return;

        // The cause matters more than a long prefix.
        char prefix[400], text[sizeof(error->text) - sizeof(prefix) - strlen(": ")];
        va_list arguments;
        va_start(arguments, format);
        text_vformat(prefix, sizeof(prefix), format, arguments);
        va_end(arguments);
        strcpy_fixed(text, error->text);
        text_format(error->text, sizeof(error->text), "%s: %s", prefix, text);
}
