// The name of a guest, as the cgroup of its QEMU tells it.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/util.h"

enum { GUEST_NAME_MAX = 128 }; // with the NUL; a longer name is cut

// Whether the path is that of the service of libvirt's QEMU driver, which connects on behalf of its guests.
bool guest_is_libvirt(const char *path);
// The guest's name from the path of a cgroup, below the root of the hierarchy: those that libvirt makes with
// systemd-machined and without, and those of Proxmox. "" for every other cgroup, and below user.slice,
// where users choose the names. Returns ret.
const char *guest_from_cgroup(const char *path, char ret[static GUEST_NAME_MAX]);
