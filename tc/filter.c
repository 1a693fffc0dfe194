// The filters that redirect ingress to the ifb, and those that guard egress where nftables cannot.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// They are bpf filters, with programs of the classic kind (tc/selector.h). A filter that is replaced under its handle
// gets another program and another action in one step. At the egress, a filter without an action lets pass
// what it matches, and the program of the last one drops (TCA_BPF_FLAG_ACT_DIRECT). A program that reads beyond the end
// of a packet gives 0, which is no match; as a decision it would let the packet pass.

#include "tc/filter.h"

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/tc_act/tc_mirred.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <unistd.h>

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

#define PARENT_INGRESS TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS)
#define PARENT_EGRESS TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS)

#define KIND "bpf"

enum {
        // All filters of one priority have the same kind and protocol. Older versions had u32 filters at the first two.
        PRIORITY_OLD_IPV4 = OUR_FILTER_PRIORITY,
        PRIORITY_OLD_IPV6,
        PRIORITY_IPV4,
        PRIORITY_IPV6,
        PRIORITY_ARP,
        PRIORITY_REST, // the last one
};

// A filter in the kernel.
typedef struct Filter {
        FilterObject object; // without the program and the name of the target
        bool is_ours;        // by priority
        bool is_software;    // the kernel changes no filter in place that it may have offloaded to the NIC
        uint16_t priority;
        uint32_t handle;
        char kind[16];
        int target; // the index of the ifb; 0: the action is not ours
} Filter;

static uint16_t priority_of(const FilterObject *filter) {
        switch (filter->protocol) {
        case ETH_P_IPV6:
                return PRIORITY_IPV6;
        case ETH_P_ARP:
                return PRIORITY_ARP;
        case ETH_P_ALL:
                return PRIORITY_REST;
        default:
                return PRIORITY_IPV4;
        }
}

static uint32_t flags_of(const FilterObject *filter) {
        return filter->protocol == ETH_P_ALL ? TCA_BPF_FLAG_ACT_DIRECT : 0;
}

static uint32_t parent_of(const FilterObject *filter) {
        return filter->at_egress ? PARENT_EGRESS : PARENT_INGRESS;
}

static bool is_current(const Filter *filter) {
        return filter->priority == priority_of(&filter->object) && streq(filter->kind, KIND);
}

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

// The kernel gives no instructions for a program that another program loaded by bpf(2), and flags where the program
// itself is the action.
static void program_read(const TcMessage *message, Filter *filter) {
        size_t size;
        const void *program = attribute_payload(attribute_find_nested(message->options, TCA_BPF_OPS), &size);
        uint32_t flags = 0, how = 0;

        (void)attribute_u32(attribute_find_nested(message->options, TCA_BPF_FLAGS_GEN), &flags);
        (void)attribute_u32(attribute_find_nested(message->options, TCA_BPF_FLAGS), &how);
        filter->is_software = flags & TCA_CLS_FLAGS_SKIP_HW;
        if (!program || !filter->is_software || (how & TCA_BPF_FLAG_ACT_DIRECT) != flags_of(&filter->object) ||
            (filter->object.at_egress && action_nest(message)))
                return;
        filter->object.hash = hash_bytes(HASH_INIT, program, size);
        if (!filter->object.at_egress)
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
                .object = { .at_egress = message.header->tcm_parent == PARENT_EGRESS,
                            .protocol = ntohs((uint16_t)TC_H_MIN(message.header->tcm_info)) },
                .is_ours = message.chain == 0 && priority >= PRIORITY_OLD_IPV4 && priority <= PRIORITY_REST,
                .priority = (uint16_t)priority,
                .handle = message.header->tcm_handle,
        };
        strcpy_fixed(filter.kind, message.kind);
        if (filter.is_ours && is_current(&filter))
                program_read(&message, &filter);

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
        return filter->is_ours && filter->object.protocol == key->protocol && filter->object.part == key->part;
}

static Filter *filter_dump_find(const FilterDump *dump, size_t n, const FilterObject *key) {
        for (size_t i = 0; i < n; i++)
                if (filter_has_key(&dump->filters[i], key))
                        return &dump->filters[i];
        return NULL;
}

// The n-th part has the handle n + 1. A filter that is not as created gets the first part that no other has, so that
// the filters of an older version are in force until their successors are.
static void parts_assign(FilterDump *dump) {
        for (size_t i = 0; i < dump->n_filters; i++) {
                Filter *filter = &dump->filters[i];
                bool fits = is_current(filter) && filter->handle > 0 && filter->handle <= UINT16_MAX;
                filter->object.part = fits ? (uint16_t)(filter->handle - 1) : UINT16_MAX;
        }
        for (size_t i = 0; i < dump->n_filters; i++) {
                Filter *filter = &dump->filters[i];
                FilterObject free = { .protocol = filter->object.protocol };

                if (!filter->is_ours || filter->object.part != UINT16_MAX)
                        continue;
                while (free.part < UINT16_MAX && filter_dump_find(dump, dump->n_filters, &free))
                        free.part++;
                filter->object.part = free.part;
        }
}

// Reads the filters in one direction.
static int parts_dump(Netlink *netlink, int ifindex, uint32_t parent, FilterDump *dump, Error *ret_error) {
        int r = filter_dump(netlink, ifindex, parent, dump, ret_error);
        if (r < 0)
                return r;
        parts_assign(dump);
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

int filter_observe(Netlink *netlink, const char *link, int ifindex, bool at_egress, State *state, Error *ret_error) {
        _cleanup_(filter_dump_deinit) FilterDump dump = {};

        int r = parts_dump(netlink, ifindex, at_egress ? PARENT_EGRESS : PARENT_INGRESS, &dump, ret_error);
        for (size_t i = 0; i < dump.n_filters && r == 0; i++) {
                const Filter *filter = &dump.filters[i];
                if (filter->is_ours)
                        r = filter_observe_one(netlink, link, filter, state, ret_error);
        }
        if (r < 0) {
                error_prefix(ret_error, "cannot read the filters of %s", link);
                return r;
        }
        return 0;
}

static struct nl_msg *filter_message_new(uint16_t type, uint16_t flags, int ifindex, const Filter *filter) {
        struct tcmsg header = {
                .tcm_family = AF_UNSPEC,
                .tcm_ifindex = ifindex,
                .tcm_handle = filter->handle,
                .tcm_parent = parent_of(&filter->object),
                .tcm_info = TC_H_MAKE((uint32_t)filter->priority << 16, htons(filter->object.protocol)),
        };
        return tc_message_new(type, flags, &header, filter->kind);
}

static bool action_put(struct nl_msg *message, int target) {
        struct tc_mirred mirred = {
                .action = TC_ACT_STOLEN,
                .eaction = TCA_EGRESS_REDIR,
                .ifindex = (uint32_t)target,
        };
        struct nlattr *actions, *action, *inside;

        if (!(actions = nla_nest_start(message, TCA_BPF_ACT)) || !(action = nla_nest_start(message, 1)) ||
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
        const size_t size = filter->n_instructions * sizeof(*filter->program);

        if (!message)
                return NULL;
        // libnl allocates a page, and no attribute makes it more.
        if (nlmsg_expand(message, (size_t)getpagesize() + size) < 0)
                return tc_message_end(message, false);
        struct nlattr *options = nla_nest_start(message, TCA_OPTIONS);
        bool ok = options && nla_put_u16(message, TCA_BPF_OPS_LEN, (uint16_t)filter->n_instructions) == 0 &&
                  nla_put(message, TCA_BPF_OPS, (int)size, filter->program) == 0 &&
                  nla_put_u32(message, TCA_BPF_FLAGS_GEN, TCA_CLS_FLAGS_SKIP_HW) == 0 &&
                  (!flags_of(filter) || nla_put_u32(message, TCA_BPF_FLAGS, flags_of(filter)) == 0) &&
                  (filter->at_egress || action_put(message, target));
        if (ok)
                nla_nest_end(message, options);
        return tc_message_end(message, ok);
}

static int filter_put(Netlink *netlink, int ifindex, const FilterObject *filter, uint16_t flags, Error *ret_error) {
        Filter new = {
                .object = *filter,
                .priority = priority_of(filter),
                .handle = filter->part + 1U,
                .kind = KIND,
        };
        int target = 0;

        int r = filter->at_egress ? 0 : netlink_link_index(netlink, filter->target, &target, ret_error);
        if (r < 0)
                return r;
        struct nl_msg *message = filter_message_new(RTM_NEWTFILTER, flags, ifindex, &new);
        return netlink_request(netlink, filter_options_put(message, filter, target), ret_error);
}

static int filter_remove(Netlink *netlink, int ifindex, const Filter *filter, Error *ret_error) {
        return netlink_request(netlink, filter_message_new(RTM_DELTFILTER, 0, ifindex, filter), ret_error);
}

int filter_add(Netlink *netlink, int ifindex, const Object *desired, Error *ret_error) {
        int r = filter_put(netlink, ifindex, &desired->as_filter, NLM_F_CREATE | NLM_F_EXCL, ret_error);
        if (r == -ENOENT)
                error_prefix(ret_error, "this kernel has no BPF classifier (CONFIG_NET_CLS_BPF)");
        return r;
}

int filter_change(Netlink *netlink, int ifindex, const Object *desired, const Object *observed, Error *ret_error) {
        _cleanup_(filter_dump_deinit) FilterDump dump = {};

        int r = parts_dump(netlink, ifindex, parent_of(&observed->as_filter), &dump, ret_error);
        if (r < 0)
                return r;
        const Filter *old = filter_dump_find(&dump, dump.n_filters, &observed->as_filter);
        if (!old)
                return error_set(ret_error, -ENOENT, "the filter no longer exists");
        if (old->is_software && old->handle == desired->as_filter.part + 1U)
                return filter_put(netlink, ifindex, &desired->as_filter, 0, ret_error);

        // No filter of another kind can be at the same priority, and none at the same handle.
        if (old->priority == priority_of(&desired->as_filter)) {
                r = filter_remove(netlink, ifindex, old, ret_error);
                return r < 0 ? r : filter_add(netlink, ifindex, desired, ret_error);
        }
        r = filter_add(netlink, ifindex, desired, ret_error);
        return r < 0 ? r : filter_remove(netlink, ifindex, old, ret_error);
}

static bool priority_is_used(const FilterDump *dump, const Filter *by_others_than) {
        for (size_t i = 0; i < dump->n_filters; i++)
                if (dump->filters[i].is_ours && dump->filters[i].priority == by_others_than->priority)
                        return true;
        return false;
}

// The kernel deletes no filter that it cannot announce, and it has a page to do that.
static int filter_shrink(Netlink *netlink, int ifindex, const Filter *filter, Error *ret_error) {
        struct sock_filter nothing = BPF_STMT(BPF_RET | BPF_K, 0);
        FilterObject small = filter->object;

        if (!filter->is_software || flags_of(&small) ||
            (!small.at_egress && netlink_link_name(netlink, filter->target, small.target, ret_error) < 0))
                return 0;
        small.program = &nothing;
        small.n_instructions = 1;
        return filter_put(netlink, ifindex, &small, 0, ret_error);
}

int filter_delete(Netlink *netlink, int ifindex, const Object *observed, Error *ret_error) {
        _cleanup_(filter_dump_deinit) FilterDump dump = {};

        int r = parts_dump(netlink, ifindex, parent_of(&observed->as_filter), &dump, ret_error);
        for (size_t i = 0; i < dump.n_filters && r == 0; i++) {
                Filter *filter = &dump.filters[i];
                if (!filter_has_key(filter, &observed->as_filter))
                        continue;
                filter->is_ours = false;
                // The last filter is deleted with its priority, which would keep its kind and protocol.
                if (priority_is_used(&dump, filter))
                        r = filter_shrink(netlink, ifindex, filter, ret_error);
                else
                        filter->handle = 0;
                if (r == 0)
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
