// Values of the configuration and the command line, to and from text.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/util.h"

enum {
        RATE_TEXT_MAX = 24,
};

// They return 0, -EINVAL (wrong form) or -ERANGE (right form, out of range), and leave *ret untouched on failure.

// "8G", "2.5G", "400M", "100000000": bits per second, base 1000, K M G T in either case; whole bits only.
// Range: RATE_MIN_BITS_PER_SECOND to RATE_MAX_BITS_PER_SECOND.
int parse_rate(const char *text, uint64_t *ret_bits_per_second);
int parse_boolean(const char *text, bool *ret);
int parse_unsigned(const char *text, uint64_t min, uint64_t max, uint64_t *ret);
// "10/minute": 1 to 100 per second, minute, hour or day.
int parse_event_rate(const char *text, uint32_t *ret_count, uint32_t *ret_seconds);
// An interface name that the kernel accepts and that is safe in rulesets and below /proc/sys: 1 to 15 printable ASCII
// characters except white space and / : % " ' * \, and not ".", "..", "all" or "default".
bool interface_name_is_valid(const char *name);
// A plane's name: letters, digits, '-', '_', '.', at most 64, not starting with '.' or '-'.
bool plane_name_is_valid(const char *name);

// Writes into the caller's array and returns it. The text is the shortest that parses to exactly the same rate.
const char *format_rate(uint64_t bits_per_second, char ret[static RATE_TEXT_MAX]);
// As an argument of printf; the text lives until the end of the block.
#define RATE_TEXT(rate) format_rate((rate), (char[RATE_TEXT_MAX]){ 0 })

// The unit for parse_event_rate, such as "minute" for 60; NULL for another number of seconds.
const char *event_rate_unit(uint32_t seconds);
