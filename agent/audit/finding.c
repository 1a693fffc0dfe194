// What the audit finds.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "audit/finding.h"

#include "base/util.h"

const char *verdict_to_string(Verdict verdict) {
        static const char *const names[] = {
                [VERDICT_OK] = "ok",
                [VERDICT_WARNING] = "warning",
                [VERDICT_FAILED] = "failed",
        };
        return names[verdict];
}

int findings_add(Findings *findings, const char *check, const char *promise, Verdict verdict, const char *text) {
        if (array_reserve(&findings->findings, &findings->n_allocated, findings->n_findings + 1) < 0)
                return -ENOMEM;
        char *copy = strdup(text);
        if (!copy)
                return -ENOMEM;
        findings->findings[findings->n_findings++] = (Finding){
                .check = check,
                .promise = promise,
                .verdict = verdict,
                .text = copy,
        };
        return 0;
}

void findings_deinit(Findings *findings) {
        for (size_t i = 0; i < findings->n_findings; i++)
                free(findings->findings[i].text);
        free(findings->findings);
        *findings = (Findings){};
}
