// One daemon a network namespace.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// Two daemons would fight over objects of the network namespace, so the lock is there as well: a socket with an
// abstract name. A file below /run would not do in a container that shares the host's network but not its /run, and the
// name on the bus comes late, or never where there is no bus. But any user can take an abstract name, and must not be
// able to keep the daemon from starting: so the holder counts only if it is root or runs as the same user.

#include "daemon/instance-lock.h"

#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/error.h"
#include "base/util.h"

#define LOCK_NAME "org.migplane1.lock"

enum {
        TRIES_MAX = 20, // 5 ms apart: a daemon that has just bound its socket does not listen yet
};

// 1: held by root or our own user, *ret is the process; 0: by another user, or it is not known by whom.
static int holder_find(const struct sockaddr_un *address, socklen_t size, struct ucred *ret) {
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        const struct timespec pause = { .tv_nsec = 5000000 };
        socklen_t ret_size = sizeof(*ret);
        int r = -1;

        for (unsigned i = 0; fd >= 0 && i < TRIES_MAX; i++) {
                r = connect(fd, (const struct sockaddr *)address, size);
                if (r >= 0 || errno != ECONNREFUSED)
                        break;
                (void)nanosleep(&pause, NULL);
        }
        if (r < 0 || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, ret, &ret_size) < 0)
                return 0;
        return ret->uid == 0 || ret->uid == geteuid();
}

int instance_lock_take(Error *ret_warning, Error *ret_error) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        struct ucred holder = {};
        // The name comes after the NUL, and ends where size says.
        memcpy(address.sun_path + 1, LOCK_NAME, strlen(LOCK_NAME));
        socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(LOCK_NAME));

        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0)
                return error_set(ret_error, -errno, "cannot make the socket that keeps a second daemon out: %m");
        if (bind(fd, (const struct sockaddr *)&address, size) >= 0 && listen(fd, 16) >= 0) {
                fd = -1; // stays open until the process ends
                return 0;
        }
        if (errno != EADDRINUSE)
                return error_set(ret_error, -errno, "cannot bind @" LOCK_NAME ", which keeps a second daemon out: %m");
        if (holder_find(&address, size, &holder) > 0)
                return error_set(ret_error, -EEXIST,
                                 "another migplaned is running in this network namespace (pid %d); stop it first",
                                 (int)holder.pid);
        (void)error_set(ret_warning, -EADDRINUSE,
                        "@" LOCK_NAME
                        " is held by process %d of user %d, which is not migplaned: continuing without the lock",
                        (int)holder.pid, (int)holder.uid);
        return 0;
}
