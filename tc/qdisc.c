// Qdiscs in the kernel.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "tc/qdisc.h"

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
#include "tc/filter.h"

#define HANDLE_ASIDE 0x6d7f0000U // during a replacement

enum {
        HTB_VERSION = 3, // the only one that the kernel accepts
        HTB_R2Q = 10,    // not used, because every class has a quantum; the kernel refuses 0
};

static int htb_options_put(struct nl_msg *message, const QdiscObject *qdisc) {
        struct tc_htb_glob init = {
                .version = HTB_VERSION,
                .rate2quantum = HTB_R2Q,
                .defcls = qdisc->default_class,
        };
        int r = nla_put(message, TCA_HTB_INIT, sizeof(init), &init);
        return r < 0 ? r : nla_put_u32(message, TCA_HTB_DIRECT_QLEN, qdisc->limit);
}

static void htb_options_read(const TcMessage *message, QdiscObject *qdisc) {
        struct tc_htb_glob init;

        if (attribute_struct(attribute_find_nested(message->options, TCA_HTB_INIT), sizeof(init), &init) > 0)
                qdisc->default_class = init.defcls;
        qdisc->limit = UINT32_MAX;
        (void)attribute_u32(attribute_find_nested(message->options, TCA_HTB_DIRECT_QLEN), &qdisc->limit);
}

static int fq_codel_options_put(struct nl_msg *message, const QdiscObject *qdisc) {
        return nla_put_u32(message, TCA_FQ_CODEL_LIMIT, qdisc->limit);
}

static void fq_codel_options_read(const TcMessage *message, QdiscObject *qdisc) {
        (void)attribute_u32(attribute_find_nested(message->options, TCA_FQ_CODEL_LIMIT), &qdisc->limit);
}

// The options of pfifo are a bare structure and no nest.
static void pfifo_options_read(const TcMessage *message, QdiscObject *qdisc) {
        struct tc_fifo_qopt options;

        if (attribute_struct(message->options, sizeof(options), &options) > 0)
                qdisc->limit = options.limit;
}

static const struct QdiscForm {
        const char *kind;
        int (*options_put)(struct nl_msg *message, const QdiscObject *qdisc); // into the nest; NULL: no nest
        void (*options_read)(const TcMessage *message, QdiscObject *qdisc);
} forms[] = {
        [QDISC_HTB] = { "htb", htb_options_put, htb_options_read },
        [QDISC_CLSACT] = { "clsact", NULL, NULL },
        [QDISC_FQ_CODEL] = { "fq_codel", fq_codel_options_put, fq_codel_options_read },
        [QDISC_PFIFO] = { "pfifo", NULL, pfifo_options_read },
};

static struct nl_msg *qdisc_message_new(uint16_t type, uint16_t flags, int ifindex, const QdiscObject *qdisc,
                                        const char *kind) {
        struct tcmsg header = {
                .tcm_family = AF_UNSPEC,
                .tcm_ifindex = ifindex,
                .tcm_handle = qdisc->handle,
                .tcm_parent = qdisc->parent,
        };
        return tc_message_new(type, flags, &header, kind);
}

static struct nl_msg *qdisc_options_put(struct nl_msg *message, const QdiscObject *qdisc) {
        bool ok = true;

        if (!message)
                return NULL;
        if (qdisc->type == QDISC_PFIFO) {
                struct tc_fifo_qopt options = { .limit = qdisc->limit };
                ok = nla_put(message, TCA_OPTIONS, sizeof(options), &options) == 0;
        } else if (forms[qdisc->type].options_put) {
                struct nlattr *options = nla_nest_start(message, TCA_OPTIONS);
                ok = options && forms[qdisc->type].options_put(message, qdisc) == 0;
                if (ok)
                        nla_nest_end(message, options);
        }
        return tc_message_end(message, ok);
}

static int qdisc_modify(Netlink *netlink, int ifindex, uint16_t flags, const QdiscObject *qdisc, Error *ret_error) {
        struct nl_msg *message = qdisc_message_new(RTM_NEWQDISC, flags, ifindex, qdisc, forms[qdisc->type].kind);
        return netlink_request(netlink, qdisc_options_put(message, qdisc), ret_error);
}

int qdisc_add(Netlink *netlink, int ifindex, const Object *desired, Error *ret_error) {
        return qdisc_modify(netlink, ifindex, NLM_F_CREATE | NLM_F_EXCL, &desired->as_qdisc, ret_error);
}

int qdisc_change(Netlink *netlink, int ifindex, const Object *desired, const Object *observed, Error *ret_error) {
        const QdiscObject *d = &desired->as_qdisc, *o = &observed->as_qdisc;

        if (o->handle != d->handle)
                return qdisc_modify(netlink, ifindex, NLM_F_CREATE | NLM_F_REPLACE, d, ret_error);
        if (o->type == d->type && d->type != QDISC_HTB)
                return qdisc_modify(netlink, ifindex, 0, d, ret_error);

        // The kernel does not replace a qdisc by one with the same handle, so a second handle is used in between. Each
        // step is atomic, and an HTB without classes passes no packet.
        QdiscObject aside = *d;
        aside.handle = HANDLE_ASIDE;
        int r = qdisc_modify(netlink, ifindex, NLM_F_CREATE | NLM_F_REPLACE, &aside, ret_error);
        return r < 0 ? r : qdisc_modify(netlink, ifindex, NLM_F_CREATE | NLM_F_REPLACE, d, ret_error);
}

int qdisc_delete(Netlink *netlink, int ifindex, const Object *observed, Error *ret_error) {
        const QdiscObject *qdisc = &observed->as_qdisc;

        if (qdisc->type == QDISC_CLSACT) {
                size_t ours, foreign;
                int r = filter_count(netlink, ifindex, &ours, &foreign, ret_error);
                if (r < 0 || foreign > 0)
                        return r;
        }
        int r = netlink_request(netlink, qdisc_message_new(RTM_DELQDISC, 0, ifindex, qdisc, NULL), ret_error);
        // Another qdisc has taken the place meanwhile; the handle in the request protects it.
        return r == -EINVAL ? -ENOENT : r;
}

static void qdisc_type_read(const TcMessage *message, QdiscObject *qdisc) {
        for (size_t i = 0; i < ELEMENTSOF(forms); i++)
                if (streq(message->kind, forms[i].kind)) {
                        qdisc->type = (QdiscType)i;
                        if (forms[i].options_read)
                                forms[i].options_read(message, qdisc);
                        return;
                }
        // "ingress" is the older clsact, without egress. It serves our filters as well and may hold other programs'.
        qdisc->type = streq(message->kind, "ingress") ? QDISC_CLSACT : QDISC_FOREIGN;
        strcpy_fixed(qdisc->foreign, message->kind);
}

typedef struct QdiscGet {
        bool found;
        QdiscObject qdisc;
} QdiscGet;

static int qdisc_get_handle(const struct nlmsghdr *header, void *userdata) {
        QdiscGet *get = userdata;
        TcMessage message;

        int r = tc_message_read(header, RTM_NEWQDISC, &message);
        if (r < 0)
                return r;
        // The kernel's default qdiscs have no handle.
        if (message.header->tcm_handle == 0)
                return 0;
        get->found = true;
        get->qdisc = (QdiscObject){ .parent = message.header->tcm_parent, .handle = message.header->tcm_handle };
        qdisc_type_read(&message, &get->qdisc);
        return 0;
}

// Reads the qdisc at a parent. 1: there is one; 0: there is none, or the kernel's default. This is a get and not a
// dump, because a dump covers all links and a hypervisor has thousands of taps.
static int qdisc_get(Netlink *netlink, int ifindex, uint32_t parent, QdiscObject *ret, Error *ret_error) {
        struct tcmsg header = { .tcm_family = AF_UNSPEC, .tcm_ifindex = ifindex, .tcm_parent = parent };
        QdiscGet get = {};
        Error error = {};

        // Without NLM_F_ECHO the answer goes to the multicast group only.
        int r = netlink_query(netlink, tc_message_new(RTM_GETQDISC, NLM_F_ECHO, &header, NULL), qdisc_get_handle, NULL,
                              &get, &error);
        // ENOENT: there is no clsact or no such class. EINVAL: the kernel hides the qdisc, as for a link that never was
        // up and for the default below a class. Before Linux 6.8 it sends no answer about those.
        if (r == -ENOENT || r == -EINVAL)
                return 0;
        if (r < 0)
                return error_set(ret_error, r, "%s", error.text);
        if (get.found)
                *ret = get.qdisc;
        return get.found;
}

int qdisc_get_root(Netlink *netlink, int ifindex, QdiscObject *ret, Error *ret_error) {
        return qdisc_get(netlink, ifindex, TC_H_ROOT, ret, ret_error);
}

static bool qdisc_is_our_htb(const QdiscObject *qdisc) {
        return qdisc->type == QDISC_HTB && qdisc->handle == OUR_QDISC_HANDLE;
}

typedef struct QdiscObserver {
        Netlink *netlink;
        const char *link;
        int ifindex;
        const State *desired;
        State *state;
} QdiscObserver;

static bool has_object(const State *state, const char *link, ObjectKind kind) {
        for (size_t i = 0; i < state->n_objects; i++)
                if (streq(state->objects[i].link, link) && (kind == OBJECT_KIND_MAX || state->objects[i].kind == kind))
                        return true;
        return false;
}

// The device was a plane's: its chains are still there, and nothing is desired on it. They go last.
static bool is_being_left(const QdiscObserver *observer) {
        return has_object(observer->state, observer->link, OBJECT_RULESET) &&
               !has_object(observer->desired, observer->link, OBJECT_KIND_MAX);
}

// 1: a clsact that we no longer need is ours to delete. It has no mark except the filters in it, and after a kill
// between the deletion of these and its own not even that.
static int clsact_is_ours(const QdiscObserver *observer, Error *ret_error) {
        size_t ours, foreign;
        int r = filter_count(observer->netlink, observer->ifindex, &ours, &foreign, ret_error);
        return r < 0 ? r : foreign == 0 && (ours > 0 || is_being_left(observer));
}

static int qdisc_is_wanted(const QdiscObserver *observer, const Object *object, Error *ret_error) {
        const QdiscObject *qdisc = &object->as_qdisc;

        if (state_find(observer->desired, object) || qdisc_is_our_htb(qdisc))
                return 1;
        return qdisc->type == QDISC_CLSACT ? clsact_is_ours(observer, ret_error) : 0;
}

// Adds the qdisc at a parent if it concerns us. 1: it was added.
static int qdisc_observe_at(const QdiscObserver *observer, ObjectKind kind, uint32_t parent, Error *ret_error) {
        Object object = { .kind = kind };
        strcpy_fixed(object.link, observer->link);

        int r = qdisc_get(observer->netlink, observer->ifindex, parent, &object.as_qdisc, ret_error);
        if (r <= 0)
                return r;
        r = qdisc_is_wanted(observer, &object, ret_error);
        if (r <= 0)
                return r;
        if (state_add(observer->state, &object) < 0)
                return error_set(ret_error, -ENOMEM, "out of memory");
        return 1;
}

static int leaves_observe(const QdiscObserver *observer, Error *ret_error) {
        for (size_t i = 0; i < observer->desired->n_objects; i++) {
                const Object *leaf = &observer->desired->objects[i];
                if (leaf->kind != OBJECT_LEAF || !streq(leaf->link, observer->link))
                        continue;
                int r = qdisc_observe_at(observer, OBJECT_LEAF, leaf->as_qdisc.parent, ret_error);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int tree_observe(const QdiscObserver *observer, Error *ret_error) {
        int r = qdisc_observe_at(observer, OBJECT_QDISC, TC_H_CLSACT, ret_error);
        if (r < 0)
                return r;
        r = qdisc_observe_at(observer, OBJECT_QDISC, TC_H_ROOT, ret_error);
        if (r <= 0)
                return r;
        const Object *root = &observer->state->objects[observer->state->n_objects - 1];
        return qdisc_is_our_htb(&root->as_qdisc) ? leaves_observe(observer, ret_error) : 0;
}

int qdisc_observe(Netlink *netlink, const char *link, int ifindex, const State *desired, State *state,
                  Error *ret_error) {
        const QdiscObserver observer = {
                .netlink = netlink,
                .link = link,
                .ifindex = ifindex,
                .desired = desired,
                .state = state,
        };

        int r = tree_observe(&observer, ret_error);
        if (r < 0) {
                error_prefix(ret_error, "cannot read the qdiscs of %s", link);
                return r;
        }
        return 0;
}

// An fq_codel that the kernel refuses.
static struct nl_msg *impossible_message_new(int ifindex) {
        const struct tcmsg header = {
                .tcm_family = AF_UNSPEC,
                .tcm_ifindex = ifindex,
                .tcm_parent = TC_H_ROOT,
                .tcm_handle = OUR_LEAF_HANDLE,
        };
        // NLM_F_REPLACE, so that the kernel does not refuse because lo has a qdisc already. That qdisc stays, because
        // the request is always refused: the kernel allows at most 65,536 flows.
        struct nl_msg *message = tc_message_new(RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE, &header, "fq_codel");
        if (!message)
                return NULL;

        struct nlattr *options = nla_nest_start(message, TCA_OPTIONS);
        bool ok = options && nla_put_u32(message, TCA_FQ_CODEL_FLOWS, UINT32_MAX) == 0;
        if (ok)
                nla_nest_end(message, options);
        return tc_message_end(message, ok);
}

int qdisc_probe_leaf(Netlink *netlink, QdiscType *ret_type, Error *ret_error) {
        Error error = {};
        int lo;

        int r = netlink_link_index(netlink, "lo", &lo, ret_error);
        if (r < 0)
                return r;
        r = netlink_request(netlink, impossible_message_new(lo), &error);
        if (r != -EINVAL && r != -ENOENT)
                return error_set(ret_error, r < 0 ? r : -EPROTO, "cannot find out whether the kernel has fq_codel: %s",
                                 r < 0 ? error.text : "it accepted a request that it should refuse");
        *ret_type = r == -EINVAL ? QDISC_FQ_CODEL : QDISC_PFIFO;
        return 0;
}
