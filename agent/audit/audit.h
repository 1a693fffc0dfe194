// The audit: what the kernel applies now, compared with the promise of isolation, check by check.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// It looks at the kernel anew, changes nothing, and arranges no repair. It tells all that health would say at this
// moment, and what health does not look for because a plane can be used in spite of it.
#pragma once

#include "audit/finding.h"
#include "base/error.h"
#include "base/util.h"
#include "engine/kernel.h"
#include "engine/snapshot.h"
#include "model/reason.h"
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

// The name of the check that tells a reason of health, and how grave it is there. NULL: no check, see audit.c.
const char *audit_check_of(ReasonCode code, Verdict *ret_verdict);
bool audit_has_check(const char *name);
