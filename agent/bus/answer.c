// Answers that say what went wrong and what to do about it.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "bus/answer.h"

#include "base/error.h"
#include "base/names.h"
#include "base/util.h"

int answer_error(sd_bus_error *ret_error, const char *name, const Error *error) {
        char full[96];

        (void)snprintf(full, sizeof(full), BUS_ERROR_PREFIX "%s", name);
        // A message that is not UTF-8 could not be sent.
        Error printable = *error;
        return sd_bus_error_set(ret_error, full, text_make_printable(printable.text));
}
