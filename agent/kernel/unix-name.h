// Abstract names of UNIX sockets.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <sys/types.h>

#include "base/error.h"

// The user who made the stream socket that is bound to the abstract name, in this network namespace. The socket itself
// is not asked, so that it cannot be kept from answering. -ENOENT: there is none. Source: sock_diag (Linux 5.3).
int unix_name_owner(const char *name, uid_t *ret, Error *ret_error);
