// The drop-in that SetBandwidth writes.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "config/drop-in.h"

#include <stddef.h>

#include "base/parse.h"
#include "base/text-file.h"
#include "base/util.h"
#include "config/ini.h"

#define SECTION "Bandwidth"
#define PERSISTENT "90-set-bandwidth.conf"
#define RUNTIME "95-set-bandwidth-runtime.conf"

static const struct {
        const char *key;
        size_t offset; // of the DropInRate
} keys[] = {
        { "Egress", offsetof(DropInRates, egress) },
        { "Ingress", offsetof(DropInRates, ingress) },
        { "PerMigration", offsetof(DropInRates, per_migration) },
};

int drop_in_bandwidth_path(const char *directory, const char *plane, bool runtime, char **ret_path) {
        char *path;

        if (asprintf(&path, "%s/%s.plane.d/%s", directory, plane, runtime ? RUNTIME : PERSISTENT) < 0)
                return -ENOMEM;
        *ret_path = path;
        return 0;
}

bool drop_in_is_bandwidth(const char *path) {
        return has_suffix(path, "/" PERSISTENT) || has_suffix(path, "/" RUNTIME);
}

static void rate_print(const char *key, uint64_t rate, FILE *file) {
        char text[RATE_TEXT_MAX];

        // An empty value takes back what the files before this one say.
        fprintf(file, "%s=%s\n", key, rate > 0 ? format_rate(rate, text) : "");
}

int drop_in_bandwidth_text(const DropInRates *rates, char **ret_text) {
        bool is_empty = true;
        char *text = NULL;
        size_t size;

        FILE *file = text_file_open(&text, &size);
        if (!file)
                return -ENOMEM;
        fputs("# Set with SetBandwidth. To undo it: migplanectl set-bandwidth PLANE --reset\n[" SECTION "]\n", file);
        for (size_t i = 0; i < ELEMENTSOF(keys); i++) {
                const DropInRate *rate = (const void *)((const char *)rates + keys[i].offset);
                if (!rate->is_set)
                        continue;
                rate_print(keys[i].key, rate->rate, file);
                is_empty = false;
        }
        if (fclose(file) != 0)
                return -ENOMEM;
        if (is_empty)
                free(TAKE(text));
        *ret_text = text;
        return 0;
}

static void assignment_read(const Ini *ini, DropInRates *rates) {
        for (size_t i = 0; i < ELEMENTSOF(keys); i++) {
                DropInRate *rate = (void *)((char *)rates + keys[i].offset);
                uint64_t value = 0;

                if (streq(ini->name, keys[i].key) && (!ini->value[0] || parse_rate(ini->value, &value) >= 0))
                        *rate = (DropInRate){ .is_set = true, .rate = value };
        }
}

int drop_in_bandwidth_read(const char *text, DropInRates *ret) {
        _cleanup_free_ char *copy = strdup(text);
        bool in_section = false;
        Ini ini;

        if (!copy)
                return -ENOMEM;
        *ret = (DropInRates){};
        ini_init(&ini, copy, strlen(copy));
        for (;;) {
                int r = ini_next(&ini, NULL);
                if (r == INI_END)
                        return 0;
                if (r == INI_SECTION)
                        in_section = streq(ini.name, SECTION);
                else if (r == INI_ASSIGNMENT && in_section)
                        assignment_read(&ini, ret);
        }
}
