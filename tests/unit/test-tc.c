// Traffic control: what is read of the kernel's qdiscs, classes, filters and actions, and what is asked of it.
// SPDX-License-Identifier: GPL-2.0-or-later

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/tc_act/tc_gact.h>
#include <linux/tc_act/tc_mirred.h>

#include "base/names.h"
#include "model/object.h"
#include "model/state.h"
#include "tc/class.h"
#include "tc/filter.h"
#include "tc/foreign-filters.h"
#include "tc/qdisc.h"
#include "tc/redirect.h"

#include "fake-kernel.h"

#define INGRESS TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS)
#define EGRESS TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_EGRESS)

enum {
        TC_SIZE = sizeof(struct tcmsg),
        OLD_HANDLE = 0x80000800,
        PRIORITY = OUR_FILTER_PRIORITY + 2,
        FOREIGN_HANDLE = 0x13890000
};

static const struct tcmsg *request_tc(size_t i) {
        return request_header(i);
}

// --- the kernel's messages ---

static void put_action(uint16_t number, const char *kind, int action, int direction, uint32_t target) {
        const struct tc_mirred mirred = { .action = action, .eaction = direction, .ifindex = target };
        struct nlattr *nest = mnl_attr_nest_start(fake.last, number);

        mnl_attr_put_strz(fake.last, TCA_ACT_KIND, kind);
        struct nlattr *options = mnl_attr_nest_start(fake.last, TCA_ACT_OPTIONS);
        mnl_attr_put(fake.last, TCA_MIRRED_PARMS, sizeof(mirred), &mirred);
        mnl_attr_nest_end(fake.last, options);
        mnl_attr_nest_end(fake.last, nest);
}

static struct sock_filter program[] = { BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 26), BPF_STMT(BPF_RET | BPF_K, 1) };

static const FilterObject our_filter = {
        .protocol = ETH_P_IP,
        .program = program,
        .n_instructions = ELEMENTSOF(program),
        .target = "ifb-mig0",
};

static struct tcmsg filter_header(uint32_t parent, uint16_t priority, uint16_t protocol, uint32_t handle) {
        return (struct tcmsg){
                .tcm_ifindex = MIG0,
                .tcm_parent = parent,
                .tcm_handle = handle,
                .tcm_info = TC_H_MAKE((uint32_t)priority << 16, htons(protocol)),
        };
}

typedef struct FilterMessage {
        uint32_t handle;
        const char *action;
        int verdict, direction, target;
        bool has_second;
        bool is_action; // the program decides itself what becomes of the packet
        bool is_loaded; // by bpf(2)
        bool may_be_in_hardware;
} FilterMessage;

static void put_filter(const FilterMessage *filter) {
        const struct tcmsg header = filter_header(INGRESS, PRIORITY, ETH_P_IP, filter->handle);

        mnl_attr_put_strz(message_begin(RTM_NEWTFILTER, &header, TC_SIZE), TCA_KIND, "bpf");
        mnl_attr_put_u32(fake.last, TCA_CHAIN, 0);
        struct nlattr *options = mnl_attr_nest_start(fake.last, TCA_OPTIONS);
        if (filter->is_loaded)
                mnl_attr_put_strz(fake.last, TCA_BPF_NAME, "other");
        else
                mnl_attr_put(fake.last, TCA_BPF_OPS, sizeof(program), program);
        mnl_attr_put_u32(fake.last, TCA_BPF_FLAGS_GEN,
                         TCA_CLS_FLAGS_NOT_IN_HW | (filter->may_be_in_hardware ? 0 : TCA_CLS_FLAGS_SKIP_HW));
        if (filter->is_action)
                mnl_attr_put_u32(fake.last, TCA_BPF_FLAGS, TCA_BPF_FLAG_ACT_DIRECT);
        struct nlattr *actions = mnl_attr_nest_start(fake.last, TCA_BPF_ACT);
        put_action(1, filter->action, filter->verdict, filter->direction, (uint32_t)filter->target);
        if (filter->has_second)
                put_action(2, "gact", TC_ACT_OK, 0, 0);
        mnl_attr_nest_end(fake.last, actions);
        mnl_attr_nest_end(fake.last, options);
        message_end();
}

// A filter of ours, after what else the kernel sends about its priority.
static void put_our_filter(uint32_t handle, int target) {
        const struct tcmsg empty = filter_header(INGRESS, PRIORITY, ETH_P_IP, 0);

        mnl_attr_put_strz(message_begin(RTM_NEWTFILTER, &empty, TC_SIZE), TCA_KIND, "bpf");
        message_end();
        put_filter(&(FilterMessage){ handle, "mirred", TC_ACT_STOLEN, TCA_EGRESS_REDIR, target });
}

// Of an older version, at its priority; or something else at ours.
static void put_u32_filter(uint16_t priority) {
        const struct tcmsg empty = filter_header(INGRESS, priority, ETH_P_IP, 0x80000000);
        const struct tcmsg header = filter_header(INGRESS, priority, ETH_P_IP, OLD_HANDLE);
        static const struct tc_u32_sel selector;

        mnl_attr_put_strz(message_begin(RTM_NEWTFILTER, &empty, TC_SIZE), TCA_KIND, "u32");
        struct nlattr *options = mnl_attr_nest_start(fake.last, TCA_OPTIONS);
        mnl_attr_put_u32(fake.last, TCA_U32_DIVISOR, 1);
        mnl_attr_nest_end(fake.last, options);
        message_end();

        mnl_attr_put_strz(message_begin(RTM_NEWTFILTER, &header, TC_SIZE), TCA_KIND, "u32");
        options = mnl_attr_nest_start(fake.last, TCA_OPTIONS);
        mnl_attr_put(fake.last, TCA_U32_SEL, sizeof(selector), &selector);
        struct nlattr *actions = mnl_attr_nest_start(fake.last, TCA_U32_ACT);
        put_action(1, "mirred", TC_ACT_STOLEN, TCA_EGRESS_REDIR, IFB_MIG0);
        mnl_attr_nest_end(fake.last, actions);
        mnl_attr_nest_end(fake.last, options);
        message_end();
}

// Another program's: two actions, the second of which mirrors to target. Its priority comes first.
static void put_foreign_filter(uint32_t parent, int target) {
        const struct tcmsg empty = filter_header(parent, 1, ETH_P_ALL, 0),
                           header = filter_header(parent, 1, ETH_P_ALL, 1);
        static const uint8_t mac[ETH_ALEN];

        mnl_attr_put_strz(message_begin(RTM_NEWTFILTER, &empty, TC_SIZE), TCA_KIND, "flower");
        message_end();
        mnl_attr_put_strz(message_begin(RTM_NEWTFILTER, &header, TC_SIZE), TCA_KIND, "flower");
        struct nlattr *options = mnl_attr_nest_start(fake.last, TCA_OPTIONS);
        // Numbered as the divisor of u32, which makes a hash table of a filter.
        assert_int_equal(TCA_FLOWER_KEY_ETH_DST, TCA_U32_DIVISOR);
        mnl_attr_put(fake.last, TCA_FLOWER_KEY_ETH_DST, sizeof(mac), mac);
        struct nlattr *actions = mnl_attr_nest_start(fake.last, TCA_FLOWER_ACT);
        put_action(1, "gact", TC_ACT_PIPE, 0, 0);
        put_action(2, "mirred", TC_ACT_PIPE, TCA_EGRESS_MIRROR, (uint32_t)target);
        mnl_attr_nest_end(fake.last, actions);
        mnl_attr_nest_end(fake.last, options);
        message_end();
}

// --- filters ---

static Object filter_object(const FilterObject *filter) {
        Object object = { .kind = OBJECT_FILTER, .link = "mig0", .as_filter = *filter };
        return object;
}

static const FilterObject *observe_one(State *observed) {
        assert_int_equal(filter_observe(NULL, "mig0", MIG0, false, observed, NULL), 0);
        assert_int_equal(observed->n_objects, 1);
        return &observed->objects[0].as_filter;
}

static void test_our_filter_is_read_back_as_it_was_made(void **state _unused_) {
        _cleanup_state_ State observed = {};

        put_our_filter(3, IFB_MIG0);
        put_foreign_filter(INGRESS, MIG0);
        const FilterObject *filter = observe_one(&observed);
        assert_int_equal(filter->part, 2);
        assert_true(filter->hash == hash_bytes(HASH_INIT, program, sizeof(program)));
        assert_string_equal(filter->target, "ifb-mig0");
}

static void test_a_filter_whose_action_is_not_ours_has_no_target(void **state _unused_) {
        static const struct {
                FilterMessage message;
                const char *expected;
        } cases[] = {
                { { 1, "mirred", TC_ACT_STOLEN, TCA_EGRESS_REDIR, IFB_MIG0 }, "ifb-mig0" },
                { { 1, "mirred", TC_ACT_PIPE, TCA_EGRESS_REDIR, IFB_MIG0 }, "" },
                { { 1, "mirred", TC_ACT_STOLEN, TCA_EGRESS_MIRROR, IFB_MIG0 }, "" },
                { { 1, "mirred", TC_ACT_STOLEN, TCA_EGRESS_REDIR, 1234 }, "" }, // an ifb that is gone
                { { 1, "mirred", TC_ACT_STOLEN, TCA_EGRESS_REDIR, IFB_MIG0, .has_second = true }, "" },
                { { 1, "mirred", TC_ACT_STOLEN, TCA_EGRESS_REDIR, IFB_MIG0, .is_action = true }, "" },
                { { 1, "mirred", TC_ACT_STOLEN, TCA_EGRESS_REDIR, IFB_MIG0, .is_loaded = true }, "" },
                { { 1, "mirred", TC_ACT_STOLEN, TCA_EGRESS_REDIR, IFB_MIG0, .may_be_in_hardware = true }, "" },
                { { 1, "gact", TC_ACT_STOLEN, TCA_EGRESS_REDIR, IFB_MIG0 }, "" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_state_ State observed = {};

                (void)fake_reset(NULL);
                put_filter(&cases[i].message);
                assert_string_equal(observe_one(&observed)->target, cases[i].expected);
        }
}

// The new program and the target, sent with that handle.
static void expect_sent(size_t i, uint32_t handle, uint16_t flags) {
        const struct nlattr *options = request_attribute(i, TC_SIZE, TCA_OPTIONS);
        size_t size;

        assert_int_equal(request_at(i)->nlmsg_type, RTM_NEWTFILTER);
        assert_int_equal(request_at(i)->nlmsg_flags & (NLM_F_CREATE | NLM_F_EXCL), flags);
        assert_int_equal(request_tc(i)->tcm_handle, handle);
        assert_int_equal(request_tc(i)->tcm_info, TC_H_MAKE((uint32_t)PRIORITY << 16, htons(ETH_P_IP)));
        const void *bytes = attribute_payload(attribute_find_nested(options, TCA_BPF_OPS), &size);
        assert_int_equal(size, sizeof(program));
        assert_memory_equal(bytes, program, size);
}

static void test_another_program_or_target_is_set_in_place(void **state _unused_) {
        const Object desired = filter_object(&our_filter), observed = filter_object(&our_filter);

        put_our_filter(1, 1234);
        assert_int_equal(filter_change(NULL, MIG0, &desired, &observed, NULL), 0);
        assert_int_equal(fake.n_requests, 2);
        expect_sent(1, 1, 0);
}

static void test_a_filter_that_may_be_in_hardware_goes_first(void **state _unused_) {
        const Object desired = filter_object(&our_filter), observed = filter_object(&our_filter);

        put_filter(
                &(FilterMessage){ 1, "mirred", TC_ACT_STOLEN, TCA_EGRESS_REDIR, IFB_MIG0, .may_be_in_hardware = true });
        assert_int_equal(filter_change(NULL, MIG0, &desired, &observed, NULL), 0);
        assert_int_equal(fake.n_requests, 3);
        assert_int_equal(request_at(1)->nlmsg_type, RTM_DELTFILTER);
        expect_sent(2, 1, NLM_F_CREATE | NLM_F_EXCL);
}

static void test_the_filter_of_an_older_version_stays_until_its_successor_is_there(void **state _unused_) {
        const Object desired = filter_object(&our_filter);
        _cleanup_state_ State observed = {};

        put_u32_filter(OUR_FILTER_PRIORITY);
        answer_begin();
        put_u32_filter(OUR_FILTER_PRIORITY);
        answer_begin();
        put_u32_filter(OUR_FILTER_PRIORITY);
        const FilterObject *old = observe_one(&observed);
        assert_int_equal(old->part, 0);
        assert_true(old->hash == 0);
        assert_int_equal(filter_change(NULL, MIG0, &desired, &observed.objects[0], NULL), 0);
        assert_int_equal(fake.n_requests, 4);
        expect_sent(2, 1, NLM_F_CREATE | NLM_F_EXCL);
        assert_int_equal(request_at(3)->nlmsg_type, RTM_DELTFILTER);
        assert_int_equal(request_tc(3)->tcm_handle, OLD_HANDLE);
        assert_int_equal(request_tc(3)->tcm_info, TC_H_MAKE((uint32_t)OUR_FILTER_PRIORITY << 16, htons(ETH_P_IP)));

        fake.results[fake.n_changes] = -ENOMEM;
        assert_int_equal(filter_change(NULL, MIG0, &desired, &observed.objects[0], NULL), -ENOMEM);
        assert_int_equal(fake.n_requests, 6);
}

static void test_another_kind_at_our_priority_goes_first(void **state _unused_) {
        const Object desired = filter_object(&our_filter), observed = filter_object(&our_filter);

        put_u32_filter(PRIORITY);
        assert_int_equal(filter_change(NULL, MIG0, &desired, &observed, NULL), 0);
        assert_int_equal(fake.n_requests, 3);
        assert_int_equal(request_at(1)->nlmsg_type, RTM_DELTFILTER);
        expect_sent(2, 1, NLM_F_CREATE | NLM_F_EXCL);
}

static void test_the_last_filter_takes_its_priority_along(void **state _unused_) {
        const Object observed = filter_object(&our_filter);

        put_our_filter(1, IFB_MIG0);
        put_our_filter(2, IFB_MIG0);
        answer_begin();
        put_our_filter(1, IFB_MIG0);
        assert_int_equal(filter_delete(NULL, MIG0, &observed, NULL), 0);
        // The kernel could not announce that it deletes a long program.
        assert_int_equal(fake.n_requests, 3);
        assert_int_equal(request_at(1)->nlmsg_type, RTM_NEWTFILTER);
        assert_int_equal(request_tc(1)->tcm_handle, 1);
        assert_int_equal(request_at(2)->nlmsg_type, RTM_DELTFILTER);
        assert_int_equal(request_tc(2)->tcm_handle, 1);
        assert_int_equal(filter_delete(NULL, MIG0, &observed, NULL), 0);
        assert_int_equal(fake.n_requests, 5);
        assert_int_equal(request_tc(4)->tcm_handle, 0);
}

static void test_filters_of_ours_and_of_others_are_counted_in_and_out(void **state _unused_) {
        size_t ours, foreign;

        put_our_filter(1, IFB_MIG0);
        put_foreign_filter(INGRESS, MIG0);
        answer_begin();
        put_foreign_filter(EGRESS, MIG0);
        assert_int_equal(filter_count(NULL, MIG0, &ours, &foreign, NULL), 0);
        assert_int_equal(ours, 1);
        assert_int_equal(foreign, 2);
        assert_int_equal(fake.n_requests, 2);
        assert_int_equal(request_tc(0)->tcm_parent, INGRESS);
        assert_int_equal(request_tc(1)->tcm_parent, EGRESS);
}

// --- other programs' filters and actions ---

static void test_a_foreign_filter_is_found_wherever_it_is(void **state _unused_) {
        static const uint32_t parents[] = { INGRESS, EGRESS, 0 };

        for (size_t i = 0; i < ELEMENTSOF(parents); i++) {
                (void)fake_reset(NULL);
                for (size_t j = 0; j < ELEMENTSOF(parents); j++) {
                        answer_begin();
                        put_foreign_filter(parents[j], i == j ? MIG0 : IFB_MIG0);
                }
                assert_int_equal(foreign_filters_send_to(NULL, 5, MIG0, NULL), 1);
                for (size_t j = 0; j < fake.n_requests; j++) {
                        assert_int_equal(request_tc(j)->tcm_ifindex, 5);
                        assert_int_equal(request_tc(j)->tcm_parent, parents[j]);
                }
        }
        (void)fake_reset(NULL);
        put_foreign_filter(INGRESS, IFB_MIG0);
        assert_int_equal(foreign_filters_send_to(NULL, 5, MIG0, NULL), 0);
        assert_int_equal(fake.n_requests, ELEMENTSOF(parents));
        (void)fake_reset(NULL);
        answer_error(-EPERM);
        assert_int_equal(foreign_filters_send_to(NULL, 5, MIG0, NULL), -EPERM);
}

static void test_filters_at_the_root_are_counted(void **state _unused_) {
        size_t n = 0;

        put_foreign_filter(FOREIGN_HANDLE, MIG0);
        put_foreign_filter(FOREIGN_HANDLE, MIG0);
        assert_int_equal(foreign_filters_count_at_root(NULL, MIG0, &n, NULL), 0);
        assert_int_equal(n, 2);
        assert_int_equal(request_tc(0)->tcm_parent, 0);
}

static void put_actions(uint32_t first_target, uint32_t second_target) {
        static const struct tcamsg header;

        // In a dump the kernel numbers them from 0.
        struct nlattr *table = mnl_attr_nest_start(message_begin(RTM_GETACTION, &header, sizeof(header)), TCA_ROOT_TAB);
        put_action(0, "mirred", TC_ACT_STOLEN, TCA_EGRESS_REDIR, first_target);
        put_action(1, "mirred", TC_ACT_PIPE, TCA_INGRESS_MIRROR, second_target);
        mnl_attr_nest_end(fake.last, table);
        message_end();
}

static void test_the_targets_of_all_actions_are_listed(void **state _unused_) {
        _cleanup_redirects_ RedirectList list = {};

        put_actions(MIG0, IFB_MIG0);
        put_actions(MIG0, 3);
        assert_int_equal(redirects_read(NULL, &list, NULL), 0);
        assert_int_equal(redirects_count(&list, MIG0), 2);
        assert_int_equal(redirects_count(&list, IFB_MIG0), 1);
        assert_int_equal(redirects_count(&list, 4), 0);
}

static void test_a_kernel_without_actions_has_no_redirects(void **state _unused_) {
        static const struct {
                int error, result;
        } cases[] = { { -ENOENT, 0 }, { -EOPNOTSUPP, 0 }, { -EINVAL, 0 }, { -EPERM, -EPERM }, { -EAGAIN, -EAGAIN } };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_redirects_ RedirectList list = {};

                (void)fake_reset(NULL);
                answer_error(cases[i].error);
                // Also without an Error to fill.
                assert_int_equal(redirects_read(NULL, &list, NULL), cases[i].result);
                assert_int_equal(list.n_targets, 0);
        }
}

// --- qdiscs and classes ---

static void put_qdisc_at(uint32_t parent, const char *kind, uint32_t handle) {
        const struct tcmsg header = { .tcm_ifindex = MIG0, .tcm_parent = parent, .tcm_handle = handle };

        mnl_attr_put_strz(message_begin(RTM_NEWQDISC, &header, TC_SIZE), TCA_KIND, kind);
}

static void put_qdisc(const char *kind, uint32_t handle) {
        put_qdisc_at(TC_H_ROOT, kind, handle);
}

static void test_another_programs_root_qdisc_is_told_by_kind_and_handle(void **state _unused_) {
        static const struct {
                const char *kind;
                uint32_t handle;
                int found;
        } cases[] = {
                { "hfsc", FOREIGN_HANDLE, 1 }, // VDSM's
                { "hfsc", 0x10000, 1 },
                { "mq", 0x80010000, 1 },
                { "noqueue", 0, 0 }, // the kernel's own default
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                QdiscObject root = {};

                (void)fake_reset(NULL);
                put_qdisc(cases[i].kind, cases[i].handle);
                message_end();
                assert_int_equal(qdisc_get_root(NULL, MIG0, &root, NULL), cases[i].found);
                assert_int_equal(root.handle, cases[i].handle);
                assert_string_equal(root.foreign, cases[i].found ? cases[i].kind : "");
                assert_int_equal(root.type, cases[i].found ? QDISC_FOREIGN : 0);
        }
}

static void test_our_htb_is_read_with_its_default_class(void **state _unused_) {
        const struct tc_htb_glob init = { .version = 3, .defcls = 0x10 };
        QdiscObject root = {};

        put_qdisc("htb", OUR_QDISC_HANDLE);
        struct nlattr *options = mnl_attr_nest_start(fake.last, TCA_OPTIONS);
        mnl_attr_put(fake.last, TCA_HTB_INIT, sizeof(init), &init);
        mnl_attr_put_u32(fake.last, TCA_HTB_DIRECT_QLEN, 1000);
        mnl_attr_nest_end(fake.last, options);
        message_end();
        assert_int_equal(qdisc_get_root(NULL, MIG0, &root, NULL), 1);
        assert_int_equal(root.type, QDISC_HTB);
        assert_int_equal(root.default_class, 0x10);
        assert_int_equal(root.limit, 1000);
}

// As pfifo's options are no nest, they are read as they stand.
static void test_the_limits_of_leaves_are_read(void **state _unused_) {
        const struct tc_fifo_qopt fifo = { .limit = 77 };
        QdiscObject leaf = {};

        put_qdisc("pfifo", OUR_LEAF_HANDLE);
        mnl_attr_put(fake.last, TCA_OPTIONS, sizeof(fifo), &fifo);
        message_end();
        answer_begin();
        put_qdisc("fq_codel", OUR_LEAF_HANDLE);
        struct nlattr *options = mnl_attr_nest_start(fake.last, TCA_OPTIONS);
        mnl_attr_put_u32(fake.last, TCA_FQ_CODEL_TARGET, 5000);
        mnl_attr_put_u32(fake.last, TCA_FQ_CODEL_LIMIT, 10240);
        mnl_attr_nest_end(fake.last, options);
        message_end();
        assert_int_equal(qdisc_get_root(NULL, MIG0, &leaf, NULL), 1);
        assert_int_equal(leaf.type, QDISC_PFIFO);
        assert_int_equal(leaf.limit, 77);
        assert_int_equal(qdisc_get_root(NULL, MIG0, &leaf, NULL), 1);
        assert_int_equal(leaf.type, QDISC_FQ_CODEL);
        assert_int_equal(leaf.limit, 10240);
}

static Object qdisc_object(ObjectKind kind, uint32_t parent, uint32_t handle, QdiscType type) {
        Object object = {
                .kind = kind,
                .link = "mig0",
                .as_qdisc = { .parent = parent, .handle = handle, .type = type },
        };
        return object;
}

static void test_the_leaves_of_our_root_are_read_and_a_foreign_root_only_where_ours_belongs(void **state _unused_) {
        const Object root = qdisc_object(OBJECT_QDISC, TC_H_ROOT, OUR_QDISC_HANDLE, QDISC_HTB);
        const Object leaf = qdisc_object(OBJECT_LEAF, OUR_CLASS_SHARED, OUR_LEAF_HANDLE, QDISC_PFIFO);
        static const struct {
                const char *kind;
                uint32_t handle;
                bool is_desired;
                size_t n_requests, n_observed;
        } cases[] = {
                { "htb", OUR_QDISC_HANDLE, true, 3, 2 }, // clsact, root, leaf
                { "htb", OUR_QDISC_HANDLE, false, 2, 1 }, { "hfsc", FOREIGN_HANDLE, true, 2, 1 },
                { "hfsc", FOREIGN_HANDLE, false, 2, 0 },  { "htb", 0x10000, false, 2, 0 },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_state_ State desired = {}, observed = {};

                (void)fake_reset(NULL);
                if (cases[i].is_desired) {
                        assert_int_equal(state_add(&desired, &root), 0);
                        assert_int_equal(state_add(&desired, &leaf), 0);
                }
                answer_error(-ENOENT); // no clsact
                answer_begin();
                put_qdisc(cases[i].kind, cases[i].handle);
                message_end();
                answer_begin();
                put_qdisc_at(OUR_CLASS_SHARED, "pfifo", OUR_LEAF_HANDLE);
                message_end();
                assert_int_equal(qdisc_observe(NULL, "mig0", MIG0, &desired, &observed, NULL), 0);
                assert_int_equal(fake.n_requests, cases[i].n_requests);
                assert_int_equal(observed.n_objects, cases[i].n_observed);
        }
}

static void test_a_refusal_names_the_link(void **state _unused_) {
        State none = {};
        Error error;

        answer_error(-EPERM);
        assert_int_equal(qdisc_observe(NULL, "mig0", MIG0, &none, &none, &error), -EPERM);
        assert_string_equal(error.text, "cannot read the qdiscs of mig0: Operation not permitted");
        answer_error(-EPERM);
        assert_int_equal(class_observe(NULL, "mig0", MIG0, &none, &error), -EPERM);
        assert_string_equal(error.text, "cannot read the classes of mig0: Operation not permitted");
        answer_error(-EPERM);
        assert_int_equal(filter_observe(NULL, "mig0", MIG0, false, &none, &error), -EPERM);
        assert_string_equal(error.text, "cannot read the filters of mig0: Operation not permitted");
}

static void test_a_kernel_is_asked_for_fq_codel_by_its_refusal(void **state _unused_) {
        static const struct {
                int answer, result;
                QdiscType type;
        } cases[] = {
                { -EINVAL, 0, QDISC_FQ_CODEL },
                { -ENOENT, 0, QDISC_PFIFO },
                { -EPERM, -EPERM, QDISC_FOREIGN },
                { 0, -EPROTO, QDISC_FOREIGN },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                QdiscType type = QDISC_FOREIGN;

                (void)fake_reset(NULL);
                fake.results[0] = cases[i].answer;
                assert_int_equal(qdisc_probe_leaf(NULL, &type, NULL), cases[i].result);
                assert_int_equal(type, cases[i].type);
                assert_int_equal(request_tc(0)->tcm_ifindex, LO);
        }
}

static void test_a_clsact_that_others_use_is_left_to_them(void **state _unused_) {
        Object clsact = {
                .kind = OBJECT_QDISC,
                .link = "mig0",
                .as_qdisc = { .type = QDISC_CLSACT, .parent = TC_H_CLSACT, .handle = TC_H_MAKE(TC_H_CLSACT, 0) },
        };

        put_our_filter(1, IFB_MIG0);
        answer_begin();
        put_foreign_filter(EGRESS, MIG0);
        assert_int_equal(qdisc_delete(NULL, MIG0, &clsact, NULL), 0);
        assert_int_equal(fake.n_changes, 0);
        (void)fake_reset(NULL);
        put_our_filter(1, IFB_MIG0);
        assert_int_equal(qdisc_delete(NULL, MIG0, &clsact, NULL), 0);
        assert_int_equal(fake.n_changes, 1);
        assert_int_equal(request_at(2)->nlmsg_type, RTM_DELQDISC);
}

// Its chains are deleted after it, so that they tell whose it was.
static void test_an_empty_clsact_is_ours_where_a_plane_has_been(void **state _unused_) {
        const Object chain = { .kind = OBJECT_RULESET, .link = "mig0" };
        const Object root = qdisc_object(OBJECT_QDISC, TC_H_ROOT, OUR_QDISC_HANDLE, QDISC_HTB);
        static const struct {
                bool has_chain, is_desired;
                size_t n_observed;
        } cases[] = { { true, false, 1 }, { false, false, 0 }, { true, true, 0 } };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_state_ State desired = {}, observed = {};

                (void)fake_reset(NULL);
                if (cases[i].has_chain)
                        assert_int_equal(state_add(&observed, &chain), 0);
                if (cases[i].is_desired)
                        assert_int_equal(state_add(&desired, &root), 0);
                answer_begin();
                put_qdisc_at(TC_H_CLSACT, "clsact", TC_H_MAKE(TC_H_CLSACT, 0));
                message_end();
                answer_begin(); // no filter at the ingress
                answer_begin(); // nor at the egress
                answer_error(-ENOENT);
                assert_int_equal(qdisc_observe(NULL, "mig0", MIG0, &desired, &observed, NULL), 0);
                assert_int_equal(observed.n_objects, cases[i].has_chain + cases[i].n_observed);
        }
}

static void put_class(uint32_t classid, uint64_t rate) {
        const struct tcmsg header = { .tcm_ifindex = MIG0, .tcm_parent = OUR_CLASS_PLANE, .tcm_handle = classid };
        const struct tc_htb_opt parameters = {
                .rate.rate = rate > UINT32_MAX ? UINT32_MAX : (uint32_t)rate,
                .ceil.rate = 1000,
                .buffer = 2000,
                .cbuffer = 3000,
                .quantum = 4000,
                .prio = 5,
        };

        mnl_attr_put_strz(message_begin(RTM_NEWTCLASS, &header, TC_SIZE), TCA_KIND, "htb");
        struct nlattr *options = mnl_attr_nest_start(fake.last, TCA_OPTIONS);
        mnl_attr_put(fake.last, TCA_HTB_PARMS, sizeof(parameters), &parameters);
        if (rate > UINT32_MAX)
                mnl_attr_put_u64(fake.last, TCA_HTB_RATE64, rate);
        mnl_attr_nest_end(fake.last, options);
        message_end();
}

static void test_classes_are_read_with_rates_beyond_32_bits(void **state _unused_) {
        _cleanup_state_ State observed = {};

        put_class(OUR_CLASS_SHARED, UINT64_C(12500000000));
        put_class(0x10001, 1); // of another HTB
        assert_int_equal(class_observe(NULL, "mig0", MIG0, &observed, NULL), 0);
        assert_int_equal(observed.n_objects, 1);
        const ClassObject *class = &observed.objects[0].as_class;
        assert_int_equal(class->classid, OUR_CLASS_SHARED);
        assert_int_equal(class->parent, OUR_CLASS_PLANE);
        assert_true(class->rate == UINT64_C(12500000000));
        assert_int_equal(class->ceil, 1000);
        assert_int_equal(class->burst, 2000);
        assert_int_equal(class->cburst, 3000);
        assert_int_equal(class->quantum, 4000);
        assert_int_equal(class->priority, 5);
}

static void test_a_message_of_another_type_is_refused(void **state _unused_) {
        _cleanup_state_ State observed = {};

        put_class(OUR_CLASS_SHARED, 1);
        assert_int_equal(filter_observe(NULL, "mig0", MIG0, false, &observed, NULL), -EBADMSG);
}

// --- interrupted dumps ---

static void test_nothing_is_left_of_an_interrupted_reading(void **state _unused_) {
        _cleanup_state_ State observed = {};
        _cleanup_redirects_ RedirectList redirects = {};
        Object before = { .kind = OBJECT_CLASS, .link = "other" };
        size_t n = 0, ours, foreign;

        assert_int_equal(state_add(&observed, &before), 0);
        put_class(OUR_CLASS_PLANE, 1);
        answer_interrupt();
        put_class(OUR_CLASS_SHARED, 1);
        assert_int_equal(class_observe(NULL, "mig0", MIG0, &observed, NULL), 0);
        assert_int_equal(observed.n_objects, 2);
        assert_string_equal(observed.objects[0].link, "other");
        assert_int_equal(observed.objects[1].as_class.classid, OUR_CLASS_SHARED);

        answer_begin();
        put_our_filter(1, IFB_MIG0);
        answer_interrupt();
        put_foreign_filter(INGRESS, MIG0);
        answer_begin();
        assert_int_equal(filter_count(NULL, MIG0, &ours, &foreign, NULL), 0);
        assert_int_equal(ours, 0);
        assert_int_equal(foreign, 1);

        answer_begin();
        put_foreign_filter(FOREIGN_HANDLE, MIG0);
        answer_interrupt();
        put_foreign_filter(FOREIGN_HANDLE, MIG0);
        assert_int_equal(foreign_filters_count_at_root(NULL, MIG0, &n, NULL), 0);
        assert_int_equal(n, 1);

        answer_begin();
        put_foreign_filter(INGRESS, MIG0);
        answer_interrupt();
        put_foreign_filter(INGRESS, IFB_MIG0);
        assert_int_equal(foreign_filters_send_to(NULL, 5, MIG0, NULL), 0);

        (void)fake_reset(NULL);
        put_actions(MIG0, MIG0);
        answer_interrupt();
        put_actions(MIG0, IFB_MIG0);
        assert_int_equal(redirects_read(NULL, &redirects, NULL), 0);
        assert_int_equal(redirects_count(&redirects, MIG0), 1);
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(test_our_filter_is_read_back_as_it_was_made, fake_reset),
                cmocka_unit_test_setup(test_a_filter_whose_action_is_not_ours_has_no_target, fake_reset),
                cmocka_unit_test_setup(test_another_program_or_target_is_set_in_place, fake_reset),
                cmocka_unit_test_setup(test_the_filter_of_an_older_version_stays_until_its_successor_is_there,
                                       fake_reset),
                cmocka_unit_test_setup(test_another_kind_at_our_priority_goes_first, fake_reset),
                cmocka_unit_test_setup(test_a_filter_that_may_be_in_hardware_goes_first, fake_reset),
                cmocka_unit_test_setup(test_the_last_filter_takes_its_priority_along, fake_reset),
                cmocka_unit_test_setup(test_filters_of_ours_and_of_others_are_counted_in_and_out, fake_reset),
                cmocka_unit_test_setup(test_a_foreign_filter_is_found_wherever_it_is, fake_reset),
                cmocka_unit_test_setup(test_filters_at_the_root_are_counted, fake_reset),
                cmocka_unit_test_setup(test_the_targets_of_all_actions_are_listed, fake_reset),
                cmocka_unit_test_setup(test_a_kernel_without_actions_has_no_redirects, fake_reset),
                cmocka_unit_test_setup(test_another_programs_root_qdisc_is_told_by_kind_and_handle, fake_reset),
                cmocka_unit_test_setup(test_our_htb_is_read_with_its_default_class, fake_reset),
                cmocka_unit_test_setup(test_the_limits_of_leaves_are_read, fake_reset),
                cmocka_unit_test_setup(test_the_leaves_of_our_root_are_read_and_a_foreign_root_only_where_ours_belongs,
                                       fake_reset),
                cmocka_unit_test_setup(test_a_refusal_names_the_link, fake_reset),
                cmocka_unit_test_setup(test_a_kernel_is_asked_for_fq_codel_by_its_refusal, fake_reset),
                cmocka_unit_test_setup(test_a_clsact_that_others_use_is_left_to_them, fake_reset),
                cmocka_unit_test_setup(test_an_empty_clsact_is_ours_where_a_plane_has_been, fake_reset),
                cmocka_unit_test_setup(test_classes_are_read_with_rates_beyond_32_bits, fake_reset),
                cmocka_unit_test_setup(test_a_message_of_another_type_is_refused, fake_reset),
                cmocka_unit_test_setup(test_nothing_is_left_of_an_interrupted_reading, fake_reset),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
