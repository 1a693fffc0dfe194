// Whether the planes' files were edited since they were read into the planes.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "base/util.h"
#include "config/config.h"
#include "planes/plane-set.h"
#include "planes/plane.h"

// Reads the files as they are now.
int edited_read_files(Config **ret, Error *ret_error);

// Notes what the planes were read from.
void edited_note(PlaneSet *planes, const Config *config);
// Pure. A reload would read another text. The drop-ins of SetBandwidth do not count: they are in force already.
bool edited_plane(const Plane *plane, const Config *now);
// Any plane's files, those of planes that are not there yet included.
bool edited_any(const PlaneSet *planes, const Config *now);
