// A negative errno and a sentence for a person.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/util.h"

int error_set(Error *error, int code, const char *format, ...) {
        if (!error)
                return code;

        va_list arguments;
        va_start(arguments, format);
        (void)vsnprintf(error->text, sizeof(error->text), format, arguments);
        va_end(arguments);
        error->code = code;
        return code;
}

void error_prefix(Error *error, const char *format, ...) {
        if (!error)
                return;

        char prefix[sizeof(error->text)];
        va_list arguments;
        va_start(arguments, format);
        (void)vsnprintf(prefix, sizeof(prefix), format, arguments);
        va_end(arguments);

        char text[sizeof(error->text)];
        memcpy(text, error->text, sizeof(text));
        (void)snprintf(error->text, sizeof(error->text), "%.400s: %.600s", prefix, text);
}
