// One plane from nothing to verified, beside the bare kernel work and beside a shell script.
// SPDX-License-Identifier: GPL-2.0-or-later

#include <sys/wait.h>
#include <unistd.h>

#include "bench.h"

#include "reconcile.h"

enum { DIFFERENCES_RESULT = 1, PARTS_RESULT = 2 }; // result 0 is the whole time

typedef struct Setup {
        Script *script; // shared with the children
        char directory[32];
        Error error;
} Setup;

// What migplaned does with a new plane.
static int run_migplane(double *results, void *userdata _unused_) {
        LabManager lab;
        Error error = {};
        double start = now_usec();

        int r = lab_manager_init(&lab, &error);
        if (r >= 0)
                r = lab_manager_add(&lab, 1, &error);
        double reconciled_since = now_usec();
        if (r >= 0)
                r = reconcile(lab.manager, RECONCILE_INTENT, &error);
        double end = now_usec();
        if (r < 0 || !lab.manager->planes[0]->verified) {
                (void)fprintf(stderr, "not set up: %s\n", error.text);
                return -EIO;
        }
        results[0] = end - reconciled_since;
        results[DIFFERENCES_RESULT] = lab_manager_differences(&lab);
        results[PARTS_RESULT] = reconciled_since - start;
        lab_manager_deinit(&lab);
        return 0;
}

// The same by hand, to time each part. The parts: sockets, first look, operations by kind, second look.
enum { PART_OPEN, PART_LOOK, PART_KINDS = PART_LOOK + LOOK_PART_MAX, PART_LOOK_AGAIN = PART_KINDS + OBJECT_KIND_MAX,
       PART_MAX = PART_LOOK_AGAIN + LOOK_PART_MAX };

static int run_parts(double *results, void *userdata) {
        Setup *setup = userdata;
        double *parts = results + PARTS_RESULT, start = now_usec();
        LabManager lab;
        _cleanup_look_ Look look = {}, again = {};
        Error error = {};

        int r = lab_manager_init(&lab, &error);
        if (r >= 0)
                r = lab_manager_add(&lab, 1, &error);
        parts[PART_OPEN] = now_usec() - start;
        if (r >= 0)
                r = lab_look(&lab, &look, parts + PART_LOOK, &error);
        if (r >= 0)
                r = script_apply(&lab.manager->kernel, &look.plan, setup->script->n_steps ? NULL : setup->script,
                                 parts + PART_KINDS);
        if (r >= 0)
                r = lab_look(&lab, &again, parts + PART_LOOK_AGAIN, &error);
        results[0] = now_usec() - start - parts[PART_OPEN];
        if (r < 0)
                (void)fprintf(stderr, "%s\n", error.text);
        results[DIFFERENCES_RESULT] = r < 0 ? r : (double)again.plan.n_operations;
        return r;
}

static double differences(void) {
        LabManager lab;
        Error error = {};

        if (lab_manager_init(&lab, &error) < 0 || lab_manager_add(&lab, 1, &error) < 0)
                return -1;
        return lab_manager_differences(&lab);
}

static int run_bare(double *results, void *userdata) {
        Setup *setup = userdata;
        double start = now_usec();

        int r = script_run(setup->script, results + PARTS_RESULT + PART_KINDS);
        results[0] = now_usec() - start;
        results[DIFFERENCES_RESULT] = differences();
        return r;
}

static int shell_write(Setup *setup, bool batched) {
        LabManager lab;
        _cleanup_look_ Look look = {};
        Error error = {};
        char path[64];

        (void)snprintf(path, sizeof(path), "%s/plane", setup->directory);
        _cleanup_fclose_ FILE *file = fopen(path, "we");
        int r = file ? lab_manager_init(&lab, &error) : -errno;
        if (r >= 0)
                r = lab_manager_add(&lab, 1, &error);
        if (r >= 0)
                r = look_new(lab.manager, &look, &error);
        return r < 0 ? r : shell_print(&look.desired, setup->script, setup->directory, batched, file);
}

static int run_shell(Setup *setup, bool batched, double *results) {
        char path[64];

        (void)snprintf(path, sizeof(path), "%s/plane", setup->directory);
        int r = shell_write(setup, batched), status;
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
        results[0] = now_usec() - start;
        results[DIFFERENCES_RESULT] = differences();
        return 0;
}

static int run_shell_plain(double *results, void *userdata) {
        return run_shell(userdata, false, results);
}

static int run_shell_batched(double *results, void *userdata) {
        return run_shell(userdata, true, results);
}

typedef struct Way {
        const char *name;
        LabBody body;
        unsigned every; // of how many rounds
} Way;

static const Way ways[] = {
        { "migplane, from nothing to verified", run_migplane, 1 },
        { "the bare kernel work", run_bare, 1 },
        { "migplane, part by part", run_parts, 1 },
        { "shell script, ip tc sysctl nft", run_shell_plain, 4 },
        { "shell script, in batches", run_shell_batched, 4 },
};

typedef struct Figures {
        Sample whole[ELEMENTSOF(ways)];
        Sample bare[OBJECT_KIND_MAX];
        Sample parts[PART_MAX];
        Sample ratio;
} Figures;

static void figures_init(Figures *figures) {
        static const char *const looks[] = { "inventory", "derive", "observe", "diff" };

        for (size_t i = 0; i < ELEMENTSOF(ways); i++)
                sample_init(&figures->whole[i], "us", "%s", ways[i].name);
        sample_init(&figures->ratio, "x", "migplane over bare, each round");
        sample_init(&figures->parts[PART_OPEN], "us", "  before: sockets, parsing, probing for fq_codel");
        for (size_t i = 0; i < LOOK_PART_MAX; i++) {
                sample_init(&figures->parts[PART_LOOK + i], "us", "  first look: %s", looks[i]);
                sample_init(&figures->parts[PART_LOOK_AGAIN + i], "us", "  second look: %s", looks[i]);
        }
        for (ObjectKind kind = 0; kind < OBJECT_KIND_MAX; kind++) {
                sample_init(&figures->parts[PART_KINDS + kind], "us", "  apply: %s", object_kind_to_string(kind));
                sample_init(&figures->bare[kind], "us", "  bare: %s", object_kind_to_string(kind));
        }
}

static int figures_take(Figures *figures, size_t way, const double *results) {
        if (results[DIFFERENCES_RESULT] != 0)
                (void)fprintf(stderr, "%s: %g differences are left\n", ways[way].name, results[DIFFERENCES_RESULT]);
        int r = sample_add(&figures->whole[way], results[0]);
        for (size_t i = 0; i < PART_MAX && ways[way].body == run_parts && r >= 0; i++)
                r = sample_add(&figures->parts[i], results[PARTS_RESULT + i]);
        for (size_t i = 0; i < OBJECT_KIND_MAX && ways[way].body == run_bare && r >= 0; i++)
                r = sample_add(&figures->bare[i], results[PARTS_RESULT + PART_KINDS + i]);
        return r;
}

static void figures_print(Figures *figures) {
        sample_print_header();
        for (size_t i = 0; i < ELEMENTSOF(ways); i++)
                sample_print(&figures->whole[i]);
        sample_print(&figures->ratio);
        puts("\nWhere the time goes:");
        for (size_t i = 0; i < PART_MAX; i++)
                if (sample_quantile(&figures->parts[i], 1) > 0)
                        sample_print(&figures->parts[i]);
        for (size_t i = 0; i < OBJECT_KIND_MAX; i++)
                if (sample_quantile(&figures->bare[i], 1) > 0)
                        sample_print(&figures->bare[i]);
}

static int measure(Setup *setup, unsigned rounds) {
        static double results[LAB_RESULTS_MAX];
        Figures figures;

        figures_init(&figures);
        int r = lab_run(run_parts, setup, results); // records
        for (unsigned round = 0; round < rounds && r >= 0; round++) {
                double whole[ELEMENTSOF(ways)] = {};
                for (size_t i = 0; i < ELEMENTSOF(ways) && r >= 0; i++) {
                        // Each in turn comes first.
                        size_t way = (i + round) % ELEMENTSOF(ways);
                        if (round % ways[way].every != 0)
                                continue;
                        r = lab_run(ways[way].body, setup, results);
                        if (r >= 0)
                                r = figures_take(&figures, way, results);
                        whole[way] = results[0];
                }
                if (r >= 0)
                        r = sample_add(&figures.ratio, whole[0] / whole[1]);
        }
        if (r >= 0)
                figures_print(&figures);
        return r;
}

int bench_setup(unsigned rounds) {
        Setup setup = { .script = script_new(), .directory = "/tmp/migplane-bench.XXXXXX" };

        if (!setup.script || !mkdtemp(setup.directory))
                return -errno;
        int r = measure(&setup, rounds);
        (void)lab_shell("rm -r %s", setup.directory);
        return r;
}
