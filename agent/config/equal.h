// Whether an edit of a plane's files changes the plane.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/util.h"
#include "config/plane-config.h"

// Whether two configurations mean the same. Every key of the table counts, and which plane is the default; where a
// value was written does not.
bool plane_config_equal(const PlaneConfig *a, const PlaneConfig *b);
