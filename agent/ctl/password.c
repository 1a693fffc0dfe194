// migplanectl: polkit's text agent, which asks the user of a terminal for a password.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// polkit asks the agent of the caller's session. On a terminal without a desktop there is none, so the program starts
// one for the time of a change, as systemctl does.

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/util.h"
#include "ctl/ctl.h"

static pid_t agent; // 0: none

// The agent closes ready_fd when it has registered, and by its end.
static void agent_exec(pid_t parent, int ready_fd) {
        char option[32];

        // It ends with this program, however that ends.
        if (prctl(PR_SET_PDEATHSIG, SIGTERM) < 0 || getppid() != parent || fcntl(ready_fd, F_SETFD, 0) < 0)
                return;
        (void)snprintf(option, sizeof(option), "--notify-fd=%d", ready_fd);
        (void)execlp("pkttyagent", "pkttyagent", option, "--fallback", NULL);
}

void ctl_password_agent_start(const Ctl *ctl) {
        pid_t parent = getpid();
        int ready[2];
        char byte;

        // Root needs no password. polkit of another host would ask an agent there.
        if (!ctl->client.ask_password || ctl->client.host || geteuid() == 0 || pipe2(ready, O_CLOEXEC) < 0)
                return;
        agent = fork();
        if (agent == 0) {
                agent_exec(parent, ready[1]);
                _exit(EXIT_FAILURE); // without an agent, polkit refuses what needs a password
        }
        (void)close(ready[1]);
        while (agent > 0 && read(ready[0], &byte, sizeof(byte)) < 0 && errno == EINTR)
                ;
        (void)close(ready[0]);
}

void ctl_password_agent_stop(void) {
        if (agent <= 0)
                return;
        // A terminal that the agent has set to hide the password is restored by its end.
        (void)kill(agent, SIGTERM);
        while (waitpid(agent, NULL, 0) < 0 && errno == EINTR)
                ;
        agent = 0;
}
