// Filters that other programs added.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "tc/foreign-filters.h"

#include <linux/pkt_cls.h>

#include "base/error.h"
#include "base/util.h"
#include "netlink/action.h"
#include "netlink/attribute.h"
#include "netlink/request.h"
#include "netlink/tc-message.h"

typedef struct FilterSearch {
        int target;
        bool sends;
        size_t n_filters;
} FilterSearch;

static bool filter_sends_to(const TcMessage *filter, int target) {
        const struct nlattr *action;
        size_t size;
        const void *actions = attribute_payload(action_nest(filter), &size);

        while ((action = attribute_next(&actions, &size)))
                if (action_target(action) == target)
                        return true;
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
        search->sends |= filter_sends_to(&message, search->target);
        return 0;
}

static void search_restart(void *userdata) {
        FilterSearch *search = userdata;

        search->sends = false;
        search->n_filters = 0;
}

static int filters_search(Netlink *netlink, int ifindex, uint32_t parent, FilterSearch *search, Error *ret_error) {
        struct tcmsg header = { .tcm_family = AF_UNSPEC, .tcm_ifindex = ifindex, .tcm_parent = parent };

        return netlink_query(netlink, tc_message_new(RTM_GETTFILTER, NLM_F_DUMP, &header, NULL), filter_read,
                             search_restart, search, ret_error);
}

int foreign_filters_send_to(Netlink *netlink, int ifindex, int target, Error *ret_error) {
        static const uint32_t parents[] = {
                TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS),
                TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS),
                0,
        };

        for (size_t i = 0; i < ELEMENTSOF(parents); i++) {
                FilterSearch search = { .target = target };
                int r = filters_search(netlink, ifindex, parents[i], &search, ret_error);
                if (r < 0)
                        return r;
                if (search.sends)
                        return 1;
        }
        return 0;
}

int foreign_filters_count_at_root(Netlink *netlink, int ifindex, size_t *ret, Error *ret_error) {
        FilterSearch search = {};

        int r = filters_search(netlink, ifindex, 0, &search, ret_error);
        if (r < 0)
                return r;
        *ret = search.n_filters;
        return 0;
}
