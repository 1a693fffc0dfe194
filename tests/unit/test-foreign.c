// Other programs on a plane's devices: VDSM's hfsc is left in place, and what bypasses the rules is named.
// SPDX-License-Identifier: GPL-2.0-or-later

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>

#include "base/names.h"
#include "config/plane-config.h"
#include "engine/bypass.h"
#include "engine/foreign.h"
#include "engine/kernel.h"
#include "engine/plane-facts.h"
#include "firewall/firewall.h"
#include "firewall/foreign-rules.h"
#include "kernel/inventory.h"
#include "model/object.h"
#include "model/plan.h"
#include "model/reason.h"

#include "fake-kernel.h"

enum { VDSM_HANDLE = 0x13890000 };

// --- instead of nftables and tcx ---

const ForeignRules *__wrap_firewall_foreign_rules(const Firewall *firewall);
const ForeignRules *__wrap_firewall_foreign_rules(const Firewall *firewall _unused_) {
        static const ForeignRules none;
        return &none;
}

static struct {
        int ifindex;
        unsigned n;
} tcx; // the link that has programs

int __wrap_tcx_count(int ifindex, unsigned *ret);
int __wrap_tcx_count(int ifindex, unsigned *ret) {
        *ret = ifindex == tcx.ifindex ? tcx.n : 0;
        return 0;
}

// --- a plane on eno1, with its ifb ---

static Link links[] = {
        { .index = ENO1, .name = "eno1" },
        { .index = IFB_MIG0, .name = "ifb-mig0", .type = LINK_IFB },
        { .index = MIG0, .name = "mig0", .type = LINK_MACVLAN, .parent = "eno1", .parent_index = ENO1 },
};
static const Inventory inventory = { .links = links, .n_links = ELEMENTSOF(links) };
static const PlaneConfig config = { .interface = "mig0", .parent = "eno1", .kind = PLANE_KIND_MACVLAN };
static const Kernel kernel;

static int respect(PlaneFacts *plane, Plan *plan) {
        return foreign_respect(&kernel, &inventory, plane, 1, plan, NULL);
}

static PlaneFacts plane_facts(void) {
        PlaneInput input = { .config = &config };
        return plane_facts_find(&input, &inventory);
}

static void put_root(const char *kind, uint32_t handle) {
        const struct tcmsg header = { .tcm_ifindex = ENO1, .tcm_parent = TC_H_ROOT, .tcm_handle = handle };

        mnl_attr_put_strz(message_begin(RTM_NEWQDISC, &header, sizeof(header)), TCA_KIND, kind);
        message_end();
}

static void put_filter(int ifindex) {
        const struct tcmsg header = {
                .tcm_ifindex = ifindex,
                .tcm_handle = 1,
                .tcm_info = TC_H_MAKE(1U << 16, htons(ETH_P_ALL)),
        };

        mnl_attr_put_strz(message_begin(RTM_NEWTFILTER, &header, sizeof(header)), TCA_KIND, "matchall");
        mnl_attr_nest_end(fake.last, mnl_attr_nest_start(fake.last, TCA_OPTIONS));
        message_end();
}

// --- VDSM ---

static Object qdisc(QdiscType type, const char *foreign, uint32_t handle) {
        Object object = {
                .kind = OBJECT_QDISC,
                .link = "mig0",
                .as_qdisc = { .parent = TC_H_ROOT, .handle = handle, .type = type },
        };

        strcpy_fixed(object.as_qdisc.foreign, foreign);
        return object;
}

static void test_only_hfsc_1389_stays_at_the_root(void **state _unused_) {
        static const struct {
                const char *kind;
                uint32_t handle;
                bool stays;
        } cases[] = {
                { "hfsc", VDSM_HANDLE, true },
                { "hfsc", 0x10000, false },
                { "mq", VDSM_HANDLE, false },
                { "", VDSM_HANDLE, false },
        };
        const Object htb = qdisc(QDISC_HTB, "", OUR_QDISC_HANDLE);
        const Object class = { .kind = OBJECT_CLASS, .link = "mig0" }, leaf = { .kind = OBJECT_LEAF, .link = "mig0" };
        const Object address = { .kind = OBJECT_ADDRESS, .link = "mig0" };
        const Object others = { .kind = OBJECT_CLASS, .link = "mig1" };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                const Object root = qdisc(QDISC_FOREIGN, cases[i].kind, cases[i].handle);
                Operation operations[] = {
                        { OPERATION_CHANGE, &htb, &root }, { OPERATION_ADD, &class, NULL },
                        { OPERATION_ADD, &leaf, NULL },    { OPERATION_ADD, &address, NULL },
                        { OPERATION_ADD, &others, NULL },
                };
                Plan plan = { .operations = operations, .n_operations = ELEMENTSOF(operations) };
                PlaneFacts plane = plane_facts();

                (void)fake_reset(NULL);
                assert_int_equal(respect(&plane, &plan), 0);
                assert_int_equal(reasons_have(&plane.reasons, REASON_HOST_QOS), cases[i].stays);
                assert_int_equal(plan.n_operations, cases[i].stays ? 2 : 5);
                // The address of the plane and the class of another plane come nevertheless.
                assert_ptr_equal(plan.operations[plan.n_operations - 2].desired, &address);
                assert_ptr_equal(plan.operations[plan.n_operations - 1].desired, &others);
                plane_facts_deinit(&plane);
        }
}

static void test_only_hfsc_1389_of_the_parent_is_told(void **state _unused_) {
        static const struct {
                const char *kind;
                uint32_t handle;
                bool is_asked, is_told;
        } cases[] = {
                { "hfsc", VDSM_HANDLE, true, true },
                { "hfsc", 0x10000, true, false },
                { "mq", VDSM_HANDLE, false, false },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Plan plan = {};
                PlaneFacts plane = plane_facts();

                (void)fake_reset(NULL);
                strcpy_fixed(links[0].qdisc, cases[i].kind);
                answer_begin(); // no redirects
                answer_begin();
                if (cases[i].is_asked)
                        put_root(cases[i].kind, cases[i].handle);
                assert_int_equal(respect(&plane, &plan), 0);
                assert_int_equal(request_at(1)->nlmsg_type == RTM_GETQDISC, cases[i].is_asked);
                assert_int_equal(reasons_have(&plane.reasons, REASON_PARENT_QOS), cases[i].is_told);
                plane_facts_deinit(&plane);
        }
        links[0].qdisc[0] = '\0';
}

// --- programs and filters ---

static BypassSubject subject(void) {
        static const RedirectList none;
        return bypass_subject(NULL, &inventory, &none, &config);
}

static void test_programs_on_tcx_are_named_with_their_device(void **state _unused_) {
        const BypassSubject plane = subject();

        for (size_t i = 0; i < inventory.n_links; i++) {
                _cleanup_reasons_ Reasons reasons = {};
                char start[64];

                tcx.ifindex = links[i].index;
                tcx.n = 2;
                assert_int_equal(bypass_find(BYPASS_TCX, &plane, &reasons, NULL), 0);
                assert_int_equal(reasons.n_reasons, 1);
                (void)snprintf(start, sizeof(start), "2 program(s) on tcx of %s, ", links[i].name);
                assert_memory_equal(reasons.reasons[0].text, start, strlen(start));
        }
        tcx.ifindex = 0;
}

// Of the plane's device and of its ifb; the parent's root is not ours.
static void test_filters_at_a_root_are_named_with_their_device(void **state _unused_) {
        const BypassSubject plane = subject();
        _cleanup_reasons_ Reasons reasons = {};
        unsigned n_at_root = 0;

        // For each link: ingress and egress of clsact, then the root, except of the parent.
        for (size_t i = 0; i < ANSWERS_MAX; i++) {
                answer_begin();
                put_filter(MIG0);
        }
        assert_int_equal(bypass_find(BYPASS_FILTERS, &plane, &reasons, NULL), 0);
        for (size_t i = 0; i < fake.n_requests; i++) {
                const struct tcmsg *header = request_header(i);
                n_at_root += header->tcm_parent == 0;
                assert_false(header->tcm_parent == 0 && header->tcm_ifindex == ENO1);
        }
        assert_int_equal(n_at_root, 2);
        assert_non_null(reasons_text(&reasons, REASON_BYPASSED));
        unsigned n_told = 0;
        for (size_t i = 0; i < reasons.n_reasons; i++)
                n_told += strstr(reasons.reasons[i].text, "1 foreign tc filter(s) at the root of ") != NULL;
        assert_int_equal(n_told, 2);
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(test_only_hfsc_1389_stays_at_the_root, fake_reset),
                cmocka_unit_test_setup(test_only_hfsc_1389_of_the_parent_is_told, fake_reset),
                cmocka_unit_test_setup(test_programs_on_tcx_are_named_with_their_device, fake_reset),
                cmocka_unit_test_setup(test_filters_at_a_root_are_named_with_their_device, fake_reset),
        };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
