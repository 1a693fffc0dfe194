// The planes without their rules are closed, until all of these are loaded again.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "base/util.h"
#include "engine/kernel.h"
#include "engine/plane-facts.h"

// Where a table of ours is missing, and the planes have so many peers that their rules take long to derive and load:
// loads rules that let nothing pass on the planes, and nothing of the planes' networks elsewhere. Only a plane that has
// been verified is closed, because the name of another may be a mistake. 1: loaded; 0: not needed.
int closing_run(Kernel *kernel, const PlaneInput *planes, size_t n_planes, Error *ret_error);
