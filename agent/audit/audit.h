// The audit: what the kernel applies now, compared with the promise of isolation, check by check.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// It looks at the kernel anew, changes nothing, and arranges no repair. The health of a plane is another thing: what
// the last snapshot of the loop came to.
#pragma once

#include "audit/finding.h"
#include "base/error.h"
#include "base/util.h"
#include "engine/kernel.h"
#include "engine/snapshot.h"
#include "planes/plane-set.h"
#include "planes/plane.h"

// Of one plane.
typedef struct AuditEntry {
        char *name;
        Findings findings;
} AuditEntry;

// The last audit of all planes, which are looked at together.
typedef struct Audit {
        AuditEntry *entries;
        size_t n_entries;
} Audit;

void audit_deinit(Audit *audit);
// The findings of a plane; valid until the next audit_run. NULL: the last audit knows nothing of the plane.
const Findings *audit_find(const Audit *audit, const Plane *plane);
// Audits all planes anew. snapshot: of this moment, and of these planes.
int audit_run(Audit *audit, const Kernel *kernel, const PlaneSet *planes, const Snapshot *snapshot, Error *ret_error);
