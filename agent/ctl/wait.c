// migplanectl wait-online: waits until planes can be used.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// At boot it may start before the daemon and before the bus. It never polls: it watches the bus's socket, and reads the
// planes again at every signal of the daemon and at the daemon's start.

#include "base/clock.h"
#include "base/log.h"
#include "base/util.h"
#include "client/client.h"
#include "ctl/ctl.h"

typedef struct Wait {
        Ctl *ctl;
        char **names; // of the planes to wait for; none: all with Required=yes
        int n_names;
        json_t *planes;     // NULL: no daemon has answered
        bool asking, stale; // a request is pending; something changed since it was sent
        bool was_connected;
        CtlExit failure; // CTL_DONE: none
} Wait;

// --- the request ---

static void planes_ask(Wait *wait);

static void planes_forget(Wait *wait) {
        json_decref(wait->planes);
        wait->planes = NULL;
}

// The daemon does not run, or stopped during the call. Its next start is a signal.
static bool error_is_absence(const sd_bus_error *error) {
        return sd_bus_error_has_names(error, SD_BUS_ERROR_SERVICE_UNKNOWN, SD_BUS_ERROR_NAME_HAS_NO_OWNER,
                                      SD_BUS_ERROR_NO_REPLY, SD_BUS_ERROR_DISCONNECTED);
}

static int on_planes(sd_bus_message *answer, void *userdata, _unused_ sd_bus_error *ret_error) {
        Wait *wait = userdata;
        const sd_bus_error *error = sd_bus_message_get_error(answer);
        int r = 0;

        wait->asking = false;
        planes_forget(wait);
        if (!error)
                r = client_planes_take(answer, &wait->planes);
        if (r < 0 || (error && !error_is_absence(error))) {
                Error failure;
                ClientResult result = client_failure("Cannot read the list of planes", error, r, &failure);
                wait->failure = ctl_failure(result, &failure);
        } else if (wait->stale)
                planes_ask(wait);
        return 0;
}

static void planes_ask(Wait *wait) {
        wait->stale = wait->asking;
        if (wait->asking)
                return;
        // This waits for the daemon and does not start it.
        int r = client_planes_ask(&wait->ctl->client, on_planes, wait);
        wait->asking = r >= 0;
        if (r < 0)
                wait->failure = ctl_failure_errno("Cannot ask for the planes", r);
}

static int on_change(_unused_ sd_bus_message *message, void *userdata, _unused_ sd_bus_error *ret_error) {
        planes_ask(userdata);
        return 0;
}

// --- the answer ---

// Counts the planes to wait for and those of them that can be used; prints the others if tell is set.
static void planes_count(const Wait *wait, bool tell, size_t *ret_n, size_t *ret_usable) {
        size_t n_all = wait->n_names > 0 ? (size_t)wait->n_names : json_array_size(wait->planes);

        *ret_n = *ret_usable = 0;
        for (size_t i = 0; i < n_all; i++) {
                const json_t *plane = wait->n_names > 0 ? client_planes_find(wait->planes, wait->names[i])
                                                        : json_array_get(wait->planes, i);
                if (wait->n_names == 0 && (!client_plane_flag(plane, "Required") || client_plane_is_down(plane)))
                        continue;
                bool usable = plane && client_plane_is_usable(plane);
                ++*ret_n;
                *ret_usable += usable;
                if (usable || !tell)
                        continue;
                if (plane)
                        log_error("Plane %s is %s: %s", client_plane_string(plane, "Name"), ctl_health_word(plane),
                                  client_plane_reason(plane));
                else
                        log_error("Plane %s does not exist; if it has a file, migplanectl check shows why",
                                  wait->names[i]);
        }
}

static bool wait_is_over(const Wait *wait) {
        size_t n, n_usable;

        if (!wait->planes)
                return false;
        planes_count(wait, false, &n, &n_usable);
        return n_usable == n || (wait->ctl->any && n_usable > 0);
}

static CtlExit wait_time_out(const Wait *wait) {
        size_t n, n_usable;

        log_error("Timed out after %llu s", (unsigned long long)(wait->ctl->timeout_usec / 1000000));
        if (wait->planes)
                planes_count(wait, true, &n, &n_usable);
        else if (wait->was_connected)
                log_error("migplaned does not answer; is it running? systemctl status migplaned");
        else
                log_error("The system bus cannot be reached");
        return CTL_TIMED_OUT;
}

// --- the connection ---

static CtlExit wait_connect(Wait *wait) {
        Client *client = &wait->ctl->client;

        int r = client_start(client);
        planes_forget(wait);
        wait->asking = wait->stale = false;
        r = r < 0 ? r : client_watch(client, on_change, on_change, wait);
        if (r < 0) {
                log_error("Cannot connect to %s: %s", client->host ?: "the system bus", strerror(-r));
                return CTL_NO_DAEMON;
        }
        // After the matches, so that no change is missed in between.
        planes_ask(wait);
        return wait->failure;
}

// After a restart the bus is waited for, as at boot. With socket activation the connection may time out before the bus
// daemon runs. A bus that rejects our credentials is not retried.
static CtlExit wait_connect_again(Wait *wait, int r) {
        if (!wait->ctl->client.host && (wait->was_connected || r == -ETIMEDOUT))
                return wait_connect(wait);
        log_error("Cannot talk to the bus of %s: %s", wait->ctl->client.host ?: "this host", strerror(-r));
        return CTL_NO_DAEMON;
}

static CtlExit wait_run(Wait *wait) {
        uint64_t now = clock_now_usec(), deadline = UINT64_MAX;

        if (wait->ctl->timeout_usec > 0)
                deadline = now + wait->ctl->timeout_usec;
        CtlExit code = wait_connect(wait);
        while (code == CTL_DONE && !wait_is_over(wait)) {
                int r = sd_bus_process(wait->ctl->client.bus, NULL);
                wait->was_connected |= sd_bus_is_ready(wait->ctl->client.bus) > 0;
                now = clock_now_usec();
                if (r == 0 && now >= deadline)
                        return wait_time_out(wait);
                if (r == 0)
                        r = sd_bus_wait(wait->ctl->client.bus, deadline == UINT64_MAX ? UINT64_MAX : deadline - now);
                code = r < 0 && r != -EINTR ? wait_connect_again(wait, r) : wait->failure;
        }
        return code;
}

CtlExit ctl_verb_wait_online(Ctl *ctl, int n_arguments, char **arguments) {
        Wait wait = { .ctl = ctl, .names = arguments, .n_names = n_arguments };

        CtlExit code = wait_run(&wait);
        planes_forget(&wait);
        return code;
}
