// The keys of NAME.plane files: one table.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "base/util.h"
#include "config/draft.h"
#include "config/plane-config.h"

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

extern const PlaneConfig plane_config_defaults;
const ConfigKey *config_key_find(const char *section, const char *name);
// Another section has the key, or this one has it spelled otherwise.
const ConfigKey *config_key_find_similar(const char *section, const char *name);
const ConfigSection *config_section_find(const char *name, int (*compare)(const char *, const char *));
