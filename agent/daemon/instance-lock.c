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
#include "kernel/unix-name.h"

#define LOCK_NAME "org.migplane1.lock"

enum {
        TRIES_MAX = 20, // 5 ms apart: a daemon that has just bound its socket does not listen yet
};

// The process that holds the name; 0: unknown.
static pid_t holder_pid(const struct sockaddr_un *address, socklen_t size) {
        _cleanup_close_ int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        const struct timespec pause = { .tv_nsec = 5000000 };
        struct ucred holder = {};
        socklen_t holder_size = sizeof(holder);
        int r = -1;

        for (unsigned i = 0; fd >= 0 && i < TRIES_MAX; i++) {
                r = connect(fd, (const struct sockaddr *)address, size);
                if (r >= 0 || errno != ECONNREFUSED)
                        break;
                (void)nanosleep(&pause, NULL);
        }
        if (r < 0 || getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &holder, &holder_size) < 0)
                return 0;
        return holder.pid;
}

int instance_lock_take(Error *ret_warning, Error *ret_error) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int r;

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

        uid_t user = (uid_t)-1;
        Error error = {};
        r = unix_name_owner(LOCK_NAME, &user, &error);
        pid_t pid = holder_pid(&address, size);
        char process[32] = "an unknown process";
        if (pid > 0)
                (void)snprintf(process, sizeof(process), "pid %d", (int)pid);
        if (r >= 0 && (user == 0 || user == geteuid()))
                return error_set(ret_error, -EEXIST,
                                 "another migplaned is running in this network namespace (%s); stop it first", process);
        if (r < 0)
                (void)error_set(ret_warning, -EADDRINUSE,
                                "@" LOCK_NAME
                                " is held by %s, and its user is unknown (%s): continuing without the "
                                "lock",
                                process, error.text);
        else
                (void)error_set(ret_warning, -EADDRINUSE,
                                "@" LOCK_NAME
                                " is held by %s of user %d, which is not migplaned: continuing without "
                                "the lock",
                                process, (int)user);
        return 0;
}
