// A chain of the ruleset: where it hangs, and its text with its hash.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/util.h"
#include "model/object.h"
#include "model/state.h"

// Where a chain hangs.
typedef struct RulesetHook {
        RulesetFamily family;
        const char *chain; // name of a chain that serves all planes, or what follows "LINK-"
        bool is_per_link;
        const char *hook;
        uint32_t number; // enum nf_inet_hooks, NF_ARP_*, nf_dev_hooks
        int32_t priority;
} RulesetHook;

// Every base chain that we make; NULL: a chain of that name is reached from others.
const RulesetHook *ruleset_hook_find(RulesetFamily family, const char *chain);

// Whether a text's first line is the hook's. Every other line is a rule.
bool ruleset_text_has_hook(const char *text);

// Every rule bears a comment: this, and the 16 hex digits of its chain's hash.
#define RULESET_COMMENT_PREFIX "migplane "

// Way and reason, as counters and the chains that report say it.
#define ELSEWHERE_IN "in-elsewhere"
#define ELSEWHERE_OUT "out-elsewhere"
#define FORWARD_IN "in-forward"
#define FORWARD_OUT "out-forward"
#define TAGS_IN "in-tags"

typedef struct ChainText {
        Object object; // family, chain and link are for the caller to set
        FILE *file;
        char *text;
        size_t size;
} ChainText;

// Starts a text, with the hook's line for a base chain; device is the device of a netdev chain, else NULL. 0 or -ENOMEM.
int chain_text_open(ChainText *chain, const char *device);
// Ends the text, puts its hash into a comment of every rule, and adds the chain. 0 or -ENOMEM.
int chain_text_add(ChainText *chain, State *state);

void chain_text_deinit(ChainText *chain);
#define _cleanup_chain_text_ _cleanup_(chain_text_deinit)
