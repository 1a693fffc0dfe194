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
#include "daemon/preview.h"
#include "engine/derive.h"
#include "engine/observe.h"
#include "engine/plane-facts.h"
#include "engine/snapshot.h"
#include "model/plan.h"
#include "planes/plane-set.h"

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
        // A VLAN where the kernel has them; else the next best thing. Found out here, so that nobody's time has it in
        // it.
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
                r = lab_shell("ip link add wire up type veth peer name eno2 netns %d address 52:54:00:00:0b:01",
                              child->pid);
        if (r >= 0 && write(child->to_child, &byte, 1) != 1)
                r = -EIO;
        close_fd(&child->to_child);
        close_fd(&child->from_child);
        if (waitpid(child->pid, &status, 0) < 0 || !WIFEXITED(status) || WEXITSTATUS(status) != 0)
                r = -EIO;
        // The namespace is taken down after its last process, behind our back and holding the locks that we are about
        // to time: the other end of its wire tells when.
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

// Peers with a MAC address each, in a network of their own.
static int peers_text(const char *plane, unsigned n_peers, char **ret) {
        size_t size = 0;
        FILE *file = open_memstream(ret, &size);

        if (!file)
                return -ENOMEM;
        (void)fputs(plane, file);
        if (n_peers > 0)
                (void)fputs("[Address]\nAddress=10.1.0.1/16\n", file);
        for (unsigned i = 0; i < n_peers; i++)
                (void)fprintf(file, "[Peer]\nAddress=10.1.%u.%u\nMACAddress=02:00:00:00:%02x:%02x\n", 1 + i / 250,
                              1 + i % 250, i >> 8 & 0xff, i & 0xff);
        return fclose(file) == 0 ? 0 : -ENOMEM;
}

static int plane_config(size_t number, unsigned n_peers, PlaneConfig **ret, Error *ret_error) {
        _cleanup_free_ char *plane = NULL, *text = NULL;
        _cleanup_config_ Config *config = NULL;
        char name[32];

        (void)snprintf(name, sizeof(name), "bench%zu", number);
        if (lab_plane_text(number, &plane) < 0 || peers_text(plane, n_peers, &text) < 0 ||
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

int lab_manager_add(LabManager *lab, size_t n_planes, unsigned n_peers, Error *ret_error) {
        for (size_t i = 0; i < n_planes; i++) {
                PlaneConfig *config = NULL;
                int r = plane_config(i, n_peers, &config, ret_error);
                if (r < 0)
                        return r;
                if (planes_add(&lab->manager->planes, config) < 0)
                        return error_set(ret_error, -ENOMEM, "out of memory");
        }
        return 0;
}

void lab_manager_deinit(LabManager *lab) {
        lab->manager = manager_free(lab->manager);
        lab->event = sd_event_unref(lab->event);
}

int lab_manager_differences(LabManager *lab, int expected) {
        _cleanup_preview_ Preview preview = {};
        Error error = {};
        int n = 0;

        int r = preview_read(&lab->manager->reconciler, &preview, &error);
        if (r < 0)
                return r;
        const char *text = preview_find(&preview, "");
        for (const char *at = text; *at; at++)
                n += *at == '\n';
        if (n == expected)
                return 0;
        (void)fprintf(stderr, "not as it should be:\n%s", text);
        return -EIO;
}

// --- a snapshot ---

static double lap(double *since) {
        double now = now_usec(), took = now - *since;

        *since = now;
        return took;
}

// What snapshot_new does with planes that nothing is known of from before, with a clock.
int lab_snapshot(LabManager *lab, Snapshot *ret, double times[static SNAPSHOT_PART_MAX], Error *ret_error) {
        Manager *manager = lab->manager;
        Kernel *kernel = &manager->kernel;
        size_t n_planes = manager->planes.n_planes;
        _cleanup_snapshot_ Snapshot snapshot = { .planes = calloc(n_planes + 1, sizeof(*snapshot.planes)) };
        double at = now_usec();

        if (!snapshot.planes)
                return error_set(ret_error, -ENOMEM, "out of memory");
        int r = inventory_read(kernel->netlink, &snapshot.inventory, ret_error);
        if (r < 0)
                return r;
        times[SNAPSHOT_INVENTORY] += lap(&at);
        for (size_t i = 0; i < n_planes; i++) {
                const PlaneInput input = { .config = manager->planes.planes[i]->config };
                snapshot.planes[snapshot.n_planes++] = plane_facts_find(&input, &snapshot.inventory);
        }
        const DeriveFacts facts = {
                .inventory = &snapshot.inventory,
                .leaf = kernel->leaf,
                .machine_id = manager->reconciler.machine_id,
        };
        r = derive(snapshot.planes, n_planes, &facts, &snapshot.desired);
        if (r < 0)
                return r;
        times[SNAPSHOT_DERIVE] += lap(&at);
        r = observe(kernel, &snapshot.inventory, snapshot.planes, n_planes, &snapshot.desired, &snapshot.observed,
                    ret_error);
        if (r < 0)
                return r;
        times[SNAPSHOT_OBSERVE] += lap(&at);
        r = plan_diff(&snapshot.desired, &snapshot.observed, &snapshot.plan);
        if (r < 0)
                return r;
        times[SNAPSHOT_DIFF] += lap(&at);
        *ret = snapshot;
        snapshot = (Snapshot){};
        return 0;
}
