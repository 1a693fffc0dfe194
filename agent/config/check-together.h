// What must hold between planes.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/util.h"
#include "config/config.h"
#include "config/plane-config.h"

// Sorts the planes, checks them together, moves those that lose to broken, and finds the default.
int config_check_together(Config *config);

// After a reload: a plane that is broken keeps the configuration in force, and those of config's planes that contradict
// it become broken in their turn. in_force: what every plane has now. Error: -ENOMEM.
int config_check_kept(Config *config, const PlaneConfig *const *in_force, size_t n_in_force);

// Takes out the plane of that name, if there is one, for what is in force instead: it counts as broken. *ret: the plane, or as it
// was. Error: -ENOMEM.
int config_keep(Config *config, const char *name, PlaneConfig **ret);
