// The allow list of a plane's egress as filters, for kernels without nftables' egress hook.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "tc/egress-guard.h"

#include "base/util.h"
#include "model/object.h"
#include "tc/selector.h"
#include "tc/shape.h"

// The number of a selector among those of its protocol.
static uint16_t part_of(const SelectorList *list, size_t i) {
        uint16_t part = 0;

        for (size_t j = 0; j < i; j++)
                part += list->selectors[j].protocol == list->selectors[i].protocol;
        return part;
}

int egress_guard_derive(const PlaneConfig *plane, const MacAddress *macs, size_t n_macs, bool announces, State *state) {
        _cleanup_selectors_ SelectorList list = {};

        int r = selectors_make_egress(plane, macs, n_macs, announces, &list);
        if (r == 0 && !plane->ingress) // else the ingress cap has it
                r = shape_derive_clsact(plane->interface, state);
        for (size_t i = 0; i < list.n_selectors && r == 0; i++)
                r = shape_derive_filter(plane->interface, &list.selectors[i],
                                        (FilterObject){ .at_egress = true, .part = part_of(&list, i) }, state);
        return r;
}
