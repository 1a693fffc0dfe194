// What networkd or NetworkManager was asked about a plane (ManagedBy=), and what came of it. Written by handover/.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/util.h"

typedef struct HandoverState {
        char parent_network[256]; // the name of networkd's .network file for the parent; "": not known
        char error[384];          // why the other manager does not provide the plane; "": none
        uint64_t generation;      // of the plane, when it was last asked for
        uint64_t next_request_usec;
        unsigned n_requests; // since the plane was last as it should be
        bool has_profile;    // NetworkManager was given one
        bool is_withheld;    // no manager is told of the plane, because its device is somebody else's
} HandoverState;
