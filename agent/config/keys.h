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
        bool is_list;  // items separated by white space, and more with each assignment
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
// All keys, in the order of the manual; NULL behind the last.
const ConfigKey *config_key_at(size_t i);
const ConfigKey *config_key_find(const char *section, const char *name);
// Another section has the key, or this one has it spelled otherwise.
const ConfigKey *config_key_find_similar(const char *section, const char *name);
const ConfigSection *config_section_find(const char *name, int (*compare)(const char *, const char *));

// The list at this offset of the plane. Lists of several types are read and written here, hence copies.
ConfigList config_list_at(const PlaneConfig *plane, size_t offset);
void config_list_store(PlaneConfig *plane, size_t offset, const ConfigList *list);
