// The planes of all files, and the messages about them.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "config/config.h"

#include "base/util.h"
#include "config/plane-config.h"

char *config_printable_copy(const char *text) {
        char *copy = strdup(text);

        return copy ? text_make_printable(copy) : NULL;
}

int config_add_message(Config *config, ConfigSeverity severity, const char *plane, ConfigLocation at,
                       const char *text) {
        if (array_reserve(&config->messages, &config->n_messages_allocated, config->n_messages + 1) < 0)
                return -ENOMEM;

        ConfigMessage *message = &config->messages[config->n_messages++];
        *message = (ConfigMessage){
                .severity = severity,
                .plane = config_printable_copy(plane),
                .path = config_printable_copy(at.path),
                .line = at.line,
                .text = config_printable_copy(text),
        };
        return message->plane && message->path && message->text ? 0 : -ENOMEM;
}

void config_message_print(const ConfigMessage *message, FILE *file) {
        static const char *const names[] = { [CONFIG_WARNING] = "warning", [CONFIG_ERROR] = "error" };

        if (message->line > 0)
                fprintf(file, "%s:%u: %s: %s\n", message->path, message->line, names[message->severity], message->text);
        else
                fprintf(file, "%s: %s: %s\n", message->path, names[message->severity], message->text);
}

Config *config_free(Config *config) {
        if (!config)
                return NULL;

        for (size_t i = 0; i < config->n_planes; i++)
                (void)plane_config_free(config->planes[i]);
        for (size_t i = 0; i < config->n_broken; i++)
                (void)plane_config_free(config->broken[i]);
        for (size_t i = 0; i < config->n_messages; i++) {
                free(config->messages[i].plane);
                free(config->messages[i].path);
                free(config->messages[i].text);
        }
        for (size_t i = 0; i < config->n_prints; i++)
                free(config->prints[i].plane);
        free(config->prints);
        free(config->planes);
        free(config->broken);
        free(config->messages);
        free(config);
        return NULL;
}

const PlaneConfig *config_find(const Config *config, const char *name) {
        for (size_t i = 0; i < config->n_planes; i++)
                if (streq(config->planes[i]->name, name))
                        return config->planes[i];
        return NULL;
}

bool config_is_broken(const Config *config, const char *name) {
        for (size_t i = 0; i < config->n_broken; i++)
                if (streq(config->broken[i]->name, name))
                        return true;
        return false;
}

int config_add_broken(Config *config, const char *name, const char *path, const PlaneConfig *read) {
        if (config_is_broken(config, name))
                return 0;
        if (array_reserve(&config->broken, &config->n_broken_allocated, config->n_broken + 1) < 0)
                return -ENOMEM;

        PlaneConfig *unread = plane_config_new_unread(name, path, read);
        if (!unread)
                return -ENOMEM;
        config->broken[config->n_broken++] = unread;
        return 0;
}

const ConfigMessage *config_find_error(const Config *config, const char *plane) {
        const ConfigMessage *of_directory = NULL;

        for (size_t i = 0; i < config->n_messages; i++) {
                const ConfigMessage *message = &config->messages[i];
                if (message->severity != CONFIG_ERROR)
                        continue;
                if (streq(message->plane, plane))
                        return message;
                if (config->has_unread_directory && !of_directory && streq(message->plane, message->path))
                        of_directory = message;
        }
        return of_directory;
}

int config_add_print(Config *config, const char *plane, uint64_t print) {
        if (array_reserve(&config->prints, &config->n_prints_allocated, config->n_prints + 1) < 0)
                return -ENOMEM;

        char *copy = strdup(plane);
        if (!copy)
                return -ENOMEM;
        config->prints[config->n_prints++] = (ConfigPrint){ .plane = copy, .print = print };
        return 0;
}

uint64_t config_print(const Config *config, const char *plane) {
        for (size_t i = 0; i < config->n_prints; i++)
                if (streq(config->prints[i].plane, plane))
                        return config->prints[i].print;
        return 0;
}

uint64_t config_print_all(const Config *config) {
        uint64_t print = HASH_INIT;

        for (size_t i = 0; i < config->n_prints; i++) {
                print = hash_bytes(print, config->prints[i].plane, strlen(config->prints[i].plane) + 1);
                print = hash_bytes(print, &config->prints[i].print, sizeof(config->prints[i].print));
        }
        return print;
}
