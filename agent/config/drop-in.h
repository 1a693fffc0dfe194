// The drop-in that SetBandwidth writes.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/util.h"

// directory: "/etc/migplane" or "/run/migplane". A rate of 0 is left out of the text. The runtime drop-in sorts after
// the persistent one and therefore wins.
int drop_in_bandwidth_path(const char *directory, const char *plane, bool runtime, char **ret_path);
int drop_in_bandwidth_text(uint64_t egress, uint64_t ingress, uint64_t per_migration, char **ret_text);
