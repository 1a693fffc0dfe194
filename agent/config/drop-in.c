// The drop-in that SetBandwidth writes.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "config/drop-in.h"

#include "base/parse.h"
#include "base/util.h"

int drop_in_bandwidth_path(const char *directory, const char *plane, bool runtime, char **ret_path) {
        char *path;

        if (asprintf(&path, "%s/%s.plane.d/%s.conf", directory, plane,
                     runtime ? "95-set-bandwidth-runtime" : "90-set-bandwidth") < 0)
                return -ENOMEM;
        *ret_path = path;
        return 0;
}

int drop_in_bandwidth_text(uint64_t egress, uint64_t ingress, uint64_t per_migration, char **ret_text) {
        const struct {
                const char *key;
                uint64_t rate;
        } rates[] = { { "Egress", egress }, { "Ingress", ingress }, { "PerMigration", per_migration } };
        char lines[ELEMENTSOF(rates)][64] = { "" };
        char *text;

        for (size_t i = 0; i < ELEMENTSOF(rates); i++) {
                char rate[RATE_TEXT_MAX];
                if (rates[i].rate > 0)
                        (void)snprintf(lines[i], sizeof(lines[i]), "%s=%s\n", rates[i].key,
                                       format_rate(rates[i].rate, rate));
        }
        if (asprintf(&text,
                     "# Set with SetBandwidth (migplanectl set-bandwidth). Remove this file and reload to undo it.\n"
                     "[Bandwidth]\n%s%s%s",
                     lines[0], lines[1], lines[2]) < 0)
                return -ENOMEM;
        *ret_text = text;
        return 0;
}
