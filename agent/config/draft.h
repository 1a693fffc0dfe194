// What the files of the configuration share: a plane while it is read and checked.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/util.h"
#include "config/config.h"
#include "config/plane-config.h"

typedef struct ConfigDraft {
        Config *config; // takes the messages
        PlaneConfig *plane;
        bool has_ipv6;
        unsigned n_messages, n_errors;
        bool out_of_memory; // kept here, so that reading and checking need no results; who made the draft looks at it
} ConfigDraft;

// A plane of which only the name and the path are known yet; -ENOMEM.
int draft_init(ConfigDraft *draft, Config *config, const char *name, const char *path, bool has_ipv6);
void draft_deinit(ConfigDraft *draft);

// A message about the plane; the text says what was given, what is expected and what to do.
void draft_error(ConfigDraft *draft, ConfigLocation at, const char *format, ...) _printf_(3, 4);
void draft_warning(ConfigDraft *draft, ConfigLocation at, const char *format, ...) _printf_(3, 4);
// A copy of the text that lives as long as the plane; NULL when memory is out.
char *draft_store_text(ConfigDraft *draft, const char *text);
