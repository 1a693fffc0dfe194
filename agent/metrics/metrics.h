// The planes as metrics, in the text format of Prometheus.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <jansson.h>
#include <stdio.h>

// planes: as client_planes_read gives them, with their counters; manager: as client_manager_read does. NULL for both:
// the daemon does not run. A counter that is missing gives no sample.
void metrics_print(FILE *file, const json_t *planes, const json_t *manager);
