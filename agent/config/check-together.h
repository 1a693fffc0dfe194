// Checks between planes.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/util.h"
#include "config/config.h"
#include "config/plane-config.h"

// Sorts the planes, moves each that contradicts an earlier one to broken, and chooses the default. Error: -ENOMEM.
int config_check_together(Config *config);

// After a reload: a broken plane keeps its configuration in force, and a plane of config that contradicts it becomes
// broken as well. in_force: the configurations of all present planes. Error: -ENOMEM.
int config_check_kept(Config *config, const PlaneConfig *const *in_force, size_t n_in_force);

// Removes the plane of that name from the configuration and marks it broken, so that it keeps the configuration in
// force. *ret: the removed plane; untouched if there is none of that name. Error: -ENOMEM.
int config_keep(Config *config, const PlaneConfig *in_force, PlaneConfig **ret);
