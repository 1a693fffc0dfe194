// Benchmarks of migplane; tests/bench/run starts them.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "bench.h"

#include "base/log.h"
#include "base/util.h"

static const struct {
        const char *name;
        int (*run)(unsigned rounds);
        unsigned rounds;
} verbs[] = {
        { "setup", bench_setup, 60 },
        { "audit", bench_audit, 5 },
        { "ruleset", bench_ruleset, 20 },
        { "repair", bench_repair, 100 },
};

int main(int argc, char *argv[]) {
        log_set_max_level(LOG_ERR); // set back where logging is part of what is measured

        for (size_t i = 0; argc >= 2 && i < ELEMENTSOF(verbs); i++) {
                if (!streq(argv[1], verbs[i].name))
                        continue;
                int r = lab_enter();
                if (r >= 0)
                        r = verbs[i].run(argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : verbs[i].rounds);
                if (r < 0)
                        (void)fprintf(stderr, "%s: %s\n", argv[1], strerror(-r));
                return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
        }
        (void)fprintf(stderr, "bench setup|audit|ruleset|repair [ROUNDS]\n");
        return 2;
}
