// Answers that say what went wrong and what to do about it.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <systemd/sd-bus.h>

#include "base/error.h"

// The error BUS_ERROR_PREFIX and name, with the text of error. Returns a negative errno, for the handler to return.
int answer_error(sd_bus_error *ret_error, const char *name, const Error *error);
