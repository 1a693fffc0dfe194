// A chain of the ruleset: its hook, and its text with a hash.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// Priorities: -450 is before the defragmentation of IPv4 (-400) and connection tracking (-200). At the device, -500 is
// before the chains of other programs, and 500 is after them.

#include "firewall/chain.h"

#include <inttypes.h>
#include <linux/netfilter.h>
#include <linux/netfilter_arp.h>
#include <linux/netfilter_bridge.h>

#include "base/text-file.h"
#include "firewall/chain-name.h"

#define HOOK_LINE_PREFIX "type filter hook "

static const ChainHook hooks[] = {
        { RULESET_NETDEV, "in", true, "ingress", NF_NETDEV_INGRESS, -500 },
        { RULESET_NETDEV, "out", true, "egress", NF_NETDEV_EGRESS, 500 },
        { RULESET_NETDEV, CHAIN_GUARD, true, "ingress", NF_NETDEV_INGRESS, -500 },
        { RULESET_INET, "prerouting", false, "prerouting", NF_INET_PRE_ROUTING, -450 },
        { RULESET_INET, "input", false, "input", NF_INET_LOCAL_IN, -450 },
        { RULESET_INET, "forward", false, "forward", NF_INET_FORWARD, -450 },
        { RULESET_INET, "output", false, "output", NF_INET_LOCAL_OUT, -450 },
        { RULESET_ARP, "input", false, "input", NF_ARP_IN, -450 },
        { RULESET_ARP, "output", false, "output", NF_ARP_OUT, -450 },
        { RULESET_BRIDGE, "input", false, "input", NF_BR_LOCAL_IN, -450 },
};

const ChainHook *chain_hook_find(RulesetFamily family, const char *chain) {
        const char *dash = strrchr(chain, '-');

        for (size_t i = 0; i < ELEMENTSOF(hooks); i++)
                if (hooks[i].family == family && hooks[i].is_per_link == (dash != NULL) &&
                    streq(hooks[i].chain, dash ? dash + 1 : chain))
                        return &hooks[i];
        return NULL;
}

bool chain_text_has_hook(const char *text) {
        return strncmp(text, HOOK_LINE_PREFIX, strlen(HOOK_LINE_PREFIX)) == 0;
}

void chain_text_deinit(ChainText *chain) {
        fclose_file(&chain->file);
        free(chain->text);
}

int chain_text_open(ChainText *chain, const char *device) {
        const RulesetObject *ruleset = &chain->object.as_ruleset;
        const ChainHook *hook = chain_hook_find(ruleset->family, ruleset->chain);

        chain->object.kind = OBJECT_RULESET;
        chain->file = text_file_open(&chain->text, &chain->size);
        if (!chain->file)
                return -ENOMEM;
        if (hook && hook->is_per_link)
                fprintf(chain->file, HOOK_LINE_PREFIX "%s device \"%s\" priority %d; policy accept;\n", hook->hook,
                        device, hook->priority);
        else if (hook)
                fprintf(chain->file, HOOK_LINE_PREFIX "%s priority %d; policy accept;\n", hook->hook, hook->priority);
        return 0;
}

int chain_text_add(ChainText *chain, State *state) {
        RulesetObject *ruleset = &chain->object.as_ruleset;
        size_t size;

        if (fclose(TAKE(chain->file)) != 0)
                return -ENOMEM;
        ruleset->hash = hash_bytes(HASH_INIT, chain->text, chain->size);

        FILE *file = text_file_open(&ruleset->text, &size);
        if (!file)
                return -ENOMEM;
        for (const char *line = chain->text; *line; line = strchr(line, '\n') + 1) {
                int length = (int)strcspn(line, "\n");
                if (line == chain->text && chain_text_has_hook(line)) {
                        fprintf(file, "%.*s\n", length, line);
                        continue;
                }
                fprintf(file, "%.*s comment \"" CHAIN_COMMENT_PREFIX "%016" PRIx64 "\"\n", length, line, ruleset->hash);
                ruleset->n_rules++;
        }
        if (fclose(file) != 0) {
                free(ruleset->text);
                return -ENOMEM;
        }
        return state_add(state, &chain->object);
}
