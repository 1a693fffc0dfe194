// Loads NAME.plane files, with systemd's syntax and layering.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "base/util.h"
#include "config/config.h"

// Reads every NAME.plane of the directories (NULL-terminated, highest precedence first) with its drop-ins and masks,
// checks each plane alone and then all together. A bad file does not fail the call: it gives a message, and its plane
// is in broken. Of two planes that contradict each other (same interface, overlapping prefixes), the later by name is
// broken. A directory that cannot be read is in broken, too. has_ipv6: see config_kernel_has_ipv6. Error: -ENOMEM.
int config_load(const char *const *directories, bool has_ipv6, Config **ret, Error *ret_error);
// The same for one plane and one text of size bytes that was read from path. Error: -ENOMEM.
int config_load_text(const char *name, const char *path, const char *text, size_t size, bool has_ipv6, Config **ret);

// The same for files that are not in their place yet: each is a plane of its name without .plane, without drop-ins. Of
// this host nothing is looked at: the planes may have IPv6 addresses, and Users= are not looked up. Error: -ENOMEM.
int config_load_files(const char *const *paths, size_t n_paths, Config **ret);

// Whether the kernel has IPv6 at all. net.ipv6.conf.all.disable_ipv6=1 does not matter: a device has its own setting.
bool config_kernel_has_ipv6(void);
