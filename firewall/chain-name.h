// The names of chains and counters: made from a link's name, and parsed back.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// A chain is named "LINK-in", a counter "LINK-in-reason". nft wants a letter first and then letters, digits and "/-_.".
// Every other character of a link's name is spelled as two hex digits: "/40" is '@'. A link's name cannot contain '/',
// so no two links have the same spelling.
#pragma once

#include <net/if.h>

#include "base/util.h"

enum {
        // All with the NUL.
        LINK_SPELLING_MAX = 3 * (IFNAMSIZ - 1) + 3 + 1, // the start, and every character spelled
        CHAIN_NAME_MAX = 64,                            // any link and "-out-elsewhere"
        COUNTER_NAME_MAX = 64,
};

const char *chain_name_spell_link(const char *link, char ret[static LINK_SPELLING_MAX]);

// "LINK-suffix".
const char *chain_name_format(const char *link, const char *suffix, char ret[static CHAIN_NAME_MAX]);
// Whether nft reads the text as a name, so that a command may contain it.
bool chain_name_is_plain(const char *name);
// The plane's link that the chain serves; "" for a chain of all planes, of a parent, or that is not ours.
void chain_name_parse(const char *name, char ret_link[static IFNAMSIZ]);

// The chain at a parent of planes.
#define CHAIN_GUARD "guard"
bool chain_name_is_guard(const char *name);

// "LINK-in-reason" into its parts; false for a name of another form.
bool chain_name_parse_counter(const char *name, char ret_link[static IFNAMSIZ], bool *ret_is_outgoing,
                              const char **ret_reason);
