// Everything the daemon knows of its planes, as JSON.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/util.h"
#include "planes/counters.h"
#include "planes/plane-set.h"

// {"Version": ..., "Planes": [{property: value, ...}, ...], "ConfigurationMessages": [...]}; the planes' names and
// units are those of their properties. What could not be read of the counters counts as 0. NULL when memory is out;
// else to be freed.
char *describe(const PlaneSet *planes, const Counters *counters, char *const *messages, size_t n_messages);
