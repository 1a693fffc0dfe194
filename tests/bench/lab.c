// Namespaces for measurements, and a manager like the daemon's.
// SPDX-License-Identifier: GPL-2.0-or-later

#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

#include "base/error.h"
#include "base/inet.h"
#include "base/util.h"
#include "config/config.h"
#include "config/load.h"
#include "engine/derive.h"

int lab_shell(const char *format, ...) {
        char command[512];
        va_list arguments;

        va_start(arguments, format);
        (void)vsnprintf(command, sizeof(command), format, arguments);
        va_end(arguments);
        return system(command) == 0 ? 0 : -EIO;
}

static bool has_vlan;

int lab_enter(void) {
        if (unshare(CLONE_NEWNET) < 0)
                return -errno;
        // A VLAN where the kernel has them; else the next best thing. Found out here, so that nobody's time has it in it.
        has_vlan = lab_shell("ip link add link lo name probe type vlan id 1 2>/dev/null && ip link delete probe") == 0;
        return 0;
}

typedef struct Child {
        pid_t pid;
        int to_child, from_child;
        double *results;
} Child;

static int child_main(int from_parent, int to_parent, LabBody body, void *userdata, double *results) {
        char byte = 0;

        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (unshare(CLONE_NEWNET) < 0 || write(to_parent, &byte, 1) != 1 || read(from_parent, &byte, 1) != 1)
                return EXIT_FAILURE;
        // Fixed addresses and numbers, so that a request that was recorded fits in every namespace.
        if (lab_shell("ip link set lo up && ip link set eno2 up") < 0)
                return EXIT_FAILURE;
        int r = body(results, userdata);
        if (r < 0)
                (void)fprintf(stderr, "%s\n", strerror(-r));
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int child_start(Child *child, LabBody body, void *userdata) {
        int down[2], up[2];

        if (pipe2(down, O_CLOEXEC) < 0 || pipe2(up, O_CLOEXEC) < 0)
                return -errno;
        (void)fflush(NULL);
        child->pid = fork();
        if (child->pid < 0)
                return -errno;
        if (child->pid == 0)
                _exit(child_main(down[0], up[1], body, userdata, child->results));
        (void)close(down[0]);
        (void)close(up[1]);
        child->to_child = down[1];
        child->from_child = up[0];
        return 0;
}

static int child_wait(Child *child) {
        char byte = 0;
        int status = 0, r = 0;

        if (read(child->from_child, &byte, 1) != 1)
                r = -EIO;
        if (r >= 0)
                r = lab_shell("ip link add wire up type veth peer name eno2 netns %d address 52:54:00:00:0b:01", child->pid);
        if (r >= 0 && write(child->to_child, &byte, 1) != 1)
                r = -EIO;
        close_fd(&child->to_child);
        close_fd(&child->from_child);
        if (waitpid(child->pid, &status, 0) < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
                r = -EIO;
        // The namespace is taken down after its last process, behind our back and holding the locks that we are about to
        // time: the other end of its wire tells when.
        while (if_nametoindex("wire") > 0)
                (void)usleep(2000);
        (void)usleep(20000);
        return r;
}

int lab_run(LabBody body, void *userdata, double *results) {
        size_t size = LAB_RESULTS_MAX * sizeof(double);
        Child child = { .results = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0) };

        if (child.results == MAP_FAILED)
                return -errno;
        int r = child_start(&child, body, userdata);
        if (r >= 0)
                r = child_wait(&child);
        if (r >= 0)
                memcpy(results, child.results, size);
        (void)munmap(child.results, size);
        return r;
}

// --- the manager ---

int lab_plane_text(size_t number, char **ret) {
        int n = asprintf(ret,
                         "[Interface]\nName=mig%zu\nKind=%s\nParent=eno2\n%s%zu\n"
                         "[Address]\nAddress=172.150.%zu.5/24\n"
                         "[Bandwidth]\nEgress=8G\nIngress=8G\n"
                         "[Isolation]\nPorts=49152-49215\n",
                         number, has_vlan ? "vlan" : "macvlan", has_vlan ? "VLANId=" : "# ", 100 + number, number + 1);
        return n < 0 ? -ENOMEM : 0;
}

static int plane_config(size_t number, PlaneConfig **ret, Error *ret_error) {
        _cleanup_free_ char *text = NULL;
        _cleanup_config_ Config *config = NULL;
        char name[32];

        (void)snprintf(name, sizeof(name), "bench%zu", number);
        if (lab_plane_text(number, &text) < 0 ||
            config_load_text(name, "bench.plane", text, strlen(text), true, &config) < 0)
                return error_set(ret_error, -ENOMEM, "out of memory");
        if (config->n_planes != 1)
                return error_set(ret_error, -EINVAL, "%s", config->n_messages ? config->messages[0].text : "no plane");
        *ret = TAKE(config->planes[0]);
        return 0;
}

int lab_manager_init(LabManager *lab, Error *ret_error) {
        *lab = (LabManager){};
        int r = sd_event_new(&lab->event);
        if (r < 0)
                return error_set(ret_error, r, "cannot make an event loop");
        return manager_new(lab->event, &lab->manager, ret_error);
}

int lab_manager_add(LabManager *lab, size_t n_planes, Error *ret_error) {
        Manager *manager = lab->manager;

        for (size_t i = 0; i < n_planes; i++) {
                PlaneConfig *config = NULL;
                int r = plane_config(i, &config, ret_error);
                if (r < 0)
                        return r;
                Plane *plane = plane_new(manager, config);
                if (!plane || array_reserve(&manager->planes, &manager->n_planes_allocated, manager->n_planes + 1) < 0)
                        return error_set(ret_error, -ENOMEM, "out of memory");
                manager->planes[manager->n_planes++] = plane;
        }
        return 0;
}

void lab_manager_deinit(LabManager *lab) {
        lab->manager = manager_free(lab->manager);
        lab->event = sd_event_unref(lab->event);
}

int lab_manager_differences(LabManager *lab, int expected) {
        _cleanup_free_ char *text = NULL;
        Error error = {};
        int n = 0;

        int r = manager_plan(lab->manager, NULL, &text, &error);
        if (r < 0)
                return r;
        for (const char *at = text; *at; at++)
                n += *at == '\n';
        if (n == expected)
                return 0;
        (void)fprintf(stderr, "not as it should be:\n%s", text);
        return -EIO;
}

// --- a look ---

static double lap(double *since) {
        double now = now_usec(), took = now - *since;

        *since = now;
        return took;
}

// What look_new does, with a clock.
int lab_look(LabManager *lab, Look *ret, double times[static LOOK_PART_MAX], Error *ret_error) {
        Manager *manager = lab->manager;
        _cleanup_look_ Look look = {
                .configs = calloc(manager->n_planes, sizeof(*look.configs)),
                .reasons = calloc(manager->n_planes, sizeof(*look.reasons)),
                .n_planes = manager->n_planes,
        };
        double at = now_usec();

        if (!look.configs || !look.reasons)
                return error_set(ret_error, -ENOMEM, "out of memory");
        for (size_t i = 0; i < manager->n_planes; i++)
                look.configs[i] = manager->planes[i]->config;
        int r = inventory_read(manager->kernel.netlink, &look.inventory, ret_error);
        times[LOOK_INVENTORY] += lap(&at);
        DeriveFacts facts = {
                .inventory = &look.inventory,
                .leaf = manager->kernel.leaf,
                .machine_id = manager->machine_id,
        };
        if (r >= 0)
                r = derive(look.configs, look.n_planes, &facts, &look.desired, look.reasons);
        times[LOOK_DERIVE] += lap(&at);
        if (r >= 0)
                r = kernel_observe(&manager->kernel, &look.inventory, &look.desired, &look.observed, ret_error);
        times[LOOK_OBSERVE] += lap(&at);
        if (r >= 0)
                r = plan_diff(&look.desired, &look.observed, &look.plan);
        times[LOOK_DIFF] += lap(&at);
        if (r < 0)
                return r;
        *ret = look;
        look = (Look){};
        return 0;
}
