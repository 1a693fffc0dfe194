// A chain of the ruleset: its hook, and its text with a hash.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/util.h"
#include "model/object.h"
#include "model/state.h"

// As the host sees it. The rules of one way mirror those of the other.
typedef enum Way {
        WAY_IN,
        WAY_OUT,
} Way;

typedef struct ChainHook {
        RulesetFamily family;
        const char *chain; // the name of a chain of all planes, or what follows "LINK-"
        bool is_per_link;
        const char *hook;
        uint32_t number; // enum nf_inet_hooks, NF_ARP_*, nf_dev_hooks
        int32_t priority;
} ChainHook;

// The hook of our base chain of that name. NULL: the chain has no hook; other chains jump to it.
const ChainHook *chain_hook_find(RulesetFamily family, const char *chain);

// Whether the first line of the text is the hook's. Every other line is a rule.
bool chain_text_has_hook(const char *text);

// The comment of each of our rules is this and the 16 hex digits of its chain's hash.
#define CHAIN_COMMENT_PREFIX "migplane "

// Way and reason, as in the names of counters and of the chains that report.
#define ELSEWHERE_IN "in-elsewhere"
#define ELSEWHERE_OUT "out-elsewhere"
#define FORWARD_IN "in-forward"
#define FORWARD_OUT "out-forward"
#define TAGS_IN "in-tags"

typedef struct ChainText {
        Object object; // the caller sets family, chain and link
        FILE *file;
        char *text;
        size_t size;
} ChainText;

// Opens the file, and prints the hook's line for a base chain. device is the device of a netdev chain, else NULL. 0 or
// -ENOMEM.
int chain_text_open(ChainText *chain, const char *device);
// Closes the file, puts the hash into a comment of every rule, and adds the chain to the state. 0 or -ENOMEM.
int chain_text_add(ChainText *chain, State *state);

void chain_text_deinit(ChainText *chain);
#define _cleanup_chain_text_ _cleanup_(chain_text_deinit)
