// Actions of traffic control.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "netlink/action.h"

#include <linux/pkt_cls.h>

#include "base/util.h"
#include "netlink/attribute.h"
#include "netlink/tc-message.h"

// Classifiers that Linux 6.3 retired; newer headers lack them.
enum {
        RSVP_ACT = 6,
        TCINDEX_ACT = 7,
};

const struct nlattr *action_nest(const TcMessage *filter) {
        // Each kind of filter keeps its actions in an attribute of its own.
        static const struct {
                const char *kind;
                uint16_t attribute;
        } kinds[] = {
                { "basic", TCA_BASIC_ACT },  { "bpf", TCA_BPF_ACT },           { "cgroup", TCA_CGROUP_ACT },
                { "flow", TCA_FLOW_ACT },    { "flower", TCA_FLOWER_ACT },     { "fw", TCA_FW_ACT },
                { "route", TCA_ROUTE4_ACT }, { "matchall", TCA_MATCHALL_ACT }, { "rsvp", RSVP_ACT },
                { "rsvp6", RSVP_ACT },       { "tcindex", TCINDEX_ACT },       { "u32", TCA_U32_ACT },
        };

        for (size_t i = 0; i < ELEMENTSOF(kinds); i++)
                if (streq(filter->kind, kinds[i].kind))
                        return attribute_find_nested(filter->options, kinds[i].attribute);
        return NULL;
}

bool action_mirred(const struct nlattr *action, struct tc_mirred *ret) {
        const struct nlattr *options = attribute_find_nested(action, TCA_ACT_OPTIONS);
        const char *kind;

        return attribute_string(attribute_find_nested(action, TCA_ACT_KIND), &kind) && streq(kind, ACTION_MIRRED) &&
               attribute_struct(attribute_find_nested(options, TCA_MIRRED_PARMS), sizeof(*ret), ret) > 0;
}

int action_target(const struct nlattr *action) {
        struct tc_mirred mirred;

        return action_mirred(action, &mirred) ? (int)mirred.ifindex : 0;
}
