// Rules that drop, in the chains of all planes, what belongs to a plane and is not on it.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/util.h"
#include "firewall/ruleset-plane.h"

// Which addresses belong to a plane. A network behind a router is not among them, since it may contain the management
// network.
typedef enum Extent {
        EXTENT_OWN,      // the plane's own addresses
        EXTENT_NETWORKS, // their networks
        // The networks, and the peers outside of them that Peers= names by their own addresses. Only where these
        // matter, since there may be thousands.
        EXTENT_PEERS,
} Extent;

// Where an address is looked for.
typedef struct Field {
        int family;
        Extent extent;
        const char *key;   // "ip daddr", or "@th,64,128", which has no type and is compared with numbers
        const char *match; // what must hold for the key to be there, and a space; or NULL
} Field;

// One rule for each field, or several; the drops are counted as reason. 0 or -ENOMEM.
int elsewhere_print(const RulesetPlane *planes, size_t n_planes, const Field *fields, size_t n_fields,
                    const char *reason, FILE *file);
