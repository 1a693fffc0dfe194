// The shaping tree of a plane.
// SPDX-License-Identifier: GPL-2.0-or-later
//
//     link  1: HTB  6d70:        the default class is 10, and no packet bypasses the classes
//           +- 6d70:1            the plane's cap
//              +- 6d70:10        every migration without a lease
//              |  +- 6d71:       fq_codel or pfifo
//              +- 6d70:100 up    reserved, a class for each lease
//
// The tree for egress is on the plane's own device. The same tree for ingress is on an ifb, to which filters at the
// device's clsact redirect the packets of migrations.
//
// HTB collects tokens while it waits, but never more than a burst; tokens beyond that are lost to the rate. So the
// burst has to cover the latest wake-up, and 1 ms does: 0.99 to 1.00 of the rate, in layer-2 bytes (the kernel counts
// the headers of every segment that GSO will make). The smallest burst is two GSO packets: one is sent while HTB
// collects tokens for the next.

#include "tc/shape.h"

#include <linux/if_ether.h>
#include <linux/pkt_sched.h>

#include "base/inet.h"
#include "base/names.h"
#include "base/util.h"
#include "config/plane-config.h"
#include "model/object.h"
#include "model/state.h"
#include "tc/selector.h"

enum {
        GSO_BYTES_MAX = 65536,
        PFIFO_PACKETS_MIN = 64,   // the window of one flow fits
        FQ_CODEL_PACKETS = 10240, // the kernel's default, set explicitly so that it can be compared
        // The same for all rates. It must hold the largest packet, and the kernel warns above 200,000. HTB ignores a
        // change of the quantum in a class that has children, so one that depends on the rate would never read back.
        QUANTUM_BYTES = GSO_BYTES_MAX,
};

uint64_t shape_burst_bytes(uint64_t bytes_per_second) {
        uint64_t bytes = bytes_per_second / 1000;
        return bytes < 2 * GSO_BYTES_MAX ? 2 * GSO_BYTES_MAX : bytes;
}

uint32_t shape_pfifo_limit_packets(uint64_t bytes_per_second, uint32_t mtu) {
        uint64_t packets = bytes_per_second / 50 / (mtu + ETH_HLEN);
        return packets < PFIFO_PACKETS_MIN ? PFIFO_PACKETS_MIN : packets > UINT32_MAX ? UINT32_MAX : (uint32_t)packets;
}

static int qdisc_derive(const char *link, ObjectKind kind, QdiscObject qdisc, State *state) {
        Object object = { .kind = kind, .as_qdisc = qdisc };
        strcpy_fixed(object.link, link);
        return state_add(state, &object);
}

static int class_derive(const char *link, uint32_t classid, uint32_t parent, uint64_t rate, State *state) {
        uint32_t burst = ticks_from_bytes(shape_burst_bytes(rate), rate);
        Object object = {
                .kind = OBJECT_CLASS,
                .as_class = {
                        .classid = classid,
                        .parent = parent,
                        .rate = rate,
                        .ceil = rate,
                        .burst = burst,
                        .cburst = burst,
                        .quantum = QUANTUM_BYTES,
                },
        };
        strcpy_fixed(object.link, link);
        return state_add(state, &object);
}

// Rate in bytes per second.
static int tree_derive(const char *link, uint64_t rate, const ShapeFacts *facts, State *state) {
        QdiscObject root = {
                .parent = TC_H_ROOT,
                .handle = OUR_QDISC_HANDLE,
                .type = QDISC_HTB,
                .default_class = TC_H_MIN(OUR_CLASS_SHARED),
        };
        QdiscObject leaf = {
                .parent = OUR_CLASS_SHARED,
                .handle = OUR_LEAF_HANDLE,
                .type = facts->leaf,
                .limit = facts->leaf == QDISC_PFIFO ? shape_pfifo_limit_packets(rate, facts->mtu) : FQ_CODEL_PACKETS,
        };

        int r = qdisc_derive(link, OBJECT_QDISC, root, state);
        if (r < 0)
                return r;
        r = class_derive(link, OUR_CLASS_PLANE, TC_H_ROOT, rate, state);
        if (r < 0)
                return r;
        r = class_derive(link, OUR_CLASS_SHARED, OUR_CLASS_PLANE, rate, state);
        if (r < 0)
                return r;
        return qdisc_derive(link, OBJECT_LEAF, leaf, state);
}

int shape_derive_filter(const char *link, Selector *selector, FilterObject filter, State *state) {
        Object object = { .kind = OBJECT_FILTER, .as_filter = filter };
        FilterObject *new = &object.as_filter;

        new->protocol = selector->protocol;
        new->n_instructions = selector->size;
        new->hash = hash_bytes(HASH_INIT, selector->program, selector->size * sizeof(*selector->program));
        new->program = TAKE(selector->program);
        strcpy_fixed(object.link, link);
        return state_add(state, &object);
}

static int filters_derive(const PlaneConfig *plane, int family, const ShapeFacts *facts, State *state) {
        _cleanup_selectors_ SelectorList list = {};

        int r = selectors_make(plane, family, facts->n_bond_macs ? facts->bond_macs : &facts->mac,
                               facts->n_bond_macs ?: 1, &list);
        for (size_t i = 0; i < list.n_selectors && r == 0; i++) {
                FilterObject filter = { .part = (uint16_t)i };

                strcpy_fixed(filter.target, facts->ifb);
                r = shape_derive_filter(plane->interface, &list.selectors[i], filter, state);
        }
        return r;
}

int shape_derive_clsact(const char *link, State *state) {
        const QdiscObject clsact = {
                .parent = TC_H_CLSACT,
                .handle = TC_H_MAKE(TC_H_CLSACT, 0),
                .type = QDISC_CLSACT,
        };

        return qdisc_derive(link, OBJECT_QDISC, clsact, state);
}

static int ingress_derive(const PlaneConfig *plane, const ShapeFacts *facts, State *state) {
        int r = tree_derive(facts->ifb, plane->ingress / 8, facts, state);
        if (r < 0)
                return r;
        r = shape_derive_clsact(plane->interface, state);
        if (r < 0)
                return r;
        r = filters_derive(plane, AF_INET, facts, state);
        if (r < 0)
                return r;
        return filters_derive(plane, AF_INET6, facts, state);
}

int shape_derive(const PlaneConfig *plane, const ShapeFacts *facts, State *state) {
        if (plane->egress > 0) {
                int r = tree_derive(plane->interface, plane->egress / 8, facts, state);
                if (r < 0)
                        return r;
        }
        return plane->ingress > 0 ? ingress_derive(plane, facts, state) : 0;
}
