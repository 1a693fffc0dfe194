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

static int setting_open(const char *item, int flags) {
        char path[SYSCTL_PATH_MAX];

        if (snprintf(path, sizeof(path), "/proc/sys/net/%s", item) >= (int)sizeof(path))
                return -ENAMETOOLONG;
        int fd = open(path, flags | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

// A kernel without IPv6, or a link without it (its MTU is below 1280 bytes), has no folder of the settings. Every other
// setting is on every kernel that migplane runs on.
static bool may_be_lacking(const char *item) {
        char path[SYSCTL_PATH_MAX];
        const char *name = strrchr(item, '/');

        if (!name || strncmp(item, "ipv6/", strlen("ipv6/")) != 0)
                return false;
        int n = snprintf(path, sizeof(path), "/proc/sys/net/%.*s", (int)(name - item), item);
        return n < (int)sizeof(path) && access(path, F_OK) < 0 && errno == ENOENT;
}

int sysctl_read(const char *item, int64_t *ret) {
        _cleanup_close_ int fd = setting_open(item, O_RDONLY);
        char text[32], *end;

        if (fd < 0)
                return fd == -ENOENT && may_be_lacking(item) ? 0 : fd;
        ssize_t n = read(fd, text, sizeof(text) - 1);
        if (n < 0)
                return -errno;
        text[n] = '\0';
        long long value = strtoll(text, &end, 10);
        if (end == text)
                return -EBADMSG;
        *ret = value;
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
                // Not a number, or hidden: missing, so that it is written; the other objects can be seen.
                if (r == -EBADMSG || r == -ENOENT)
                        continue;
                if (r < 0)
                        return error_set(ret_error, r, "cannot read net/%s: %s", object.as_sysctl.item, strerror(-r));
                if (state_add(state, &object) < 0)
                        return error_set(ret_error, -ENOMEM, "out of memory");
        }
        return 0;
}

int sysctl_write(const Object *desired, Error *ret_error) {
        _cleanup_close_ int fd = setting_open(desired->as_sysctl.item, O_WRONLY);
        char text[32];

        if (fd == -ENOENT && may_be_lacking(desired->as_sysctl.item))
                return 0;
        if (fd < 0)
                return error_set(ret_error, fd, "%s", strerror(-fd));
        ssize_t size = snprintf(text, sizeof(text), "%lld\n", (long long)desired->as_sysctl.value);
        ssize_t n = write(fd, text, (size_t)size);
        if (n < 0)
                return error_set(ret_error, -errno, "%m");
        if (n != size)
                return error_set(ret_error, -EIO, "the kernel took %zd of %zd bytes", n, size);
        return 0;
}
