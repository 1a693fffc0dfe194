// Arbitrary bytes as the kernel's report of a dropped frame: libFuzzer, address and undefined-behaviour sanitizers.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "base/log.h"
#include "base/names.h"
#include "planes/offenders.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// All of it becomes text, and is kept.
static void on_report(const LogReport *report, void *userdata) {
        offenders_add(userdata, "blue", report, 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        Offenders offenders = {};
        _cleanup_free_ char *aligned = malloc(size ?: 1);

        if (!aligned)
                return 0;
        memcpy(aligned, data, size);
        log_set_max_level(LOG_ERR);
        (void)nflog_parse(aligned, size, OUR_LOG_GROUP, on_report, &offenders);
        for (size_t i = 0; i < offenders.n_offenders; i++) {
                OffenderTexts texts;
                offender_format(&offenders.offenders[i], &texts);
                for (const char *c = offenders.offenders[i].report.reason; *c; c++)
                        if ((*c < 'a' || *c > 'z') && *c != '-')
                                abort();
        }
        offenders_deinit(&offenders);
        return 0;
}
