// Names of chains and counters, made from a link's name and read back into it.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// A chain is "LINK-in", a counter "LINK-in-reason". What nft does not take in a name (it wants a letter first, then
// letters, digits and "/-_.") is spelled "/40" for '@'. A link's name cannot hold '/', so no two links share a
// spelling.
#pragma once

#include <net/if.h>

#include "base/util.h"

enum {
        CHAIN_NAME_MAX = 40,   // with the NUL
        COUNTER_NAME_MAX = 64, // with the NUL
        LINK_SPELLING_MAX = 3 * IFNAMSIZ + 3,
};

const char *link_name_spell(const char *link, char ret[static LINK_SPELLING_MAX]);

// "LINK-suffix"; -ENAMETOOLONG where more than five characters had to be spelled.
int chain_name_format(const char *link, const char *suffix, char ret[static CHAIN_NAME_MAX]);
// Whether nft reads it as a name, so that it can be put into a command.
bool chain_name_is_plain(const char *name);
// The plane's link that the chain serves; "" for one that serves all planes, or those of a parent, or is none of ours.
void chain_name_parse(const char *name, char ret_link[static IFNAMSIZ]);

// The chain at a parent of planes.
#define CHAIN_GUARD "guard"
bool chain_name_is_guard(const char *name);

// "LINK-in-reason" into its parts; false for a name that is not of that form.
bool counter_name_parse(const char *name, char ret_link[static IFNAMSIZ], bool *ret_is_outgoing,
                        const char **ret_reason);
