// For the tests of the configuration: a plane, and the messages about a configuration.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/inet.h"
#include "config/check-together.h"
#include "config/config.h"
#include "config/drop-in.h"
#include "config/load.h"

// A plane in four lines.
#define PLANE "[Interface]\nName=mig0\n[Address]\nAddress=172.150.1.5/24\n"

// All messages, one a line.
static inline char *messages_of(const Config *config) {
        char *text = NULL;
        size_t size;

        FILE *file = open_memstream(&text, &size);
        assert_non_null(file);
        for (size_t i = 0; i < config->n_messages; i++)
                config_message_print(&config->messages[i], file);
        assert_int_equal(fclose(file), 0);
        return text;
}

static inline void assert_messages(const Config *config, const char *expected) {
        _cleanup_free_ char *text = messages_of(config);

        assert_string_equal(text, expected);
}

static inline Config *load_sized(const char *text, size_t size) {
        Config *config = NULL;

        assert_int_equal(config_load_text("blue", "blue.plane", text, size, true, &config), 0);
        return config;
}

static inline Config *load(const char *text) {
        return load_sized(text, strlen(text));
}

// The only plane, without messages.
static inline const PlaneConfig *only_plane(const Config *config) {
        assert_messages(config, "");
        assert_int_equal(config->n_planes, 1);
        assert_int_equal(config->n_broken, 0);
        return config->planes[0];
}

// A text, and all messages about it.
typedef struct Case {
        const char *text, *messages;
} Case;

static inline void assert_cases(const Case *cases, size_t n, bool broken) {
        for (size_t i = 0; i < n; i++) {
                _cleanup_config_ Config *config = load(cases[i].text);
                assert_messages(config, cases[i].messages);
                assert_int_equal(config->n_planes, !broken);
                assert_int_equal(config_is_broken(config, "blue"), broken);
                assert_int_equal(config_find(config, "blue") == NULL, broken);
        }
}
