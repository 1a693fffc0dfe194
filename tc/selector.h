// The packets that a filter matches, as programs of classic BPF: a pure function of the plane.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/inet.h"
#include "base/util.h"
#include "config/plane-config.h"
#include "tc/selector-writer.h"

// A plane with many peers has several selectors. A packet is taken if one of them takes it, and at most one does.
typedef struct SelectorList {
        Selector *selectors;
        size_t n_selectors, n_allocated;
} SelectorList;

// The packets of one family, AF_INET or AF_INET6, that the plane's allow list accepts as part of a migration, to one of
// these MACs: the device's, and those of a bond's ports. A family without an address or a peer has no selector. 0, or
// -ENOMEM and *ret is untouched.
int selectors_make(const PlaneConfig *plane, int family, const MacAddress *macs, size_t n_macs, SelectorList *ret);
// All frames that the plane may send: what the chain at the netdev egress hook lets pass, for kernels without that
// hook. The last selector takes everything, for the filter that drops. announces: see RulesetPlane.is_bonded. 0, or
// -ENOMEM and *ret is untouched.
int selectors_make_egress(const PlaneConfig *plane, const MacAddress *macs, size_t n_macs, bool announces,
                          SelectorList *ret);
void selectors_deinit(SelectorList *list);
#define _cleanup_selectors_ _cleanup_(selectors_deinit)
