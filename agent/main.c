// migplaned: sets the migration plane up, and holds it.
// SPDX-License-Identifier: GPL-2.0-or-later

#include <getopt.h>
#include <malloc.h>
#include <signal.h>
#include <systemd/sd-daemon.h>

#include "base/error.h"
#include "base/log.h"
#include "base/util.h"
#include "bus/bus.h"
#include "daemon/instance-lock.h"
#include "daemon/manager.h"
#include "daemon/release.h"

static int on_reload(sd_event_source *source _unused_, const struct signalfd_siginfo *info _unused_, void *userdata) {
        Error error = {};

        (void)sd_notify(false, "RELOADING=1");
        if (manager_reload(userdata, &error) < 0)
                log_error("%s", error.text);
        (void)sd_notify(false, "READY=1");
        return 0;
}

static int signals_add(sd_event *event, Manager *manager) {
        static const struct {
                int signal;
                sd_event_signal_handler_t handler; // NULL: leave the loop, with userdata as the exit code
        } handlers[] = { { SIGTERM, NULL }, { SIGINT, NULL }, { SIGHUP, on_reload } };
        sigset_t signals;

        (void)sigemptyset(&signals);
        for (size_t i = 0; i < ELEMENTSOF(handlers); i++)
                (void)sigaddset(&signals, handlers[i].signal);
        if (sigprocmask(SIG_BLOCK, &signals, NULL) < 0)
                return -errno;
        for (size_t i = 0; i < ELEMENTSOF(handlers); i++) {
                int r = sd_event_add_signal(event, NULL, handlers[i].signal, handlers[i].handler,
                                            handlers[i].handler ? manager : NULL);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int loop(sd_event *event, const Manager *manager) {
        (void)sd_notifyf(false, "READY=1\nSTATUS=%zu plane(s)", manager->planes.n_planes);
        int r = sd_event_loop(event);
        if (r != EXIT_SUCCESS)
                log_error("stopping: %s; the planes stay as they are", r < 0 ? strerror(-r) : "the bus cannot be used");
        // The planes stay up: only migplanectl down takes one away.
        (void)sd_notify(false, "STOPPING=1");
        return r < 0 ? EXIT_FAILURE : r;
}

static int manager_prepare(sd_event **ret_event, Manager **ret_manager, Error *ret_error) {
        Error warning = {};

        // First of all: a second daemon must touch nothing.
        int r = instance_lock_take(&warning, ret_error);
        if (warning.text[0])
                log_warning("%s", warning.text);
        if (r < 0)
                return r;
        r = sd_event_default(ret_event);
        if (r < 0)
                return error_set(ret_error, r, "cannot make an event loop: %s", strerror(-r));
        return manager_new(*ret_event, ret_manager, ret_error);
}

// The exit code, or a negative errno and why nothing was done, or what stays.
static int release(Error *ret_error) {
        _cleanup_(sd_event_unrefp) sd_event *event = NULL;
        _cleanup_(manager_freep) Manager *manager = NULL;

        int r = manager_prepare(&event, &manager, ret_error);
        if (r == -EEXIST)
                error_prefix(ret_error, "nothing is released (to ask the daemon: migplanectl release --all)");
        return r < 0 ? r : release_all(manager, ret_error);
}

// The exit code, or a negative errno and why the daemon could not start.
static int run(Error *ret_error) {
        _cleanup_(sd_event_unrefp) sd_event *event = NULL;
        _cleanup_(manager_freep) Manager *manager = NULL;
        _cleanup_(bus_freep) Bus *bus = NULL; // goes before the manager

        int r = manager_prepare(&event, &manager, ret_error);
        if (r < 0)
                return r;
        r = signals_add(event, manager);
        if (r < 0)
                return error_set(ret_error, r, "cannot handle signals: %s", strerror(-r));
        r = bus_new(manager, &bus, ret_error);
        if (r < 0)
                return r;
        r = manager_start(manager, ret_error);
        if (r < 0)
                return r;
        r = bus_connect(bus, ret_error);
        return r < 0 ? r : loop(event, manager);
}

int main(int argc, char *argv[]) {
        static const struct option options[] = {
                { "help", no_argument, NULL, 'h' },
                { "version", no_argument, NULL, 'V' },
                { "release", no_argument, NULL, 'r' },
                {},
        };
        int (*action)(Error *) = run;

        // Large memory is returned at once, however large it has been before: any user may send large messages.
        (void)mallopt(M_MMAP_THRESHOLD, 128 * 1024);
        for (int c; (c = getopt_long(argc, argv, "h", options, NULL)) >= 0;)
                switch (c) {
                case 'h':
                        puts("migplaned [--help] [--version] [--release]\n\n"
                             "Sets up and holds the migration planes of /etc/migplane; see migplaned(8).\n"
                             "--release takes all of them off this host instead, and ends.");
                        return EXIT_SUCCESS;
                case 'V':
                        puts("migplaned " MIGPLANE_VERSION);
                        return EXIT_SUCCESS;
                case 'r':
                        action = release;
                        break;
                default:
                        return 2;
                }
        if (optind < argc) {
                (void)fprintf(stderr, "migplaned takes no arguments; see migplaned --help.\n");
                return 2;
        }

        Error error = {};
        int r = action(&error);
        if (r < 0)
                log_error("%s", error.text[0] ? error.text : strerror(-r));
        return r < 0 ? EXIT_FAILURE : r;
}
