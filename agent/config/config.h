// The planes of all files, and the messages about them.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <stdio.h>

#include "base/util.h"
#include "config/plane-config.h"

typedef enum ConfigSeverity {
        CONFIG_WARNING,
        CONFIG_ERROR,
} ConfigSeverity;

typedef struct ConfigMessage {
        ConfigSeverity severity;
        char *plane; // the plane, or the file's name if that is not a plane's
        char *path;
        unsigned line; // 0: the file or plane as a whole
        char *text;
} ConfigMessage;

// A hash of the texts that a plane was read from.
typedef struct ConfigPrint {
        char *plane;
        uint64_t print;
} ConfigPrint;

typedef struct Config {
        PlaneConfig **planes; // the valid ones, sorted by name; one that is taken out leaves NULL
        size_t n_planes, n_planes_allocated;
        // Those whose files have an error, as plane_config_new_unread makes them: they keep what is in force. A
        // directory that cannot be read is one of them, named by its path, because it may hold planes.
        PlaneConfig **broken;
        size_t n_broken, n_broken_allocated;
        bool has_unread_directory;
        ConfigPrint *prints; // of the planes that have files, broken ones too
        size_t n_prints, n_prints_allocated;
        ConfigMessage *messages; // by plane: those of reading, line by line, then those of checking
        size_t n_messages, n_messages_allocated;
} Config;

Config *config_free(Config *config);
static inline void config_freep(Config **config) {
        *config = config_free(*config);
}
#define _cleanup_config_ _cleanup_(config_freep)

// A copy, see text_make_printable; NULL: out of memory.
char *config_printable_copy(const char *text);

const PlaneConfig *config_find(const Config *config, const char *name);
bool config_is_broken(const Config *config, const char *name);
// text: a sentence about the plane; it is made printable. Error: -ENOMEM.
int config_add_message(Config *config, ConfigSeverity severity, const char *plane, ConfigLocation at, const char *text);
// read: what could be read of the plane; NULL: nothing. A name that is broken already stays as it is. Error: -ENOMEM.
int config_add_broken(Config *config, const char *name, const char *path, const PlaneConfig *read);
// The first error of the plane's files, or else the one of a directory that cannot be read; NULL: there is none.
const ConfigMessage *config_find_error(const Config *config, const char *plane);
int config_add_print(Config *config, const char *plane, uint64_t print);
// Another text has another print, except for the drop-ins of SetBandwidth, which do not count. 0: the plane has no
// file.
uint64_t config_print(const Config *config, const char *plane);
uint64_t config_print_all(const Config *config);

// "PATH:LINE: error: TEXT" and a line feed.
void config_message_print(const ConfigMessage *message, FILE *file);
