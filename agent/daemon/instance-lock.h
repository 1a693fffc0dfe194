// One daemon a network namespace.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"

// Holds until the process ends, in whatever way. -EEXIST: another migplaned holds it, and is named. A warning is left in
// ret_warning (empty: none) when somebody else sits on the name; that keeps nobody from guarding his planes.
int instance_lock_take(Error *ret_warning, Error *ret_error);
