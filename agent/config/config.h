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

typedef struct Config {
        PlaneConfig **planes; // the valid ones, sorted by name; one that is taken out leaves NULL
        size_t n_planes, n_planes_allocated;
        char **broken; // names of planes whose files have an error: they keep what is in force
        size_t n_broken, n_broken_allocated;
        ConfigMessage *messages; // by plane: those of reading, line by line, then those of checking
        size_t n_messages, n_messages_allocated;
} Config;

Config *config_free(Config *config);
static inline void config_freep(Config **config) {
        *config = config_free(*config);
}
#define _cleanup_config_ _cleanup_(config_freep)

const PlaneConfig *config_find(const Config *config, const char *name);
bool config_is_broken(const Config *config, const char *name);
// text: a sentence about the plane; it is made printable. Error: -ENOMEM.
int config_add_message(Config *config, ConfigSeverity severity, const char *plane, ConfigLocation at, const char *text);
int config_add_broken(Config *config, const char *name);

// "PATH:LINE: error: TEXT" and a line feed.
void config_message_print(const ConfigMessage *message, FILE *file);
