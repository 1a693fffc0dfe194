// How a plane's endpoint is written for those who start migrations: one text for each D-Bus property.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "planes/plane.h"

enum { ENDPOINT_TEXT_MAX = 80 };

// The text of Name, Description, Interface, Kind, Health, Address, Cidr, Family, MigrateUri, MigrateUriLegacy,
// ListenAddress or Fallback; either text or a string of the plane's.
const char *endpoint_text(const Plane *plane, const char *property, char text[static ENDPOINT_TEXT_MAX]);
