// HTB classes in the kernel.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// The messages are built by hand, because libnl's htb truncates bursts to whole microseconds: from 10 Gbit/s up its
// default reads back as 0.

#include "tc/class.h"

#include <linux/pkt_sched.h>
#include <netlink/attr.h>

#include "base/error.h"
#include "base/names.h"
#include "base/util.h"
#include "model/object.h"
#include "model/state.h"
#include "netlink/attribute.h"
#include "netlink/request.h"
#include "netlink/tc-message.h"

static struct tc_ratespec ratespec_make(uint64_t bytes_per_second) {
        return (struct tc_ratespec){
                // With a link layer the kernel computes transmission times itself and needs no rate table.
                .linklayer = TC_LINKLAYER_ETHERNET,
                // The kernel uses the larger of this and the 64-bit attribute, so a rate that does not fit here counts.
                .rate = bytes_per_second > UINT32_MAX ? UINT32_MAX : (uint32_t)bytes_per_second,
        };
}

static struct nl_msg *class_message_new(uint16_t type, uint16_t flags, int ifindex, const Object *object) {
        struct tcmsg header = {
                .tcm_family = AF_UNSPEC,
                .tcm_ifindex = ifindex,
                .tcm_handle = object->as_class.classid,
                .tcm_parent = object->as_class.parent,
        };
        return tc_message_new(type, flags, &header, type == RTM_NEWTCLASS ? "htb" : NULL);
}

static struct nl_msg *class_options_put(struct nl_msg *message, const ClassObject *class) {
        struct tc_htb_opt parameters = {
                .rate = ratespec_make(class->rate),
                .ceil = ratespec_make(class->ceil),
                .buffer = class->burst,
                .cbuffer = class->cburst,
                .quantum = class->quantum,
                .prio = class->priority,
        };

        if (!message)
                return NULL;
        struct nlattr *options = nla_nest_start(message, TCA_OPTIONS);
        bool ok = options && nla_put(message, TCA_HTB_PARMS, sizeof(parameters), &parameters) == 0 &&
                  nla_put_u64(message, TCA_HTB_RATE64, class->rate) == 0 &&
                  nla_put_u64(message, TCA_HTB_CEIL64, class->ceil) == 0;
        if (ok)
                nla_nest_end(message, options);
        return tc_message_end(message, ok);
}

static int class_modify(Netlink *netlink, int ifindex, uint16_t flags, const Object *desired, Error *ret_error) {
        struct nl_msg *message = class_message_new(RTM_NEWTCLASS, flags, ifindex, desired);
        return netlink_request(netlink, class_options_put(message, &desired->as_class), ret_error);
}

int class_add(Netlink *netlink, int ifindex, const Object *desired, Error *ret_error) {
        return class_modify(netlink, ifindex, NLM_F_CREATE | NLM_F_EXCL, desired, ret_error);
}

int class_change(Netlink *netlink, int ifindex, const Object *desired, const Object *observed, Error *ret_error) {
        if (desired->as_class.parent != observed->as_class.parent)
                return error_set(ret_error, -EOPNOTSUPP, "the kernel cannot move a class below another parent");
        return class_modify(netlink, ifindex, 0, desired, ret_error);
}

int class_delete(Netlink *netlink, int ifindex, const Object *observed, Error *ret_error) {
        return netlink_request(netlink, class_message_new(RTM_DELTCLASS, 0, ifindex, observed), ret_error);
}

typedef struct ClassDump {
        const char *link;
        State *state;
        size_t n_before;
} ClassDump;

static void class_dump_restart(void *userdata) {
        ClassDump *dump = userdata;
        dump->state->n_objects = dump->n_before;
}

static uint64_t rate_read(const TcMessage *message, uint16_t type, const struct tc_ratespec *spec) {
        uint64_t rate = spec->rate;

        (void)attribute_struct(attribute_find_nested(message->options, type), sizeof(rate), &rate);
        return rate;
}

static int class_dump_handle(const struct nlmsghdr *header, void *userdata) {
        ClassDump *dump = userdata;
        struct tc_htb_opt parameters;
        TcMessage message;

        int r = tc_message_read(header, RTM_NEWTCLASS, &message);
        if (r < 0)
                return r;
        if (!streq(message.kind, "htb") || TC_H_MAJ(message.header->tcm_handle) != OUR_QDISC_HANDLE)
                return 0;
        if (attribute_struct(attribute_find_nested(message.options, TCA_HTB_PARMS), sizeof(parameters), &parameters) <=
            0)
                return -EBADMSG;

        Object object = {
                .kind = OBJECT_CLASS,
                .as_class = {
                        .classid = message.header->tcm_handle,
                        .parent = message.header->tcm_parent,
                        .rate = rate_read(&message, TCA_HTB_RATE64, &parameters.rate),
                        .ceil = rate_read(&message, TCA_HTB_CEIL64, &parameters.ceil),
                        .burst = parameters.buffer,
                        .cburst = parameters.cbuffer,
                        .quantum = parameters.quantum,
                        .priority = parameters.prio,
                },
        };
        strcpy_fixed(object.link, dump->link);
        return state_add(dump->state, &object);
}

int class_observe(Netlink *netlink, const char *link, int ifindex, State *state, Error *ret_error) {
        // With this parent the kernel leaves out the "classes" that fq_codel presents its flows as.
        struct tcmsg header = { .tcm_family = AF_UNSPEC, .tcm_ifindex = ifindex, .tcm_parent = OUR_QDISC_HANDLE };
        ClassDump dump = { .link = link, .state = state, .n_before = state->n_objects };

        int r = netlink_query(netlink, tc_message_new(RTM_GETTCLASS, NLM_F_DUMP, &header, NULL), class_dump_handle,
                              class_dump_restart, &dump, ret_error);
        if (r < 0) {
                error_prefix(ret_error, "cannot read the classes of %s", link);
                return r;
        }
        return 0;
}
