// The cost of libnftables: time and memory of a context, and the kernel's time for a ruleset.
// SPDX-License-Identifier: GPL-2.0-or-later

#include <malloc.h>
#include <nftables/libnftables.h>
#include <unistd.h>

#include "base/file.h"
#include "bench.h"

enum { LOADS = 20 };

// Anonymous memory of this process, in KiB.
static double anonymous_kib(void) {
        _cleanup_free_ char *text = NULL;

        if (file_read("/proc/self/status", 8192, &text, NULL) < 0)
                return 0;
        const char *line = strstr(text, "RssAnon:");
        return line ? strtod(line + strlen("RssAnon:"), NULL) : 0;
}

typedef enum Result {
        RESULT_NEW,
        RESULT_FREE,
        RESULT_KIB_NEW, // above what the process had
        RESULT_KIB_LOADED,
        RESULT_KIB_FREED,
        RESULT_KIB_TRIMMED,
        RESULT_FIRST,
        RESULT_KEPT,                        // LOADS later ones in the same context
        RESULT_FRESH = RESULT_KEPT + LOADS, // and each in a context of its own
        RESULT_MAX = RESULT_FRESH + LOADS,
} Result;

static int load(struct nft_ctx *nft, const char *ruleset, double *ret_usec) {
        double start = now_usec();
        int r = nft_run_cmd_from_buffer(nft, ruleset);

        *ret_usec = now_usec() - start;
        return r == 0 ? 0 : -EIO;
}

static int load_fresh(const char *ruleset, double *ret_usec) {
        double start = now_usec(), ignored;
        struct nft_ctx *nft = nft_ctx_new(NFT_CTX_DEFAULT);
        int r = load(nft, ruleset, &ignored);

        nft_ctx_free(nft);
        *ret_usec = now_usec() - start;
        return r;
}

// A load that finds its chains flushes them first; here it is put in front once and for all.
static char *reload_text(const Script *script) {
        char *text = NULL;
        size_t size;
        FILE *file = open_memstream(&text, &size);

        if (!file)
                return NULL;
        fputs("add table netdev migplane\nadd table inet migplane\nadd table arp migplane\n"
              "flush table netdev migplane\nflush table inet migplane\nflush table arp migplane\n",
              file);
        fputs(script_ruleset(script), file);
        return fclose(file) == 0 ? text : NULL;
}

static int plane_device_make(void) {
        return lab_shell("ip link add link eno2 name mig0 type macvlan mode private && ip link set mig0 up");
}

static int run(double *results, void *userdata) {
        _cleanup_free_ char *text = reload_text(userdata);
        double before = anonymous_kib(), at = now_usec();

        if (!text || plane_device_make() < 0)
                return -EIO;
        before = anonymous_kib();
        at = now_usec();
        struct nft_ctx *nft = nft_ctx_new(NFT_CTX_DEFAULT);
        results[RESULT_NEW] = now_usec() - at;
        results[RESULT_KIB_NEW] = anonymous_kib() - before;

        int r = load(nft, text, &results[RESULT_FIRST]);
        results[RESULT_KIB_LOADED] = anonymous_kib() - before;
        for (size_t i = 0; i < LOADS && r >= 0; i++)
                r = load(nft, text, &results[RESULT_KEPT + i]);
        at = now_usec();
        nft_ctx_free(nft);
        results[RESULT_FREE] = now_usec() - at;
        results[RESULT_KIB_FREED] = anonymous_kib() - before;
        (void)malloc_trim(0);
        results[RESULT_KIB_TRIMMED] = anonymous_kib() - before;
        for (size_t i = 0; i < LOADS && r >= 0; i++)
                r = load_fresh(text, &results[RESULT_FRESH + i]);
        return r;
}

static int record(double *results _unused_, void *userdata) {
        double times[OBJECT_KIND_MAX] = {};
        Script *script = userdata;
        LabManager lab;
        _cleanup_snapshot_ Snapshot snapshot = {};
        Error error = {};

        int r = lab_manager_init(&lab, &error);
        if (r >= 0)
                r = lab_manager_add(&lab, 1, 0, &error);
        if (r >= 0)
                r = reconcile_snapshot(&lab.manager->reconciler, &snapshot, &error);
        return r < 0 ? r : script_apply(&lab.manager->kernel, &snapshot.plan, script, times);
}

int bench_ruleset(unsigned rounds) {
        static const struct {
                const char *name, *unit;
                size_t first, n;
        } figures[] = {
                { "make a context", "us", RESULT_NEW, 1 },
                { "first load", "us", RESULT_FIRST, 1 },
                { "later loads, context kept", "us", RESULT_KEPT, LOADS },
                { "later loads, a context each", "us", RESULT_FRESH, LOADS },
                { "free the context", "us", RESULT_FREE, 1 },
                { "memory: made", "KiB", RESULT_KIB_NEW, 1 },
                { "memory: after a load", "KiB", RESULT_KIB_LOADED, 1 },
                { "memory: freed", "KiB", RESULT_KIB_FREED, 1 },
                { "memory: trimmed", "KiB", RESULT_KIB_TRIMMED, 1 },
        };
        static double results[LAB_RESULTS_MAX];
        Sample samples[ELEMENTSOF(figures)];
        Script *script = script_new();

        int r = script ? lab_run(record, script, results) : -ENOMEM;
        for (size_t i = 0; i < ELEMENTSOF(figures); i++)
                sample_init(&samples[i], figures[i].unit, "%s", figures[i].name);
        for (unsigned round = 0; round < rounds && r >= 0; round++) {
                r = lab_run(run, script, results);
                for (size_t i = 0; i < ELEMENTSOF(figures) && r >= 0; i++)
                        for (size_t j = 0; j < figures[i].n && r >= 0; j++)
                                r = sample_add(&samples[i], results[figures[i].first + j]);
        }
        if (r < 0)
                return r;
        sample_print_header();
        for (size_t i = 0; i < ELEMENTSOF(figures); i++)
                sample_print(&samples[i]);
        return 0;
}
