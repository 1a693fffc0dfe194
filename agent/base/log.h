// Log lines to standard error, with the syslog level in front if the journal reads them.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <syslog.h>

#include "base/util.h"

void log_set_max_level(int level);
int log_get_max_level(void);
// The line is made printable. Library-like code does not log: it returns an Error.
void log_line(int level, const char *format, ...) _printf_(2, 3);

#define log_debug(...) log_line(LOG_DEBUG, __VA_ARGS__)
#define log_info(...) log_line(LOG_INFO, __VA_ARGS__)
#define log_notice(...) log_line(LOG_NOTICE, __VA_ARGS__)
#define log_warning(...) log_line(LOG_WARNING, __VA_ARGS__)
#define log_error(...) log_line(LOG_ERR, __VA_ARGS__)

// Whether standard error is the journal. JOURNAL_STREAM names the journal's socket; it is also inherited by a process
// whose standard error is redirected, hence the comparison.
bool log_is_journal(void);

const char *log_level_to_string(int level);
// 0 to 7, or -EINVAL.
int log_level_from_string(const char *name);
