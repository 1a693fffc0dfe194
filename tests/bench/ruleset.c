// libnftables: what a context costs in time and memory.
#include "bench.h"
int bench_ruleset(unsigned rounds _unused_) { return 0; }
