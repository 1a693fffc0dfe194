// migplaned --release: the daemon lets go of the host, without a bus, and ends.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "daemon/manager.h"

// Releases every plane: the objects in the kernel go first, then what the managers have been told. Keeps no mark, so
// that a later start sets the planes up again. If there is a bus, networkd and NetworkManager are asked to forget them
// too, and have some seconds to answer. Fails if an object stays; then no plane is open, and it can be run again.
int release_all(Manager *manager, Error *ret_error);
