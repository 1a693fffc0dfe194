// The profile that NetworkManager is given for a plane, as its D-Bus interface has it: a{sa{sv}}.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// Its UUID follows from the plane's name, and its user data carry a hash of what it says, by which it is recognised.
#pragma once

#include <systemd/sd-bus.h>

#include "config/plane-config.h"

enum { NM_UUID_SIZE = 37, NM_HASH_SIZE = 17 };

const char *nm_profile_uuid(const char *plane, char ret[static NM_UUID_SIZE]);
const char *nm_profile_hash(const PlaneConfig *plane, char ret[static NM_HASH_SIZE]);
int nm_profile_append(sd_bus_message *m, const PlaneConfig *plane);
// What a profile of ours is recognised by: the hash that it carries, "" when it carries none, and its UUID.
int nm_profile_read(sd_bus_message *m, char ret_hash[static NM_HASH_SIZE], char ret_uuid[static NM_UUID_SIZE]);
