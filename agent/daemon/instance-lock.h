// One daemon a network namespace.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"

// The lock holds until the process ends, in whatever way. -EEXIST: another migplaned holds it; the error names the
// process. When another user holds the name, the daemon starts all the same, and ret_warning has a text (else it is
// empty).
int instance_lock_take(Error *ret_warning, Error *ret_error);
