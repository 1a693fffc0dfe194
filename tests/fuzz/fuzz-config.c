// Arbitrary bytes as the text of a NAME.plane file: libFuzzer, address and undefined-behaviour sanitizers.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "base/inet.h"
#include "config/config.h"
#include "config/load.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

// What passes the checks holds to what config.h promises of it.
static void check_promises(const PlaneConfig *plane) {
        if (plane->interface[0] == '\0' || plane->n_addresses == 0 || plane->n_peers == 0 || plane->n_ports == 0)
                abort();
        for (size_t i = 1; i < plane->n_peers; i++)
                if (prefix_compare(&plane->peers[i - 1], &plane->peers[i]) >= 0 ||
                    prefix_overlaps(&plane->peers[i - 1], &plane->peers[i]))
                        abort();
        for (size_t i = 1; i < plane->n_ports; i++)
                if (plane->ports[i].first <= plane->ports[i - 1].last)
                        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_config_ Config *config = NULL;

        if (size == 0 || config_load_text("fuzz", "fuzz.plane", (const char *)data, size, true, &config) < 0)
                return 0;
        if (config->n_planes + config->n_broken != 1)
                abort();
        if (config->n_planes > 0)
                check_promises(config->planes[0]);
        return 0;
}
