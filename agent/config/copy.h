// A copy of a plane's configuration, to be changed: the one in force never is.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "config/plane-config.h"

// NULL: memory is out.
PlaneConfig *plane_config_copy(const PlaneConfig *plane);
