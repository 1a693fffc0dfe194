// A plane while it is read and checked, and the messages about it.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "config/draft.h"

#include <stdarg.h>

#include "base/text.h"
#include "base/util.h"
#include "config/config.h"
#include "config/plane-config.h"

enum {
        // Of one plane. A file that is not a plane's would otherwise cause a message for every line.
        MESSAGES_MAX = 100,
};

void draft_deinit(ConfigDraft *draft) {
        draft->plane = plane_config_free(draft->plane);
}

char *draft_store_text(ConfigDraft *draft, const char *text) {
        PlaneConfig *plane = draft->plane;
        char *copy =
                array_reserve(&plane->texts, &plane->n_texts_allocated, plane->n_texts + 1) < 0 ? NULL : strdup(text);

        if (copy)
                plane->texts[plane->n_texts++] = copy;
        else
                draft->out_of_memory = true;
        return copy;
}

int draft_init(ConfigDraft *draft, Config *config, const char *name, const char *path, bool has_ipv6) {
        *draft = (ConfigDraft){
                .config = config, .plane = malloc(sizeof(PlaneConfig)), .has_ipv6 = has_ipv6, .print = HASH_INIT
        };
        if (!draft->plane)
                return -ENOMEM;

        *draft->plane = plane_config_defaults;
        draft->plane->name = strdup(name);
        draft->plane->path = draft_store_text(draft, path);
        return draft->plane->name && draft->plane->path ? 0 : -ENOMEM;
}

static void draft_add_message(ConfigDraft *draft, ConfigSeverity severity, ConfigLocation at, const char *text) {
        static const char enough[] = "there are more messages, which are not shown; is this a plane file?";

        if (severity == CONFIG_ERROR)
                draft->n_errors++;
        if (draft->n_messages > MESSAGES_MAX)
                return;
        if (draft->n_messages++ == MESSAGES_MAX)
                text = enough;
        if (config_add_message(draft->config, severity, draft->plane->name, at, text) < 0)
                draft->out_of_memory = true;
}

void draft_error(ConfigDraft *draft, ConfigLocation at, const char *format, ...) {
        char text[1024];
        va_list arguments;

        va_start(arguments, format);
        text_vformat(text, sizeof(text), format, arguments);
        va_end(arguments);
        draft_add_message(draft, CONFIG_ERROR, at, text);
}

void draft_warning(ConfigDraft *draft, ConfigLocation at, const char *format, ...) {
        char text[1024];
        va_list arguments;

        va_start(arguments, format);
        text_vformat(text, sizeof(text), format, arguments);
        va_end(arguments);
        draft_add_message(draft, CONFIG_WARNING, at, text);
}
