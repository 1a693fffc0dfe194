// The texts of a ruleset's chains, for golden tests.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/inet.h"
#include "base/util.h"
#include "firewall/ruleset.h"
#include "golden.h"

#define MAC                                \
        {                                  \
                { 0x02, 0, 0, 0, 0, 0x05 } \
        }

// The chain's text, without the comments; "" when there is no such chain.
static inline char *chain_text(const State *state, RulesetFamily family, const char *chain) {
        char *text = NULL;
        size_t size;
        FILE *file = open_memstream(&text, &size);

        for (size_t i = 0; i < state->n_objects; i++) {
                const RulesetObject *ruleset = &state->objects[i].as_ruleset;
                if (ruleset->family != family || !streq(ruleset->chain, chain))
                        continue;
                for (const char *line = ruleset->text; *line; line = strchr(line, '\n') + 1) {
                        const char *comment = strstr(line, " comment \"migplane ");
                        const char *end = strchr(line, '\n');
                        fprintf(file, "%.*s\n", (int)((comment && comment < end ? comment : end) - line), line);
                }
        }
        fclose(file);
        return text;
}

static inline void assert_chain(const State *state, RulesetFamily family, const char *chain, const char *expected) {
        _cleanup_free_ char *text = chain_text(state, family, chain);
        assert_string_equal(text, expected);
}

static inline void assert_has(const State *state, RulesetFamily family, const char *chain, const char *line) {
        _cleanup_free_ char *text = chain_text(state, family, chain);
        if (!strstr(text, line))
                fail_msg("%s has no\n%s\nbut\n%s", chain, line, text);
}

static inline void derive(const char *text, RulesetPlane plane, Config **ret_config, State *ret_state) {
        plane.plane = golden_plane("blue", text, ret_config);
        assert_int_equal(ruleset_derive(&plane, 1, ret_state), 0);
        state_sort(ret_state);
}

static _unused_ const RulesetPlane there = { .device_exists = true, .has_mac = true, .mac = MAC };

#define IPV4_PLANE \
        "[Interface]\nName=mig0\nKind=device\n[Address]\nAddress=192.0.2.5/24\n[Isolation]\nPeers=192.0.2.0/28\n"
