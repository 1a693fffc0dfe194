// One daemon a network namespace.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// What two daemons would fight over is in the network namespace, and so is the lock: a socket with an abstract name. A file
// below /run would be another one in a container that shares the host's network but not its /run, and the bus's name comes
// late, or never where there is no bus. Anybody may take such a name, though, and a guard that any user can keep from
// starting is none: so the holder counts only if it is root or runs as the same user.

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
        TRIES_MAX = 20, // 5 ms apart: one that has just bound its socket does not listen yet
};

// 1: held by root or our own user, *ret says which process; 0: by somebody else, or nobody knows.
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
        // The name is what comes after the NUL, to the end that size tells.
        memcpy(address.sun_path + 1, LOCK_NAME, strlen(LOCK_NAME));
        socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(LOCK_NAME));

        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0)
                return error_set(ret_error, -errno, "cannot make the socket that keeps a second daemon out: %m");
        if (bind(fd, (const struct sockaddr *)&address, size) >= 0 && listen(fd, 16) >= 0) {
                fd = -1; // the process's, to its end
                return 0;
        }
        if (errno != EADDRINUSE)
                return error_set(ret_error, -errno, "cannot bind @" LOCK_NAME ", which keeps a second daemon out: %m");
        if (holder_find(&address, size, &holder) > 0)
                return error_set(ret_error, -EEXIST,
                                 "another migplaned is running in this network namespace (pid %d); stop it first",
                                 (int)holder.pid);
        (void)error_set(ret_warning, -EADDRINUSE,
                        "@" LOCK_NAME " is held by process %d of user %d, which is no migplaned: going on without it",
                        (int)holder.pid, (int)holder.uid);
        return 0;
}
