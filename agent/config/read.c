// Reads the text of a file into a plane, by the table of keys.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "config/read.h"

#include <strings.h>

#include "base/error.h"
#include "base/util.h"
#include "config/draft.h"
#include "config/ini.h"
#include "config/keys.h"
#include "config/plane-config.h"

// The reader's position in a file.
typedef struct Reader {
        ConfigDraft *draft;
        const ConfigSection *section; // NULL: none yet, or an unknown one
        bool in_section;
        void *base;  // of the offsets of the section's keys
        size_t item; // the number of the section among those of its name
        ConfigLocation at;
} Reader;

static int record_origin(Reader *reader, const char *key, size_t item) {
        PlaneConfig *plane = reader->draft->plane;

        if (array_reserve(&plane->origins, &plane->n_origins_allocated, plane->n_origins + 1) < 0)
                return -ENOMEM;
        plane->origins[plane->n_origins++] = (ConfigOrigin){ reader->section->name, key, item, reader->at };
        return 0;
}

// Appends to the list at this offset of the plane. Returns the new item, or NULL when out of memory.
static void *list_append(PlaneConfig *plane, size_t offset, const void *item, size_t size, size_t *ret_index) {
        ConfigList list = config_list_at(plane, offset);

        if (array_reserve_bytes(&list.items, &list.n_allocated, list.n + 1, size) < 0)
                return NULL;
        void *place = (char *)list.items + list.n * size;
        memcpy(place, item, size);
        *ret_index = list.n++;
        config_list_store(plane, offset, &list);
        return place;
}

static void list_clear(PlaneConfig *plane, size_t offset) {
        ConfigList list = config_list_at(plane, offset);

        list.n = 0;
        config_list_store(plane, offset, &list);
}

static void report_value(Reader *reader, const ConfigKey *key, const char *text, int r, const Error *error) {
        const char *hint = strstr(text, " #") || strstr(text, " ;") || text[0] == '#' || text[0] == ';'
                                   ? "; a comment stands on a line of its own"
                                   : "";

        if (r == -ENOMEM)
                reader->draft->out_of_memory = true;
        else if (error->text[0] != '\0')
                draft_error(reader->draft, reader->at, "%s=%.100s: %s%s", key->key, text, error->text, hint);
        else
                draft_error(reader->draft, reader->at, "%s=%.100s is %s; expected %s%s", key->key, text,
                            r == -ERANGE ? "out of range" : "not understood", key->type->expected, hint);
}

// An empty assignment empties a list and gives a value its default.
static void reset(Reader *reader, const ConfigKey *key) {
        static const char zero[64];
        _Static_assert(sizeof(zero) >= sizeof(PlaneRoute) && sizeof(zero) >= sizeof(PlanePeer), "too few zeros");

        if (key->is_list) {
                list_clear(reader->draft->plane, key->offset);
                return;
        }
        memcpy((char *)reader->base + key->offset,
               reader->section->item_size > 0 ? zero : (const char *)&plane_config_defaults + key->offset, key->size);
        if (record_origin(reader, key->key, reader->item) < 0)
                reader->draft->out_of_memory = true;
}

static int assign_item(Reader *reader, const ConfigKey *key, const char *word, Error *ret_error) {
        _Alignas(max_align_t) char item[64] = { 0 };
        _Static_assert(sizeof(item) >= sizeof(PlaneAddress), "too small for an item");
        size_t index;

        int r = key->type->read(reader->draft, word, item, ret_error);
        if (r < 0)
                return r;
        if (!list_append(reader->draft->plane, key->offset, item, key->size, &index))
                return -ENOMEM;
        return record_origin(reader, key->key, index);
}

static int assign_value(Reader *reader, const ConfigKey *key, const char *value, Error *ret_error) {
        int r = key->type->read(reader->draft, value, (char *)reader->base + key->offset, ret_error);

        return r < 0 ? r : record_origin(reader, key->key, reader->item);
}

static void assign(Reader *reader, const ConfigKey *key, char *value) {
        if (value[0] == '\0') {
                reset(reader, key);
                return;
        }

        char *rest, *word = key->is_list ? strtok_r(value, " \t\r\n", &rest) : value;
        while (word) {
                Error error = { 0 };
                int r = (key->is_list ? assign_item : assign_value)(reader, key, word, &error);
                if (r < 0)
                        report_value(reader, key, word, r, &error);
                word = key->is_list ? strtok_r(NULL, " \t\r\n", &rest) : NULL;
        }
}

static void warn_unknown_key(Reader *reader, const char *name) {
        const ConfigKey *similar = config_key_find_similar(reader->section->name, name);

        if (similar)
                draft_warning(reader->draft, reader->at,
                              "unknown key %.100s= in [%s] is ignored; did you mean %s= in [%s]?", name,
                              reader->section->name, similar->key, similar->section);
        else
                draft_warning(reader->draft, reader->at,
                              "unknown key %.100s= in [%s] is ignored; see migplane.plane(5)", name,
                              reader->section->name);
}

static void warn_unknown_section(Reader *reader, const char *name) {
        const ConfigSection *similar = config_section_find_similar(name);

        if (similar)
                draft_warning(reader->draft, reader->at, "unknown section [%.100s] is ignored; did you mean [%s]?",
                              name, similar->name);
        else
                draft_warning(reader->draft, reader->at, "unknown section [%.100s] is ignored; see migplane.plane(5)",
                              name);
}

// Names that begin with X- are for other programs, as in systemd.unit(5).
static bool is_foreign(const char *name) {
        return strncmp(name, "X-", 2) == 0;
}

static void read_section(Reader *reader, const char *name) {
        static const char zero[64];
        PlaneConfig *plane = reader->draft->plane;

        reader->in_section = true;
        reader->section = config_section_find(name);
        if (!reader->section) {
                if (!is_foreign(name))
                        warn_unknown_section(reader, name);
                return;
        }

        reader->base = plane;
        reader->item = 0;
        if (reader->section->item_size > 0)
                reader->base =
                        list_append(plane, reader->section->offset, zero, reader->section->item_size, &reader->item);
        if (!reader->base || record_origin(reader, "", reader->item) < 0) {
                reader->draft->out_of_memory = true;
                reader->section = NULL;
        }
}

static void read_assignment(Reader *reader, const char *name, char *value) {
        if (!reader->in_section) {
                draft_error(reader->draft, reader->at, "%.100s= is before the first section; put it below a [Section]",
                            name);
                return;
        }
        if (!reader->section || is_foreign(name))
                return;

        const ConfigKey *key = config_key_find(reader->section->name, name);
        if (key)
                assign(reader, key, value);
        else
                warn_unknown_key(reader, name);
}

void draft_read_text(ConfigDraft *draft, const char *path, char *text, size_t size) {
        Reader reader = { .draft = draft, .at.path = draft_store_text(draft, path) };
        Ini ini;

        ini_init(&ini, text, size);
        while (!draft->out_of_memory) {
                Error error;
                int r = ini_next(&ini, &error);
                if (r == INI_END)
                        break;
                reader.at.line = ini.line;
                if (r < 0)
                        draft_error(draft, reader.at, "%s", error.text);
                else if (r == INI_SECTION)
                        read_section(&reader, ini.name);
                else
                        read_assignment(&reader, ini.name, ini.value);
        }
}
