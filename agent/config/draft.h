// A plane while it is read and checked, and the messages about it.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/util.h"
#include "config/config.h"
#include "config/plane-config.h"

typedef struct ConfigDraft {
        Config *config; // takes the messages
        PlaneConfig *plane;
        bool has_ipv6;
        bool is_elsewhere; // the plane is for another host: this one's users are not its own
        uint64_t print;    // of what was read, see config_print
        unsigned n_messages, n_errors;
        bool out_of_memory; // set here, so that reading and checking return nothing; the owner of the draft tests it
} ConfigDraft;

// Starts a plane with its name and path, and defaults for the rest. Error: -ENOMEM.
int draft_init(ConfigDraft *draft, Config *config, const char *name, const char *path, bool has_ipv6);
void draft_deinit(ConfigDraft *draft);

// Adds a message about the plane. The text says what is set, what is expected and what to do.
void draft_error(ConfigDraft *draft, ConfigLocation at, const char *format, ...) _printf_(3, 4);
void draft_warning(ConfigDraft *draft, ConfigLocation at, const char *format, ...) _printf_(3, 4);
// A copy of the text that lives as long as the plane; NULL when out of memory.
char *draft_store_text(ConfigDraft *draft, const char *text);
