// Control groups, version 2.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/util.h"

enum { CGROUP_PATH_MAX = 1024 };

// The path of a cgroup below the root of its hierarchy, without a slash in front. id: as sock_diag tells it
// (INET_DIAG_CGROUP_ID), the inode of its folder. Returns 1: found; 0: there is none of that id, or this host has no
// such hierarchy, or it is deeper or larger than is looked for; or a negative errno.
int cgroup_find(uint64_t id, char ret[static CGROUP_PATH_MAX]);
