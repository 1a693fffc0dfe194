// Names of our own that follow from others.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "base/names.h"

#include "base/util.h"

void names_ifb(const char *interface, char ret[static IFNAMSIZ]) {
        if (strlen(IFB_NAME_PREFIX) + strlen(interface) < IFNAMSIZ) {
                (void)snprintf(ret, IFNAMSIZ, IFB_NAME_PREFIX "%s", interface);
                return;
        }
        uint64_t hash = hash_bytes(HASH_INIT, interface, strlen(interface));
        (void)snprintf(ret, IFNAMSIZ, IFB_NAME_PREFIX "%.5s%06x", interface, (unsigned)(hash & 0xffffff));
}
