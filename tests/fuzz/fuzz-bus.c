// Arbitrary bytes from the bus: calls of all methods and properties with any arguments, and polkit's answers.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// The connection and all vtables are real. The effects of the calls on the host are left out: the linker replaces them
// with the functions below (--wrap).

#include <sys/socket.h>
#include <unistd.h>

#include "audit/finding.h"
#include "base/error.h"
#include "base/names.h"
#include "base/util.h"
#include "bus/context.h"
#include "bus/keepalive.h"
#include "bus/log-control.h"
#include "bus/manager-object.h"
#include "bus/plane-object.h"
#include "config/config.h"
#include "config/load.h"
#include "daemon/answers.h"
#include "daemon/bandwidth.h"
#include "daemon/manager.h"
#include "planes/describe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int __wrap_manager_reload(Manager *manager, Error *ret_error);
int __wrap_manager_set_down(Manager *manager, Plane *plane, PlaneRequest request, Error *ret_error);
int __wrap_answers_read(Answers *answers, AnswerKind kind, Error *ret_error);
int __wrap_answers_preview(Answers *answers, const char *plane, const char **ret_text, Error *ret_error);
int __wrap_answers_files(Answers *answers, const Config **ret, Error *ret_error);
int __wrap_answers_preview_files(Answers *answers, const char *plane, const Preview **ret, const char **ret_text,
                                 Error *ret_error);
int __wrap_answers_audit(Answers *answers, const Plane *plane, const Findings **ret, Error *ret_error);
int __wrap_bandwidth_set(Reconciler *reconciler, Plane *plane, const BandwidthRequest *request, Error *ret_error);
char *__wrap_describe(const PlaneSet *planes, const Counters *counters, char *const *messages, size_t n_messages);

int __wrap_manager_reload(Manager *manager _unused_, Error *ret_error) {
        return error_set(ret_error, -EIO, "no");
}

int __wrap_answers_read(Answers *answers _unused_, AnswerKind kind _unused_, Error *ret_error _unused_) {
        return 0;
}

int __wrap_answers_preview(Answers *answers _unused_, const char *plane _unused_, const char **ret_text,
                           Error *ret_error _unused_) {
        *ret_text = "+ link mig0\n";
        return 0;
}

int __wrap_answers_files(Answers *answers _unused_, const Config **ret, Error *ret_error _unused_) {
        static const Config none;

        *ret = &none;
        return 0;
}

int __wrap_answers_preview_files(Answers *answers _unused_, const char *plane, const Preview **ret,
                                 const char **ret_text, Error *ret_error _unused_) {
        static char *messages[] = { (char *)"blue.plane:1: error: nonsense" };
        static const Preview preview = { .messages = messages, .n_messages = 1 };

        *ret = &preview;
        *ret_text = plane[0] ? NULL : "+ link mig0\n";
        return 0;
}

// What comes here has been checked.
int __wrap_bandwidth_set(Reconciler *reconciler _unused_, Plane *plane, const BandwidthRequest *request,
                         Error *ret_error _unused_) {
        const uint64_t rates[] = { request->egress.rate, request->ingress.rate };

        for (size_t i = 0; i < ELEMENTSOF(rates); i++)
                if (rates[i] != 0 && (rates[i] < RATE_MIN_BITS_PER_SECOND || rates[i] > RATE_MAX_BITS_PER_SECOND))
                        abort();
        plane->drift.repairs++;
        return 0;
}

int __wrap_manager_set_down(Manager *manager _unused_, Plane *plane, PlaneRequest request, Error *ret_error _unused_) {
        plane->taken_down = request != PLANE_UP;
        return 0;
}

char *__wrap_describe(const PlaneSet *planes _unused_, const Counters *counters _unused_,
                      char *const *messages _unused_, size_t n_messages _unused_) {
        return strdup("{}");
}

int __wrap_answers_audit(Answers *answers _unused_, const Plane *plane _unused_, const Findings **ret,
                         Error *ret_error _unused_) {
        static Finding finding = {
                .check = "sysctl", .promise = "a promise", .verdict = VERDICT_OK, .text = (char *)"seen"
        };
        static const Findings findings = { .findings = &finding, .n_findings = 1 };

        *ret = &findings;
        return 0;
}

// One plane, the same for all runs.
static BusContext *context_get(void) {
        static const char text[] = "[Interface]\nName=mig0\n[Address]\nAddress=192.0.2.1/24\n[Bandwidth]\nEgress=1G\n";
        static Config *config;
        static Plane plane, *planes[] = { &plane };
        static Manager manager = { .planes = { .planes = planes, .n_planes = 1 } };
        static BusContext context = { .manager = &manager };

        if (!config) {
                if (config_load_text("blue", "blue.plane", text, strlen(text), true, &config) < 0 ||
                    config->n_planes != 1)
                        abort();
                plane = (Plane){ .config = config->planes[0], .status.ifindex = 2 };
        }
        return &context;
}

static void on_stalled(void *userdata _unused_) {
}

static sd_bus *connection_new(int fd, const sd_bus_vtable *plane_vtable, BusContext *context,
                              Keepalive *ret_keepalive) {
        sd_bus *bus = NULL;
        int r = sd_bus_new(&bus);

        if (r >= 0)
                r = keepalive_init(ret_keepalive, bus, on_stalled, NULL);
        if (r >= 0)
                r = log_control_add(bus, context);
        if (r >= 0)
                r = manager_object_add(bus, context);
        if (r >= 0)
                r = plane_object_add(bus, plane_vtable, context);
        if (r >= 0)
                r = sd_bus_set_fd(bus, fd, fd);
        if (r >= 0)
                r = sd_bus_set_server(bus, true,
                                      SD_ID128_MAKE(01, 23, 45, 67, 89, ab, cd, ef, 01, 23, 45, 67, 89, ab, cd, ef));
        if (r >= 0)
                r = sd_bus_set_anonymous(bus, true);
        if (r >= 0)
                r = sd_bus_start(bus);
        if (r < 0)
                abort();
        return bus;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static const char greeting[] = "\0AUTH ANONYMOUS\r\nBEGIN\r\n";
        BusContext *context = context_get();
        Keepalive keepalive;
        int pair[2];

        if (size == 0 || size > 65536)
                return 0;
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
                abort();
        if (send(pair[1], greeting, sizeof(greeting) - 1, 0) < 0 || send(pair[1], data, size, 0) < 0 ||
            shutdown(pair[1], SHUT_WR) < 0)
                abort();

        sd_bus_vtable *plane_vtable = plane_object_new_vtable();
        if (!plane_vtable)
                abort();
        context->callers.user = data[0] % 2 ? 0 : 65534;
        sd_bus *bus = connection_new(pair[0], plane_vtable, context, &keepalive);
        // To the end of what was sent, after which questions that are still open are answered by the end of the
        // connection.
        while (sd_bus_process(bus, NULL) > 0)
                ;
        polkit_forget(&context->polkit);
        keepalive_deinit(&keepalive);
        (void)sd_bus_close_unref(bus);
        free(plane_vtable);
        (void)close(pair[1]);
        return 0;
}
