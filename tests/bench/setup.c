// The set-up of one plane, compared with the bare kernel work and with shell scripts.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// Each alternative is checked outside of the measured time: migplane's own look afterwards must find nothing to do.

#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

#include "base/error.h"
#include "daemon/reconcile.h"

// What a way comes to. The parts are the sockets, the first look, the operations by kind, and the second look.
enum {
        RESULT_WHOLE,
        PART_OPEN,
        PART_LOOK,
        PART_KINDS = PART_LOOK + SNAPSHOT_PART_MAX,
        PART_LOOK_AGAIN = PART_KINDS + OBJECT_KIND_MAX,
        RESULT_MAX = PART_LOOK_AGAIN + SNAPSHOT_PART_MAX,
};
enum {
        SHELL_DIFFERENCES = 3
}; // see shell.c: our filter is missing, another is in its place, and the address is nobody's

typedef struct Setup {
        Script *script; // shared with the children
        char directory[32];
} Setup;

static int manager_make(LabManager *lab) {
        Error error = {};

        int r = lab_manager_init(lab, &error);
        if (r >= 0)
                r = lab_manager_add(lab, 1, 0, &error);
        if (r < 0)
                (void)fprintf(stderr, "%s\n", error.text);
        return r;
}

// What migplaned does with a new plane.
static int run_migplane(double *results, void *userdata _unused_) {
        LabManager lab;
        Error error = {};

        int r = manager_make(&lab);
        if (r < 0)
                return r;
        double start = now_usec();
        r = reconcile(&lab.manager->reconciler, RECONCILE_INTENT, &error);
        results[RESULT_WHOLE] = now_usec() - start;
        if (r >= 0 && !lab.manager->planes.planes[0]->status.verified)
                r = error_set(&error, -EIO, "not verified");
        if (r < 0)
                (void)fprintf(stderr, "%s\n", error.text);
        return r < 0 ? r : lab_manager_differences(&lab, 0);
}

// The same by hand, to time each part; the first time it records what the bare work is.
static int run_parts(double *results, void *userdata) {
        Setup *setup = userdata;
        LabManager lab;
        _cleanup_snapshot_ Snapshot snapshot = {}, again = {};
        Error error = {};

        double start = now_usec();
        int r = manager_make(&lab);
        double opened = now_usec();
        results[PART_OPEN] = opened - start;
        if (r >= 0)
                r = lab_snapshot(&lab, &snapshot, results + PART_LOOK, &error);
        if (r >= 0)
                r = script_apply(&lab.manager->kernel, &snapshot.plan, setup->script->n_steps ? NULL : setup->script,
                                 results + PART_KINDS);
        if (r >= 0)
                r = lab_snapshot(&lab, &again, results + PART_LOOK_AGAIN, &error);
        results[RESULT_WHOLE] = now_usec() - opened;
        if (r < 0)
                (void)fprintf(stderr, "%s\n", error.text);
        return r < 0 ? r : lab_manager_differences(&lab, 0);
}

static int check(int expected) {
        LabManager lab;

        int r = manager_make(&lab);
        return r < 0 ? r : lab_manager_differences(&lab, expected);
}

static int run_bare(double *results, void *userdata) {
        Setup *setup = userdata;

        double start = now_usec();
        int r = script_run(setup->script, results + PART_KINDS);
        results[RESULT_WHOLE] = now_usec() - start;
        return r < 0 ? r : check(0);
}

static int shell_write(Setup *setup, const char *path, bool batched) {
        LabManager lab;
        _cleanup_snapshot_ Snapshot snapshot = {};
        Error error = {};
        _cleanup_fclose_ FILE *file = fopen(path, "we");

        int r = file ? manager_make(&lab) : -errno;
        if (r >= 0)
                r = reconcile_snapshot(&lab.manager->reconciler, &snapshot, &error);
        return r < 0 ? r : shell_print(&snapshot.desired, setup->script, setup->directory, batched, file);
}

static int run_shell(Setup *setup, bool batched, double *results) {
        char path[64];
        int status;

        (void)snprintf(path, sizeof(path), "%s/plane", setup->directory);
        int r = shell_write(setup, path, batched);
        if (r < 0)
                return r;

        double start = now_usec();
        pid_t pid = vfork();
        if (pid == 0) {
                (void)execl("/bin/sh", "sh", path, NULL);
                _exit(127);
        }
        if (pid < 0 || waitpid(pid, &status, 0) < 0 || status != 0)
                return -EIO;
        results[RESULT_WHOLE] = now_usec() - start;
        return check(SHELL_DIFFERENCES);
}

static int run_shell_plain(double *results, void *userdata) {
        return run_shell(userdata, false, results);
}

static int run_shell_batched(double *results, void *userdata) {
        return run_shell(userdata, true, results);
}

typedef enum WayName {
        WAY_MIGPLANE,
        WAY_BARE,
        WAY_PARTS,
        WAY_SHELL,
        WAY_SHELL_BATCHED,
        WAY_MAX,
} WayName;

static const struct {
        const char *name;
        LabBody body;
} ways[WAY_MAX] = {
        [WAY_MIGPLANE] = { "migplane, from nothing to verified", run_migplane },
        [WAY_BARE] = { "the bare kernel work", run_bare },
        [WAY_PARTS] = { "migplane, part by part", run_parts },
        [WAY_SHELL] = { "shell script, a program an object", run_shell_plain },
        [WAY_SHELL_BATCHED] = { "shell script, in batches", run_shell_batched },
};

typedef enum RatioName {
        RATIO_BARE,
        RATIO_SHELL,
        RATIO_SHELL_BATCHED,
        RATIO_MAX,
} RatioName;

static const struct {
        const char *name;
        WayName above, below;
} ratios[RATIO_MAX] = {
        [RATIO_BARE] = { "migplane / bare", WAY_MIGPLANE, WAY_BARE },
        [RATIO_SHELL] = { "shell script / migplane", WAY_SHELL, WAY_MIGPLANE },
        [RATIO_SHELL_BATCHED] = { "shell script in batches / migplane", WAY_SHELL_BATCHED, WAY_MIGPLANE },
};

typedef struct Figures {
        Sample whole[WAY_MAX];
        Sample ratio[RATIO_MAX]; // of one round each
        Sample parts[RESULT_MAX];
        Sample bare[OBJECT_KIND_MAX];
} Figures;

static void figures_init(Figures *figures) {
        static const char *const looks[SNAPSHOT_PART_MAX] = { "inventory", "derive", "observe", "diff" };

        for (size_t i = 0; i < WAY_MAX; i++)
                sample_init(&figures->whole[i], "us", "%s", ways[i].name);
        for (size_t i = 0; i < RATIO_MAX; i++)
                sample_init(&figures->ratio[i], "x", "%s", ratios[i].name);
        sample_init(&figures->parts[PART_OPEN], "us", "(before: sockets, parsing)");
        for (size_t i = 0; i < SNAPSHOT_PART_MAX; i++) {
                sample_init(&figures->parts[PART_LOOK + i], "us", "first look: %s", looks[i]);
                sample_init(&figures->parts[PART_LOOK_AGAIN + i], "us", "second look: %s", looks[i]);
        }
        for (ObjectKind kind = 0; kind < OBJECT_KIND_MAX; kind++) {
                sample_init(&figures->parts[PART_KINDS + kind], "us", "apply: %s", object_kind_to_string(kind));
                sample_init(&figures->bare[kind], "us", "bare: %s", object_kind_to_string(kind));
        }
}

static int figures_take(Figures *figures, WayName way, const double *results) {
        int r = sample_add(&figures->whole[way], results[RESULT_WHOLE]);

        for (size_t i = PART_OPEN; i < RESULT_MAX && way == WAY_PARTS && r >= 0; i++)
                r = sample_add(&figures->parts[i], results[i]);
        for (size_t i = 0; i < OBJECT_KIND_MAX && way == WAY_BARE && r >= 0; i++)
                r = sample_add(&figures->bare[i], results[PART_KINDS + i]);
        return r;
}

static void samples_print(Sample *samples, size_t n) {
        for (size_t i = 0; i < n; i++)
                if (sample_quantile(&samples[i], 1) > 0)
                        sample_print(&samples[i]);
}

static void figures_print(Figures *figures) {
        sample_print_header();
        samples_print(figures->whole, WAY_MAX);
        samples_print(figures->ratio, RATIO_MAX);
        puts("Where the time goes:");
        samples_print(figures->parts, RESULT_MAX);
        samples_print(figures->bare, OBJECT_KIND_MAX);
}

static int round_run(Setup *setup, unsigned round, Figures *figures) {
        static double results[LAB_RESULTS_MAX];
        double whole[WAY_MAX];
        int r = 0;

        for (size_t i = 0; i < WAY_MAX && r >= 0; i++) {
                WayName way = (WayName)((i + round) % WAY_MAX); // each in turn comes first
                r = lab_run(ways[way].body, setup, results);
                if (r >= 0)
                        r = figures_take(figures, way, results);
                whole[way] = results[RESULT_WHOLE];
        }
        for (size_t i = 0; i < RATIO_MAX && r >= 0; i++)
                r = sample_add(&figures->ratio[i], whole[ratios[i].above] / whole[ratios[i].below]);
        return r;
}

int bench_setup(unsigned rounds) {
        static double results[LAB_RESULTS_MAX];
        Setup setup = { .script = script_new(), .directory = "/tmp/migplane-bench.XXXXXX" };
        Figures figures = {};

        if (!setup.script || !mkdtemp(setup.directory))
                return -errno;
        figures_init(&figures);
        int r = lab_run(run_parts, &setup, results); // records
        for (unsigned round = 0; round < rounds && r >= 0; round++)
                r = round_run(&setup, round, &figures);
        (void)lab_shell("rm -r %s", setup.directory);
        if (r >= 0)
                figures_print(&figures);
        return r;
}
