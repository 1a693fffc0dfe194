// The links that tc actions of the host send packets to.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "tc/redirect.h"

#include <linux/pkt_cls.h>
#include <netlink/attr.h>

#include "base/error.h"
#include "base/util.h"
#include "netlink/action.h"
#include "netlink/attribute.h"
#include "netlink/request.h"
#include "netlink/tc-message.h"

static int actions_read(const struct nlmsghdr *header, void *userdata) {
        RedirectList *list = userdata;
        const struct nlattr *attributes[TCA_ROOT_TAB + 1], *action;
        size_t size;

        if (header->nlmsg_type != RTM_GETACTION ||
            attribute_index_message(header, sizeof(struct tcamsg), attributes, TCA_ROOT_TAB) < 0)
                return -EBADMSG;
        const void *actions = attribute_payload(attributes[TCA_ROOT_TAB], &size);
        while ((action = attribute_next(&actions, &size))) {
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
        bool ok = first && nla_put_string(message, TCA_ACT_KIND, ACTION_MIRRED) == 0;

        if (ok) {
                nla_nest_end(message, first);
                nla_nest_end(message, table);
        }
        return message ? tc_message_end(message, ok) : NULL;
}

int redirects_read(Netlink *netlink, RedirectList *ret, Error *ret_error) {
        _cleanup_redirects_ RedirectList list = {};
        Error error = {};

        int r = netlink_query(netlink, actions_message_new(), actions_read, actions_restart, &list, &error);
        // A kernel that was never asked for an action may not know the kind yet.
        if (r == -ENOENT || r == -EOPNOTSUPP || r == -EINVAL)
                return 0;
        if (r < 0)
                return error_set(ret_error, r, "cannot list the actions of filters: %s", error.text);
        *ret = list;
        list = (RedirectList){};
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
