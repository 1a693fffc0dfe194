// The common part of the benchmarks.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include "base/error.h"
#include "daemon/manager.h"
#include "engine/snapshot.h"

// One figure: all its values, in one unit.
typedef struct Sample {
        char what[64];
        char unit[8];
        double *values;
        size_t n_values, n_allocated;
} Sample;

void sample_init(Sample *sample, const char *unit, const char *format, ...) _printf_(3, 4);
int sample_add(Sample *sample, double value);
double sample_quantile(Sample *sample, double quantile);
void sample_print_header(void);
void sample_print(Sample *sample);
void sample_deinit(Sample *sample);

double now_usec(void);

// Enters a namespace of our own, so that the machine's is never touched.
int lab_enter(void);

// Runs the body in a child with a new network namespace in which there are only lo and eno2, a veth that is up, and
// waits until all of it is gone. The body's results come back in results, which has LAB_RESULTS_MAX places.
enum { LAB_RESULTS_MAX = 4096 };
typedef int (*LabBody)(double *results, void *userdata);
int lab_run(LabBody body, void *userdata, double *results);
// Runs a command line of the shell; 0, or -EIO.
int lab_shell(const char *format, ...) _printf_(1, 2);

// Plane number 0 is on mig0, the others are on mig1 ... of the same parent: a VLAN where the kernel has them, else a
// macvlan.
int lab_plane_text(size_t number, char **ret);

// A manager with its planes, as the daemon has it, without the bus and without files.
typedef struct LabManager {
        sd_event *event;
        Manager *manager;
} LabManager;
int lab_manager_init(LabManager *lab, Error *ret_error);
// Adds the planes number 0 to n - 1.
int lab_manager_add(LabManager *lab, size_t n_planes, unsigned n_peers, Error *ret_error);
void lab_manager_deinit(LabManager *lab);
// Whether as many operations as expected lie between what is and what should be; prints them and returns -EIO if not.
int lab_manager_differences(LabManager *lab, int expected);

// A snapshot, with the time of each of its parts added, in microseconds.
typedef enum SnapshotPart {
        SNAPSHOT_INVENTORY,
        SNAPSHOT_DERIVE,
        SNAPSHOT_OBSERVE,
        SNAPSHOT_DIFF,
        SNAPSHOT_PART_MAX,
} SnapshotPart;
int lab_snapshot(LabManager *lab, Snapshot *ret, double times[static SNAPSHOT_PART_MAX], Error *ret_error);

// What migplane asked of the kernel to make a plane, in order, ready to be asked again.
typedef struct Step {
        ObjectKind kind;
        uint32_t offset, size; // of the request, of "PATH\0VALUE\n", or of the ruleset
} Step;
typedef struct Script {
        Step steps[256];
        size_t n_steps;
        uint32_t size;
        char data[1 << 17];
} Script;
Script *script_new(void);
// Carries out a plan, time by kind added in microseconds; records where script is not NULL.
int script_apply(Kernel *kernel, const Plan *plan, Script *script, double times[static OBJECT_KIND_MAX]);
// The bare kernel work: sends the requests and waits for each acknowledgement, and looks at nothing.
int script_run(const Script *script, double times[static OBJECT_KIND_MAX]);
const char *script_ruleset(const Script *script);

// A shell script that makes the objects: batched, one program a kind; otherwise one an object, but for nft.
int shell_print(const State *desired, const Script *script, const char *directory, bool batched, FILE *file);

int bench_setup(unsigned rounds);
int bench_audit(unsigned rounds);
int bench_ruleset(unsigned rounds);
int bench_repair(unsigned rounds);
