// Whether a link is the device that a plane's file describes.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/util.h"
#include "config/plane-config.h"
#include "kernel/link.h"
#include "model/object.h"

LinkType link_match_type(PlaneKind kind);
// Type and VLAN, whatever the link stands on.
bool link_match_tag(const Link *link, const PlaneConfig *plane);
// All that cannot be changed without making the link again.
bool link_match_all(const Link *link, const PlaneConfig *plane);
