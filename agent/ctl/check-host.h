// migplanectl check: the configuration against the links of this host.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "config/config.h"

// Adds a warning for each plane that would not go up on this host, or would be refused its device.
int check_host(Config *config, Error *ret_error);
