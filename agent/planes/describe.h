// Everything the daemon knows of its planes, as JSON.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/util.h"
#include "engine/kernel.h"
#include "planes/plane-set.h"

// {"Version": ..., "Planes": [{property: value, ...}, ...], "ConfigurationMessages": [...]}; the planes' names and units
// are those of their properties. NULL when memory is out; else to be freed.
char *describe(const PlaneSet *planes, const Kernel *kernel, char *const *messages, size_t n_messages);
