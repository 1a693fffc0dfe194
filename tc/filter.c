// The filters that redirect ingress to the ifb.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// They are u32 filters, because every kernel that we know has u32. A filter that is replaced under its handle gets
// another action in one step, but the kernel ignores the keys in that request.

#include "tc/filter.h"

#include <arpa/inet.h>
#include <linux/pkt_cls.h>
#include <linux/tc_act/tc_mirred.h>
#include <netlink/attr.h>

#include "base/error.h"
#include "base/inet.h"
#include "base/names.h"
#include "base/util.h"
#include "model/object.h"
#include "model/state.h"
#include "netlink/action.h"
#include "netlink/attribute.h"
#include "netlink/request.h"
#include "netlink/tc-message.h"
#include "tc/selector.h"

#define PARENT_INGRESS TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS)
#define PARENT_EGRESS TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS)

enum {
        // All filters of one priority have the same protocol.
        PRIORITY_IPV4 = OUR_FILTER_PRIORITY,
        PRIORITY_IPV6 = OUR_FILTER_PRIORITY + 1,
};

// A filter in the kernel.
typedef struct Filter {
        FilterObject object; // without the name of the target
        bool is_ours;        // by priority
        uint32_t handle;
        char kind[16];
        int target; // the index of the ifb; 0: the action is not ours
} Filter;

typedef struct FilterDump {
        Filter *filters;
        size_t n_filters, n_allocated;
} FilterDump;

static void filter_dump_deinit(FilterDump *dump) {
        free(dump->filters);
}

static void filter_dump_restart(void *userdata) {
        FilterDump *dump = userdata;
        dump->n_filters = 0;
}

// The index of the link that the filter redirects to; 0: it has another action, or more than one.
static int target_read(const TcMessage *message) {
        size_t size;
        const void *actions = attribute_payload(action_nest(message), &size);
        const struct nlattr *first = attribute_next(&actions, &size), *second = attribute_next(&actions, &size);
        struct tc_mirred mirred;

        if (second || !action_mirred(first, &mirred) || mirred.eaction != TCA_EGRESS_REDIR ||
            mirred.action != TC_ACT_STOLEN)
                return 0;
        return (int)mirred.ifindex;
}

static void u32_read(const TcMessage *message, Filter *filter) {
        static const uint16_t conditions[] = { TCA_U32_LINK, TCA_U32_INDEV, TCA_U32_MARK };
        size_t size;

        for (size_t i = 0; i < ELEMENTSOF(conditions); i++)
                if (attribute_find_nested(message->options, conditions[i]))
                        return;
        const void *selector = attribute_payload(attribute_find_nested(message->options, TCA_U32_SEL), &size);
        if (selector && selector_read(selector, size, &filter->object))
                filter->target = target_read(message);
}

static int filter_dump_handle(const struct nlmsghdr *header, void *userdata) {
        FilterDump *dump = userdata;
        TcMessage message;

        int r = tc_message_read(header, RTM_NEWTFILTER, &message);
        if (r < 0)
                return r;
        if (!tc_message_is_filter(&message))
                return 0;

        uint32_t priority = TC_H_MAJ(message.header->tcm_info) >> 16;
        Filter filter = {
                .object.priority = (uint16_t)priority,
                .object.protocol = ntohs((uint16_t)TC_H_MIN(message.header->tcm_info)),
                .is_ours = message.chain == 0 && (priority == PRIORITY_IPV4 || priority == PRIORITY_IPV6),
                .handle = message.header->tcm_handle,
        };
        strcpy_fixed(filter.kind, message.kind);
        if (filter.is_ours && streq(message.kind, "u32"))
                u32_read(&message, &filter);

        r = array_reserve(&dump->filters, &dump->n_allocated, dump->n_filters + 1);
        if (r < 0)
                return r;
        dump->filters[dump->n_filters++] = filter;
        return 0;
}

static int filter_dump(Netlink *netlink, int ifindex, uint32_t parent, FilterDump *dump, Error *ret_error) {
        struct tcmsg header = { .tcm_family = AF_UNSPEC, .tcm_ifindex = ifindex, .tcm_parent = parent };
        return netlink_query(netlink, tc_message_new(RTM_GETTFILTER, NLM_F_DUMP, &header, NULL), filter_dump_handle,
                             filter_dump_restart, dump, ret_error);
}

static bool filter_has_key(const Filter *filter, const FilterObject *key) {
        const FilterObject *object = &filter->object;

        return filter->is_ours && object->priority == key->priority && object->protocol == key->protocol &&
               address_compare(&object->address, &key->address) == 0;
}

static Filter *filter_dump_find(const FilterDump *dump, size_t n, const FilterObject *key) {
        for (size_t i = 0; i < n; i++)
                if (filter_has_key(&dump->filters[i], key))
                        return &dump->filters[i];
        return NULL;
}

// Reads the filters at ingress. Of two filters for one address only the first has an effect. The other loses its
// address here, so that it counts as superfluous.
static int ingress_dump(Netlink *netlink, int ifindex, FilterDump *dump, Error *ret_error) {
        int r = filter_dump(netlink, ifindex, PARENT_INGRESS, dump, ret_error);
        if (r < 0)
                return r;
        for (size_t i = 0; i < dump->n_filters; i++)
                if (filter_dump_find(dump, i, &dump->filters[i].object)) {
                        dump->filters[i].object.address = (Address){};
                        dump->filters[i].target = 0;
                }
        return 0;
}

static int filter_observe_one(Netlink *netlink, const char *link, const Filter *filter, State *state,
                              Error *ret_error) {
        Object object = { .kind = OBJECT_FILTER, .as_filter = filter->object };

        strcpy_fixed(object.link, link);
        if (filter->target > 0) {
                // An ifb that no longer exists leaves the target empty.
                int r = netlink_link_name(netlink, filter->target, object.as_filter.target, ret_error);
                if (r < 0 && r != -ENODEV)
                        return r;
        }
        if (state_add(state, &object) < 0)
                return error_set(ret_error, -ENOMEM, "out of memory");
        return 0;
}

int filter_observe(Netlink *netlink, const char *link, int ifindex, State *state, Error *ret_error) {
        _cleanup_(filter_dump_deinit) FilterDump dump = {};

        int r = ingress_dump(netlink, ifindex, &dump, ret_error);
        for (size_t i = 0; i < dump.n_filters && r == 0; i++) {
                const Filter *filter = &dump.filters[i];
                if (filter->is_ours && !filter_dump_find(&dump, i, &filter->object))
                        r = filter_observe_one(netlink, link, filter, state, ret_error);
        }
        if (r < 0) {
                error_prefix(ret_error, "cannot read the filters of %s", link);
                return r;
        }
        return 0;
}

static struct nl_msg *filter_message_new(uint16_t type, uint16_t flags, int ifindex, const FilterObject *filter,
                                         uint32_t handle, const char *kind) {
        struct tcmsg header = {
                .tcm_family = AF_UNSPEC,
                .tcm_ifindex = ifindex,
                .tcm_handle = handle,
                .tcm_parent = PARENT_INGRESS,
                .tcm_info = TC_H_MAKE((uint32_t)filter->priority << 16, htons(filter->protocol)),
        };
        return tc_message_new(type, flags, &header, kind);
}

static bool action_put(struct nl_msg *message, int target) {
        struct tc_mirred mirred = {
                .action = TC_ACT_STOLEN,
                .eaction = TCA_EGRESS_REDIR,
                .ifindex = (uint32_t)target,
        };
        struct nlattr *actions, *action, *inside;

        if (!(actions = nla_nest_start(message, TCA_U32_ACT)) || !(action = nla_nest_start(message, 1)) ||
            nla_put_string(message, TCA_ACT_KIND, ACTION_MIRRED) < 0 ||
            !(inside = nla_nest_start(message, TCA_ACT_OPTIONS)) ||
            nla_put(message, TCA_MIRRED_PARMS, sizeof(mirred), &mirred) < 0)
                return false;
        nla_nest_end(message, inside);
        nla_nest_end(message, action);
        nla_nest_end(message, actions);
        return true;
}

static struct nl_msg *filter_options_put(struct nl_msg *message, const FilterObject *filter, int target) {
        if (!message)
                return NULL;

        Selector selector = selector_make(filter);
        struct nlattr *options = nla_nest_start(message, TCA_OPTIONS);
        bool ok = options && nla_put(message, TCA_U32_SEL, (int)selector_size(&selector), &selector) == 0 &&
                  nla_put_u32(message, TCA_U32_FLAGS, TCA_CLS_FLAGS_SKIP_HW) == 0 && action_put(message, target);
        if (ok)
                nla_nest_end(message, options);
        return tc_message_end(message, ok);
}

// handle: of the filter that gets another action; 0: a new filter is added.
static int filter_put(Netlink *netlink, int ifindex, const FilterObject *filter, uint32_t handle, Error *ret_error) {
        uint16_t flags = handle == 0 ? NLM_F_CREATE | NLM_F_EXCL : 0;
        int target;

        int r = netlink_link_index(netlink, filter->target, &target, ret_error);
        if (r < 0)
                return r;
        struct nl_msg *message = filter_message_new(RTM_NEWTFILTER, flags, ifindex, filter, handle, "u32");
        return netlink_request(netlink, filter_options_put(message, filter, target), ret_error);
}

static int filter_remove(Netlink *netlink, int ifindex, const Filter *filter, Error *ret_error) {
        struct nl_msg *message =
                filter_message_new(RTM_DELTFILTER, 0, ifindex, &filter->object, filter->handle, filter->kind);
        return netlink_request(netlink, message, ret_error);
}

int filter_add(Netlink *netlink, int ifindex, const Object *desired, Error *ret_error) {
        return filter_put(netlink, ifindex, &desired->as_filter, 0, ret_error);
}

int filter_change(Netlink *netlink, int ifindex, const Object *desired, const Object *observed, Error *ret_error) {
        _cleanup_(filter_dump_deinit) FilterDump dump = {};

        int r = ingress_dump(netlink, ifindex, &dump, ret_error);
        if (r < 0)
                return r;
        const Filter *old = filter_dump_find(&dump, dump.n_filters, &observed->as_filter);
        if (!old)
                return error_set(ret_error, -ENOENT, "the filter no longer exists");

        if (memcmp(&old->object.mac, &desired->as_filter.mac, sizeof(old->object.mac)) == 0)
                return filter_put(netlink, ifindex, &desired->as_filter, old->handle, ret_error);
        r = filter_put(netlink, ifindex, &desired->as_filter, 0, ret_error);
        return r < 0 ? r : filter_remove(netlink, ifindex, old, ret_error);
}

static bool priority_is_used(const FilterDump *dump, const Filter *by_others_than) {
        for (size_t i = 0; i < dump->n_filters; i++)
                if (dump->filters[i].is_ours && dump->filters[i].object.priority == by_others_than->object.priority)
                        return true;
        return false;
}

int filter_delete(Netlink *netlink, int ifindex, const Object *observed, Error *ret_error) {
        _cleanup_(filter_dump_deinit) FilterDump dump = {};

        int r = ingress_dump(netlink, ifindex, &dump, ret_error);
        for (size_t i = 0; i < dump.n_filters && r == 0; i++) {
                Filter *filter = &dump.filters[i];
                if (!filter_has_key(filter, &observed->as_filter))
                        continue;
                filter->is_ours = false;
                // The last filter is deleted with its priority: an empty hash table of u32 would keep the protocol.
                if (!priority_is_used(&dump, filter))
                        filter->handle = 0;
                r = filter_remove(netlink, ifindex, filter, ret_error);
        }
        return r;
}

int filter_count(Netlink *netlink, int ifindex, size_t *ret_ours, size_t *ret_foreign, Error *ret_error) {
        static const uint32_t parents[] = { PARENT_INGRESS, PARENT_EGRESS };
        size_t ours = 0, foreign = 0;

        for (size_t p = 0; p < ELEMENTSOF(parents); p++) {
                _cleanup_(filter_dump_deinit) FilterDump dump = {};
                int r = filter_dump(netlink, ifindex, parents[p], &dump, ret_error);
                if (r < 0)
                        return r;
                for (size_t i = 0; i < dump.n_filters; i++)
                        if (dump.filters[i].is_ours)
                                ours++;
                        else
                                foreign++;
        }
        *ret_ours = ours;
        *ret_foreign = foreign;
        return 0;
}
