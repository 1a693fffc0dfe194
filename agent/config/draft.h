// What the files of the configuration share: a plane while it is read and checked.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "config/config.h"

typedef struct ConfigDraft {
        Config *config; // takes the messages
        PlaneConfig *plane;
        bool has_ipv6;
        unsigned n_messages, n_errors;
        bool out_of_memory; // kept here, so that reading and checking need no results; who made the draft looks at it
} ConfigDraft;

// A message about the plane; the text says what was given, what is expected and what to do.
void draft_error(ConfigDraft *draft, ConfigLocation at, const char *format, ...) _printf_(3, 4);
void draft_warning(ConfigDraft *draft, ConfigLocation at, const char *format, ...) _printf_(3, 4);
// A copy of the text that lives as long as the plane; NULL when memory is out.
char *draft_store_text(ConfigDraft *draft, const char *text);

// Fills target, which has the type of the key's field, or of one item where that is a list. Returns 0, -ENOMEM, or
// -EINVAL or -ERANGE; it may set the error's text where there is more to say than what the table does.
typedef int (*ValueParser)(ConfigDraft *draft, const char *text, void *target, Error *ret_error);

typedef struct ConfigKey {
        const char *section, *key;
        ValueParser parse;
        size_t offset;        // in the PlaneConfig, or in the item of a section that repeats
        size_t size;          // of the value, or of one item of a list
        bool is_list;         // items separated by white space, and more with each assignment
        const char *expected; // completes "expected ..."
} ConfigKey;

// A section that may repeat is a list in the PlaneConfig, and each header begins an item.
typedef struct ConfigSection {
        const char *name;
        size_t item_size; // 0: does not repeat
        size_t offset;
} ConfigSection;

// How every list lies in a PlaneConfig.
typedef struct ConfigList {
        void *items;
        size_t n, n_allocated;
} ConfigList;

// config-keys.c: the table.
extern const PlaneConfig plane_config_defaults;
const ConfigKey *config_key_find(const char *section, const char *name);
// Another section has the key, or this one has it spelled otherwise.
const ConfigKey *config_key_find_similar(const char *section, const char *name);
const ConfigSection *config_section_find(const char *name, int (*compare)(const char *, const char *));

// config-read.c: reads a file's text (NUL-terminated at text[size], cut up on the way) into the plane.
void draft_read_text(ConfigDraft *draft, const char *path, char *text, size_t size);

// config-check.c: checks the plane as a whole and fills in what follows from the rest.
void draft_check(ConfigDraft *draft);

// config-planes.c: sorts the planes, checks them together, moves those that lose to broken, and finds the default.
int config_check_together(Config *config);

// config.c
int config_add_broken(Config *config, const char *name);
