// What others have hung into traffic control.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "tc/foreign-filters.h"

#include <linux/pkt_cls.h>
#include <linux/tc_act/tc_mirred.h>
#include <netlink/attr.h>

#include "base/error.h"
#include "base/util.h"
#include "netlink/attribute.h"
#include "netlink/request.h"
#include "tc/tcmsg.h"

#define MIRRED "mirred"

// --- actions ---

// The index of the link that an action sends to; 0: it is no mirred.
static int action_target(const struct nlattr *action) {
        const void *inside = nla_data(action);
        size_t size = (size_t)nla_len(action);
        const struct nlattr *kind = attribute_find(inside, size, TCA_ACT_KIND);
        const struct nlattr *options = attribute_find(inside, size, TCA_ACT_OPTIONS);
        struct tc_mirred mirred;

        if (!kind || nla_strcmp(kind, MIRRED) != 0 || !options)
                return 0;
        const void *parameters =
                tc_attribute_data(nla_data(options), (size_t)nla_len(options), TCA_MIRRED_PARMS, sizeof(mirred));
        if (!parameters)
                return 0;
        memcpy(&mirred, parameters, sizeof(mirred));
        return (int)mirred.ifindex;
}

// A nest of actions, numbered from 1, or in a dump from 0.
static const struct nlattr *action_next(const void **nest, size_t *left) {
        const struct nlattr *action = *nest;

        if (*left < sizeof(*action) || action->nla_len < sizeof(*action) || action->nla_len > *left)
                return NULL;
        size_t step = NLA_ALIGN(action->nla_len);
        *nest = (const char *)*nest + (step < *left ? step : *left);
        *left -= step < *left ? step : *left;
        return action;
}

static int actions_read(const struct nlmsghdr *header, void *userdata) {
        RedirectList *list = userdata;
        const struct nlattr *action;

        if (header->nlmsg_type != RTM_GETACTION || header->nlmsg_len < NLMSG_LENGTH(sizeof(struct tcamsg)))
                return -EBADMSG;
        const char *attributes = (const char *)NLMSG_DATA(header) + NLMSG_ALIGN(sizeof(struct tcamsg));
        const struct nlattr *table =
                attribute_find(attributes, header->nlmsg_len - NLMSG_SPACE(sizeof(struct tcamsg)), TCA_ROOT_TAB);
        if (!table)
                return 0;

        const void *at = nla_data(table);
        size_t left = (size_t)nla_len(table);
        while ((action = action_next(&at, &left))) {
                int target = action_target(action);
                if (target <= 0)
                        continue;
                if (array_reserve(&list->targets, &list->n_allocated, list->n_targets + 1) < 0)
                        return -ENOMEM;
                list->targets[list->n_targets++] = target;
        }
        return 0;
}

static void actions_restart(void *userdata) {
        ((RedirectList *)userdata)->n_targets = 0;
}

static struct nl_msg *actions_message_new(void) {
        struct tcamsg header = { .tca_family = AF_UNSPEC };
        struct nl_msg *message = netlink_message_new(RTM_GETACTION, NLM_F_DUMP, &header, sizeof(header));
        struct nlattr *table = message ? nla_nest_start(message, TCA_ACT_TAB) : NULL;
        struct nlattr *first = table ? nla_nest_start(message, 1) : NULL;
        bool ok = first && nla_put_string(message, TCA_ACT_KIND, MIRRED) == 0;

        if (ok) {
                nla_nest_end(message, first);
                nla_nest_end(message, table);
        }
        return message ? tc_message_end(message, ok) : NULL;
}

int redirects_read(Netlink *netlink, RedirectList *ret, Error *ret_error) {
        _cleanup_redirects_ RedirectList list = {};

        int r = netlink_query(netlink, actions_message_new(), actions_read, actions_restart, &list, ret_error);
        // Where nobody has asked for an action yet, the kernel may not know what one is.
        if (r < 0 && r != -ENOENT && r != -EOPNOTSUPP && r != -EINVAL) {
                error_prefix(ret_error, "cannot list the actions of filters");
                return r;
        }
        if (r >= 0) {
                *ret = list;
                list = (RedirectList){};
        }
        return 0;
}

size_t redirects_count(const RedirectList *list, int target) {
        size_t n = 0;

        for (size_t i = 0; i < list->n_targets; i++)
                n += list->targets[i] == target;
        return n;
}

void redirects_deinit(RedirectList *list) {
        free(list->targets);
        *list = (RedirectList){};
}

// --- filters ---

typedef struct FilterSearch {
        int target;
        bool sends;
        size_t n_filters;
} FilterSearch;

// Where each kind keeps its actions.
static const struct {
        const char *kind;
        uint16_t actions;
} kinds[] = {
        { "u32", TCA_U32_ACT },   { "matchall", TCA_MATCHALL_ACT }, { "flower", TCA_FLOWER_ACT }, { "bpf", TCA_BPF_ACT },
        { "basic", TCA_BASIC_ACT }, { "fw", TCA_FW_ACT },             { "flow", TCA_FLOW_ACT },     { "cgroup", TCA_CGROUP_ACT },
};

static bool options_send_to(const TcMessage *message, int target) {
        for (size_t i = 0; i < ELEMENTSOF(kinds); i++) {
                const struct nlattr *nest, *action;
                if (strcmp(message->kind, kinds[i].kind) != 0 ||
                    !(nest = attribute_find(message->options, message->options_size, kinds[i].actions)))
                        continue;
                const void *at = nla_data(nest);
                size_t left = (size_t)nla_len(nest);
                while ((action = action_next(&at, &left)))
                        if (action_target(action) == target)
                                return true;
        }
        return false;
}

static int filter_read(const struct nlmsghdr *header, void *userdata) {
        FilterSearch *search = userdata;
        TcMessage message;

        int r = tc_message_read(header, RTM_NEWTFILTER, &message);
        if (r < 0)
                return r;
        if (!tc_message_is_filter(&message))
                return 0;
        search->n_filters++;
        search->sends |= options_send_to(&message, search->target);
        return 0;
}

static int filters_search(Netlink *netlink, int ifindex, uint32_t parent, FilterSearch *search, Error *ret_error) {
        struct tcmsg header = { .tcm_family = AF_UNSPEC, .tcm_ifindex = ifindex, .tcm_parent = parent };

        return netlink_query(netlink, tc_message_new(RTM_GETTFILTER, NLM_F_DUMP, &header, NULL), filter_read, NULL, search,
                             ret_error);
}

int filter_sends_to(Netlink *netlink, int ifindex, int target, Error *ret_error) {
        static const uint32_t parents[] = {
                TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS), TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS), 0,
        };
        FilterSearch search = { .target = target };
        int r = 0;

        for (size_t i = 0; i < ELEMENTSOF(parents) && r >= 0; i++)
                r = filters_search(netlink, ifindex, parents[i], &search, ret_error);
        return r < 0 ? r : search.sends;
}

static void search_restart(void *userdata) {
        ((FilterSearch *)userdata)->n_filters = 0;
}

int filter_count_at_root(Netlink *netlink, int ifindex, size_t *ret, Error *ret_error) {
        struct tcmsg header = { .tcm_family = AF_UNSPEC, .tcm_ifindex = ifindex };
        FilterSearch search = {};

        int r = netlink_query(netlink, tc_message_new(RTM_GETTFILTER, NLM_F_DUMP, &header, NULL), filter_read,
                              search_restart, &search, ret_error);
        if (r >= 0)
                *ret = search.n_filters;
        return r;
}
