// How a plane's endpoint is written for those who start migrations: pure.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// All texts are empty for a plane that is unread.
#pragma once

#include "config/plane-config.h"

enum { ENDPOINT_TEXT_MAX = 80 };

// They write into text and return it, or return a literal.
const char *endpoint_address(const PlaneConfig *plane, char text[static ENDPOINT_TEXT_MAX]); // "192.0.2.1", "fd00::5"
const char *endpoint_cidr(const PlaneConfig *plane, char text[static ENDPOINT_TEXT_MAX]);    // "192.0.2.1/24"
const char *endpoint_family(const PlaneConfig *plane);                                       // "ipv4", "ipv6"
const char *endpoint_uri(const PlaneConfig *plane, char text[static ENDPOINT_TEXT_MAX]);     // "tcp://[fd00::5]"
// The form of older libvirt: "tcp:192.0.2.1"
const char *endpoint_uri_legacy(const PlaneConfig *plane, char text[static ENDPOINT_TEXT_MAX]);

// MiB/s that an initiator should ask for (libvirt's unit), rounded down: PerMigration=, else Egress=; 0: neither is
// set.
uint64_t endpoint_suggested_mebibytes(const PlaneConfig *plane);
