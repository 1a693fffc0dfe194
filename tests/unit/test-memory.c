// Each allocation fails once: nothing leaks, no output is touched, and what is called a success is whole.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// The program's own malloc, which libc uses as well, counts down to the one that fails. Sanitizers bring theirs:
// skipped there.

#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/inet.h"
#include "base/util.h"
#include "config/config.h"
#include "config/drop-in.h"
#include "config/load.h"
#include "engine/derive.h"
#include "firewall/transaction.h"
#include "model/plan.h"
#include "golden.h"

#if defined(__SANITIZE_ADDRESS__)
#define HAVE_SANITIZER 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAVE_SANITIZER 1
#endif
#endif

enum { NEVER = -1 };
static long before_failure = NEVER; // allocations that still succeed
static long n_live;

#ifndef HAVE_SANITIZER
extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *memory, size_t size);
extern void __libc_free(void *memory);

// NEVER is not counted down, so that only one allocation fails.
static bool fails(void) {
        if (before_failure == NEVER || before_failure-- > 0)
                return false;
        errno = ENOMEM;
        return true;
}

static void *counted(void *memory) {
        n_live += memory != NULL;
        return memory;
}

// The libraries are to find these, too.
#pragma GCC visibility push(default)
void *malloc(size_t size) {
        return fails() ? NULL : counted(__libc_malloc(size));
}

void *calloc(size_t n, size_t size) {
        return fails() ? NULL : counted(__libc_calloc(n, size));
}

void *realloc(void *memory, size_t size) {
        if (fails())
                return NULL;
        return memory ? __libc_realloc(memory, size) : counted(__libc_malloc(size));
}

void free(void *memory) {
        n_live -= memory != NULL;
        __libc_free(memory);
}
#pragma GCC visibility pop
#endif

// --- what is tried ---

typedef struct Work {
        Config *config;
        State desired, observed;
        Reasons reasons[2];
        Plan plan;
        char *text;
} Work;

static const char *const blue =
        "[Plane]\nDescription=Blue\nDefault=yes\n[Interface]\nName=mig0\nKind=vlan\nParent=eno1\nVLANId=100\nMTUBytes=9000\n"
        "[Address]\nAddress=172.150.1.5/24\n[Address]\nAddress=fd00:1::5/64\n"
        "[Route]\nDestination=172.150.0.0/16\nGateway=172.150.1.1\n"
        "[Peer]\nAddress=172.150.1.6\nMACAddress=02:00:00:00:00:06\n[Bandwidth]\nEgress=8G\nIngress=8G\n"
        "[Isolation]\nPeers=172.150.1.0/24 172.150.2.7 fd00:1::/64\nPorts=49152-49215 50000\nUsers=0\n";

static int config_run(Work *work) {
        return config_load_text("blue", "blue.plane", blue, strlen(blue), true, &work->config);
}

static void config_make(Work *work) {
        assert_int_equal(config_run(work), 0);
        assert_int_equal(work->config->n_planes, 1);
}

static char directory[] = "/tmp/migplane-memory.XXXXXX";

static int files_run(Work *work) {
        const char *const directories[] = { directory, NULL };
        Error error = {};

        return config_load(directories, true, &work->config, &error);
}

static void config_show(const Work *work, FILE *file) {
        for (size_t i = 0; i < work->config->n_planes; i++) {
                const PlaneConfig *plane = work->config->planes[i];
                fprintf(file, "%s %s %llu %zu %zu %zu %zu %s\n", plane->name, plane->interface,
                        (unsigned long long)plane->egress, plane->n_addresses, plane->n_routes, plane->n_peers,
                        plane->n_origins, plane->source ? plane->source : "");
        }
        for (size_t i = 0; i < work->config->n_messages; i++)
                config_message_print(&work->config->messages[i], file);
}

static int derive_run(Work *work) {
        static Link links[] = {
                { .index = 7, .name = "eno1", .mtu = 9000, .up = true, .carrier = true, .has_mac = true }
        };
        const Inventory inventory = { .links = links, .n_links = 1 };
        const DeriveFacts facts = { .inventory = &inventory, .leaf = QDISC_FQ_CODEL, .machine_id = "1" };
        const PlaneInput input = { .config = work->config->planes[0] };
        PlaneFacts plane = plane_facts_find(&input, &inventory);

        plane.reasons = work->reasons[0];
        int r = derive(&plane, 1, &facts, &work->desired);
        work->reasons[0] = plane.reasons;
        return r;
}

static void derive_make(Work *work) {
        config_make(work);
        assert_int_equal(derive_run(work), 0);
}

static void derive_show(const Work *work, FILE *file) {
        for (size_t i = 0; i < work->desired.n_objects; i++) {
                const Object *object = &work->desired.objects[i];
                object_print(object, file);
                fprintf(file, "\n%s", object->kind == OBJECT_RULESET ? object->as_ruleset.text : "");
        }
}

static int plan_run(Work *work) {
        return plan_diff(&work->desired, &work->observed, &work->plan);
}

static void plan_show(const Work *work, FILE *file) {
        plan_print(&work->plan, file);
}

static int transaction_run(Work *work) {
        static const Table existing[RULESET_FAMILY_MAX];
        const Object *load[64];
        size_t n = 0;

        for (size_t i = 0; i < work->desired.n_objects; i++)
                if (work->desired.objects[i].kind == OBJECT_RULESET)
                        load[n++] = &work->desired.objects[i];
        return transaction_render(existing, load, n, NULL, 0, &work->text);
}

static void text_show(const Work *work, FILE *file) {
        fputs(work->text ? work->text : "nothing", file);
}

static int drop_in_run(Work *work) {
        const DropInRates rates = { .egress = { true, 100000000 }, .ingress = { true, 200000000 } };

        return drop_in_bandwidth_text(&rates, &work->text);
}

static int reasons_run(Work *work) {
        reasons_add(&work->reasons[0], REASON_LINK_DOWN, "down");
        reasons_add(&work->reasons[0], REASON_DRIFT, "differs");
        return 0;
}

// What is lost is the text.
static void reasons_show(const Work *work, FILE *file) {
        fprintf(file, "%s %d %d", health_to_string(reasons_health(&work->reasons[0])),
                reasons_have(&work->reasons[0], REASON_LINK_DOWN), reasons_have(&work->reasons[0], REASON_REPAIRED));
}

static void nothing_made(Work *work _unused_) {
}

static const struct {
        const char *name;
        void (*make)(Work *work);
        int (*run)(Work *work);
        void (*show)(const Work *work, FILE *file);
} cases[] = {
        { "a configuration", nothing_made, config_run, config_show },
        { "a configuration of files", nothing_made, files_run, config_show },
        { "derive", config_make, derive_run, derive_show },
        { "diff", derive_make, plan_run, plan_show },
        { "a transaction", derive_make, transaction_run, text_show },
        { "reasons", nothing_made, reasons_run, reasons_show },
        { "a drop-in", nothing_made, drop_in_run, text_show },
};

static void work_deinit(Work *work) {
        plan_deinit(&work->plan);
        state_deinit(&work->desired);
        state_deinit(&work->observed);
        reasons_deinit(&work->reasons[0]);
        config_freep(&work->config);
        free(work->text);
        *work = (Work){};
}

static char *shown(size_t i, const Work *work) {
        char *text = NULL;
        size_t size;
        FILE *file = open_memstream(&text, &size);

        cases[i].show(work, file);
        fclose(file);
        return text;
}

// --- trying it ---

// Returns whether there was an allocation that could fail.
static bool fail_once(size_t i, long nth, const char *expected) {
        Work work = {}, untouched;
        long live = n_live;

        cases[i].make(&work);
        memcpy(&untouched, &work, sizeof(work));
        before_failure = nth;
        int r = cases[i].run(&work);
        bool failed = before_failure == NEVER;
        before_failure = NEVER;
        if (r >= 0) {
                _cleanup_free_ char *text = shown(i, &work);
                if (!streq(text, expected))
                        fail_msg("%s: without allocation %ld a success that is not whole: %s", cases[i].name, nth,
                                 text);
        } else {
                if (r != -ENOMEM)
                        fail_msg("%s: allocation %ld: %s", cases[i].name, nth, strerror(-r));
                // Reasons are notes; they may have been collected.
                reasons_deinit(&work.reasons[0]);
                memset(work.reasons, 0, sizeof(work.reasons));
                if (memcmp(&work, &untouched, sizeof(work)) != 0)
                        fail_msg("%s: allocation %ld failed, and an output is touched", cases[i].name, nth);
        }
        work_deinit(&work);
        if (n_live != live)
                fail_msg("%s: allocation %ld failed, and %ld leak", cases[i].name, nth, n_live - live);
        return failed;
}

static void each_allocation_fails_once(void **state _unused_) {
#ifdef HAVE_SANITIZER
        skip();
#endif
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Work work = {};
                cases[i].make(&work);
                assert_int_equal(cases[i].run(&work), 0);
                char *expected = shown(i, &work);
                work_deinit(&work);

                long n = 0;
                while (fail_once(i, n, expected))
                        n++;
                print_message("%s: %ld allocations\n", cases[i].name, n);
                assert_true(n > 0);
                free(expected);
        }
}

// --- files for one of them ---

static void file_make(const char *name, const char *text) {
        char path[256];

        (void)snprintf(path, sizeof(path), "%s/%s", directory, name);
        FILE *file = fopen(path, "we");
        assert_non_null(file);
        fputs(text, file);
        fclose(file);
}

static int files_make(void **state _unused_) {
        char path[256];

        if (!mkdtemp(directory))
                return -1;
        (void)snprintf(path, sizeof(path), "%s/blue.plane.d", directory);
        if (mkdir(path, 0755) < 0)
                return -1;
        file_make("blue.plane", blue);
        file_make("blue.plane.d/50-bandwidth.conf", "[Bandwidth]\nEgress=100M\nUnknown=1\n");
        file_make("red.plane", "[Interface]\nName=mig1\nKind=nonsense\n");
        return 0;
}

static int files_remove(void **state _unused_) {
        static const char *const names[] = { "blue.plane.d/50-bandwidth.conf", "blue.plane.d", "blue.plane",
                                             "red.plane", "" };

        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                char path[256];
                (void)snprintf(path, sizeof(path), "%s/%s", directory, names[i]);
                (void)remove(path);
        }
        return 0;
}

int main(void) {
        const struct CMUnitTest tests[] = { cmocka_unit_test(each_allocation_fails_once) };

        return cmocka_run_group_tests(tests, files_make, files_remove);
}
