// From a plane's text and the links there are, to the objects it means and the reasons that stand in its way.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <linux/if_ether.h>

#include "base/inet.h"
#include "base/names.h"
#include "base/parse.h"
#include "base/util.h"
#include "engine/derive.h"
#include "golden.h"
#include "kernel/network.h"

#define VLAN_PLANE                                                                                        \
        "[Interface]\nName=mig0\nKind=vlan\nParent=eno1\nVLANId=100\n[Address]\nAddress=172.150.1.5/24\n" \
        "[Bandwidth]\nEgress=8G\n"

typedef struct Derived {
        Config *config;
        State state;
        Reasons reasons;
} Derived;

static inline void derived_deinit(Derived *derived) {
        state_deinit(&derived->state);
        reasons_deinit(&derived->reasons);
        config_freep(&derived->config);
}
#define _cleanup_derived_ _cleanup_(derived_deinit)

static inline Link link_make(const char *name, LinkType type, const char *parent, uint32_t mtu, bool ours) {
        static const char *const kinds[] = { [LINK_VLAN] = "vlan", [LINK_MACVLAN] = "macvlan", [LINK_IFB] = "ifb" };
        Link link = {
                .index = 7, .type = type, .mtu = mtu, .has_mac = true, .up = true, .carrier = true, .is_tagged = ours
        };

        if (type != LINK_DEVICE)
                strcpy_fixed(link.kind, kinds[type]);
        if (type == LINK_VLAN)
                link.vlan_protocol = ETH_P_8021Q;
        strcpy_fixed(link.name, name);
        strcpy_fixed(link.parent, parent);
        memcpy(&link.mac, "\x02\x00\x00\x00\x00\x01", 6);
        return link;
}

// What is known of the plane's device beyond the inventory.
typedef struct Known {
        bool stood_on, is_taken, is_way_out;
        unsigned n_migrations;
        const NetworkList *networks;
} Known;

static inline Derived derive_known(const char *text, Link *links, size_t n_links, const char *machine_id, Known known) {
        Derived derived = {};
        Inventory inventory = { .links = links, .n_links = n_links };
        DeriveFacts facts = {
                .inventory = &inventory, .networks = known.networks, .leaf = QDISC_FQ_CODEL, .machine_id = machine_id
        };
        PlaneInput input = { .config = golden_plane("blue", text, &derived.config) };
        PlaneFacts plane = plane_facts_find(&input, &inventory);

        plane.stood_on = known.stood_on;
        plane.is_taken = known.is_taken;
        plane.is_way_out = known.is_way_out;
        plane.n_migrations = known.n_migrations;
        assert_int_equal(derive(&plane, 1, &facts, &derived.state), 0);
        derived.reasons = plane.reasons;
        bond_deinit(&plane.bond);
        return derived;
}

static inline Derived derive_with(const char *text, Link *links, size_t n_links, const char *machine_id) {
        return derive_known(text, links, n_links, machine_id, (Known){});
}

// The lines of all kinds but sysctls and rulesets, which have tests of their own.
static inline void assert_objects(const Derived *derived, const char *expected) {
        State shown = {};
        for (size_t i = 0; i < derived->state.n_objects; i++)
                if (derived->state.objects[i].kind != OBJECT_SYSCTL && derived->state.objects[i].kind != OBJECT_RULESET)
                        assert_int_equal(state_add(&shown, &derived->state.objects[i]), 0);
        _cleanup_free_ char *text = golden_state(&shown);
        free(shown.objects);
        assert_string_equal(text, expected);
}

static inline void assert_reason(const Derived *derived, ReasonCode code, const char *text) {
        for (size_t i = 0; i < derived->reasons.n_reasons; i++)
                if (derived->reasons.reasons[i].code == code) {
                        assert_string_equal(derived->reasons.reasons[i].text, text);
                        return;
                }
        fail_msg("no reason %s", reason_to_string(code));
}

static inline unsigned count(const Derived *derived, ObjectKind kind) {
        unsigned n = 0;
        for (size_t i = 0; i < derived->state.n_objects; i++)
                n += derived->state.objects[i].kind == kind;
        return n;
}
