// The loop without changes: with one plane, with other links, with peers, and with many planes.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "bench.h"

#include "base/error.h"
#include "base/util.h"
#include "daemon/reconcile.h"

typedef struct Case {
        const char *name;
        size_t n_planes;
        unsigned n_links; // that do not concern us
        unsigned n_peers; // of each plane, with MAC addresses
        unsigned n_looks;
} Case;

static Case audits[] = {
        { "1 plane", 1, 0, 0, 200 },
        { "1 plane, 1000 other links", 1, 1000, 0, 50 },
        { "1 plane, 10000 peers", 1, 0, 10000, 10 },
        { "1 plane, 10000 peers, 1000 other links", 1, 1000, 10000, 10 },
        { "16 planes", 16, 0, 0, 50 },
};

enum { RESULTS_PARTS = 1000 };

static int links_add(unsigned n) {
        return n == 0 ? 0 : lab_shell("for i in $(seq %u); do echo link add other$i type ifb; done | ip -batch -", n);
}

static int run(double *results, void *userdata) {
        const Case *audit = userdata;
        LabManager lab;
        Error error = {};

        int r = links_add(audit->n_links);
        if (r >= 0)
                r = lab_manager_init(&lab, &error);
        if (r >= 0)
                r = lab_manager_add(&lab, audit->n_planes, audit->n_peers, &error);
        if (r >= 0)
                r = reconcile(&lab.manager->reconciler, RECONCILE_INTENT, &error);
        for (unsigned i = 0; i < audit->n_looks && r >= 0; i++) {
                double start = now_usec();
                r = reconcile(&lab.manager->reconciler, RECONCILE_AUDIT, &error);
                results[i] = now_usec() - start;
        }
        for (unsigned i = 0; i < audit->n_looks && r >= 0; i++) {
                _cleanup_snapshot_ Snapshot snapshot = {};
                r = lab_snapshot(&lab, &snapshot, results + RESULTS_PARTS + i * SNAPSHOT_PART_MAX, &error);
        }
        if (r < 0)
                (void)fprintf(stderr, "%s\n", error.text);
        return r < 0 ? r : lab_manager_differences(&lab, 0);
}

int bench_audit(unsigned rounds) {
        static const char *const parts[] = { "inventory", "derive", "observe", "diff" };
        static double results[LAB_RESULTS_MAX];
        Sample whole[ELEMENTSOF(audits)], part[ELEMENTSOF(audits)][SNAPSHOT_PART_MAX];
        int r = 0;

        for (size_t i = 0; i < ELEMENTSOF(audits); i++) {
                sample_init(&whole[i], "us", "audit, %s", audits[i].name);
                for (size_t j = 0; j < SNAPSHOT_PART_MAX; j++)
                        sample_init(&part[i][j], "us", "  %s", parts[j]);
        }
        for (unsigned round = 0; round < rounds && r >= 0; round++)
                for (size_t i = 0; i < ELEMENTSOF(audits) && r >= 0; i++) {
                        r = lab_run(run, &audits[i], results);
                        for (unsigned k = 0; k < audits[i].n_looks && r >= 0; k++) {
                                r = sample_add(&whole[i], results[k]);
                                for (size_t j = 0; j < SNAPSHOT_PART_MAX && r >= 0; j++)
                                        r = sample_add(&part[i][j], results[RESULTS_PARTS + k * SNAPSHOT_PART_MAX + j]);
                        }
                }
        if (r < 0)
                return r;
        sample_print_header();
        for (size_t i = 0; i < ELEMENTSOF(audits); i++) {
                sample_print(&whole[i]);
                for (size_t j = 0; j < SNAPSHOT_PART_MAX; j++)
                        sample_print(&part[i][j]);
        }
        return 0;
}
