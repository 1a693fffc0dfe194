// The keys of NAME.plane files: one table.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/util.h"
#include "config/plane-config.h"
#include "config/values.h"

typedef struct ConfigKey {
        const char *section, *key;
        const ValueType *type;
        size_t offset; // in the PlaneConfig, or in the item of a section that repeats
        size_t size;   // of the value, or of one item of a list
        bool is_list;  // items separated by white space; each assignment adds to it
} ConfigKey;

// A section that may repeat is a list in the PlaneConfig: each header starts an item.
typedef struct ConfigSection {
        const char *name;
        size_t item_size; // 0: does not repeat
        size_t offset;
} ConfigSection;

// The layout of every list in a PlaneConfig.
typedef struct ConfigList {
        void *items;
        size_t n, n_allocated;
} ConfigList;

// The key number i, in the order of the manual; NULL after the last.
const ConfigKey *config_key_at(size_t i);
const ConfigKey *config_key_find(const char *section, const char *name);
// Whether a name may be a mistyped form of a known one.
bool config_name_is_similar(const char *name, const char *known);
// The key or section that was probably meant: it differs in upper and lower case, or by two letters at most. A key is
// preferably of this section. NULL if there is none.
const ConfigKey *config_key_find_similar(const char *section, const char *name);
const ConfigSection *config_section_find_similar(const char *name);
const ConfigSection *config_section_find(const char *name);

// Reads and writes the list at this offset of the plane. The items are of several types, hence copies instead of
// pointers.
ConfigList config_list_at(const PlaneConfig *plane, size_t offset);
void config_list_store(PlaneConfig *plane, size_t offset, const ConfigList *list);
