// Settings of links below /proc/sys/net.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "kernel/sysctl.h"

#include <fcntl.h>
#include <unistd.h>

#include "base/error.h"
#include "base/util.h"
#include "kernel/link.h"
#include "model/object.h"
#include "model/state.h"

enum { SYSCTL_PATH_MAX = 96 };

static void path_format(const char *item, char ret[static SYSCTL_PATH_MAX]) {
        (void)snprintf(ret, SYSCTL_PATH_MAX, "/proc/sys/net/%s", item);
}

int sysctl_read(const char *item, int64_t *ret) {
        char path[SYSCTL_PATH_MAX], text[32];

        path_format(item, path);
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return errno == ENOENT ? 0 : -errno;
        ssize_t n = read(fd, text, sizeof(text) - 1);
        if (n < 0)
                return -errno;
        text[n] = '\0';
        *ret = strtoll(text, NULL, 10);
        return 1;
}

int sysctl_observe(const Inventory *inventory, const State *desired, State *state, Error *ret_error) {
        for (size_t i = 0; i < desired->n_objects; i++) {
                if (desired->objects[i].kind != OBJECT_SYSCTL)
                        continue;
                Object object = desired->objects[i];
                if (!inventory_find(inventory, object.link))
                        continue;
                int r = sysctl_read(object.as_sysctl.item, &object.as_sysctl.value);
                if (r < 0)
                        return error_set(ret_error, r, "cannot read net/%s: %s", object.as_sysctl.item, strerror(-r));
                if (state_add(state, &object) < 0)
                        return error_set(ret_error, -ENOMEM, "out of memory");
        }
        return 0;
}

int sysctl_write(const Object *desired, Error *ret_error) {
        char path[SYSCTL_PATH_MAX], text[32];

        path_format(desired->as_sysctl.item, path);
        int n = snprintf(text, sizeof(text), "%lld\n", (long long)desired->as_sysctl.value);
        _cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC);
        if (fd < 0 && errno == ENOENT)
                return 0;
        if (fd < 0 || write(fd, text, (size_t)n) != n)
                return error_set(ret_error, -errno, "%m");
        return 0;
}
