// The drop-in that SetBandwidth writes.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/util.h"

// A rate that the drop-in sets, or leaves to the files before it.
typedef struct DropInRate {
        bool is_set;
        uint64_t rate; // bits per second; 0: no cap
} DropInRate;

typedef struct DropInRates {
        DropInRate egress, ingress, per_migration;
} DropInRates;

// directory: "/etc/migplane" or "/run/migplane". The runtime drop-in sorts after the persistent one and therefore wins.
int drop_in_bandwidth_path(const char *directory, const char *plane, bool runtime, char **ret_path);
// Whether a path is that of such a drop-in.
bool drop_in_is_bandwidth(const char *path);
// NULL: it sets nothing. Error: -ENOMEM.
int drop_in_bandwidth_text(const DropInRates *rates, char **ret_text);
// What such a text sets. A value that is not understood is not set: the reader of the configuration reports it.
int drop_in_bandwidth_read(const char *text, DropInRates *ret);
