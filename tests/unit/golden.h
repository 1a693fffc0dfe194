// States and plans as text, and planes from text, for golden tests.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "config/config.h"
#include "config/load.h"
#include "model/object.h"
#include "model/state.h"

// The one plane that the text describes; the test fails when it has an error. The Config owns it.
static inline const PlaneConfig *golden_plane(const char *name, const char *text, Config **ret_config) {
        assert_int_equal(config_load_text(name, "blue.plane", text, strlen(text), true, ret_config), 0);
        if ((*ret_config)->n_planes != 1)
                for (size_t i = 0; i < (*ret_config)->n_messages; i++)
                        print_error("%s\n", (*ret_config)->messages[i].text);
        assert_int_equal((*ret_config)->n_planes, 1);
        return (*ret_config)->planes[0];
}

static inline char *golden_state(const State *state) {
        char *text = NULL;
        size_t size;
        FILE *file = open_memstream(&text, &size);

        for (size_t i = 0; i < state->n_objects; i++) {
                object_print(&state->objects[i], file);
                fputc('\n', file);
        }
        fclose(file);
        // The hash of a program depends on the machine's byte order.
        for (char *at = text; (at = strstr(at, " program "));) {
                at += strlen(" program ");
                memset(at, '#', 16);
        }
        return text;
}
