// What a plane shows, as one table: Describe and the bus are served from it.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <limits.h>

#include "base/util.h"
#include "planes/plane.h"

// Of a path and a line number.
enum { PROPERTY_TEXT_MAX = PATH_MAX + 16 };

typedef enum PropertyKind {
        PROPERTY_TEXT,      // text
        PROPERTY_NUMBER,    // number
        PROPERTY_REASONS,   // of health
        PROPERTY_ADDRESSES, // that the device has, with their prefix lengths
        PROPERTY_SENT,      // bytes
        PROPERTY_RECEIVED,  // bytes
        PROPERTY_DROPS,     // dropped frames, by reason
        PROPERTY_OFFENDERS, // who sent them
        PROPERTY_EDITED,    // whether its files differ from what was read
} PropertyKind;

typedef struct Property {
        const char *name;
        const char *signature; // D-Bus's: "s", "t", "a(ss)"
        PropertyKind kind;
        PlaneChange changes; // after which it may be another; 0: it never changes, or is a counter
        bool is_counter;     // read when somebody asks, and not announced
        const char *(*text)(const Plane *plane, char text[static PROPERTY_TEXT_MAX]);
        uint64_t (*number)(const Plane *plane);
} Property;

const Property *properties_all(size_t *ret_n);
// NULL: there is none of that name.
const Property *properties_find(const char *name);
