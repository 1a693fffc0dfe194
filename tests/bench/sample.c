// Figures and their spread.
// SPDX-License-Identifier: GPL-2.0-or-later

#include <stdarg.h>
#include <time.h>

#include "bench.h"

double now_usec(void) {
        struct timespec now;

        (void)clock_gettime(CLOCK_MONOTONIC, &now);
        return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

void sample_init(Sample *sample, const char *unit, const char *format, ...) {
        va_list arguments;

        *sample = (Sample){};
        strcpy_fixed(sample->unit, unit);
        va_start(arguments, format);
        (void)vsnprintf(sample->what, sizeof(sample->what), format, arguments);
        va_end(arguments);
}

int sample_add(Sample *sample, double value) {
        if (array_reserve(&sample->values, &sample->n_allocated, sample->n_values + 1) < 0)
                return -ENOMEM;
        sample->values[sample->n_values++] = value;
        return 0;
}

static int value_compare(const void *a, const void *b) {
        double x = *(const double *)a, y = *(const double *)b;
        return (x > y) - (x < y);
}

// By nearest rank.
double sample_quantile(Sample *sample, double quantile) {
        if (sample->n_values == 0)
                return 0;
        qsort(sample->values, sample->n_values, sizeof(double), value_compare);
        return sample->values[(size_t)(quantile * (double)(sample->n_values - 1) + 0.5)];
}

void sample_print_header(void) {
        printf("%-48s %5s %9s %9s %9s %9s %9s %9s\n", "", "n", "min", "p10", "median", "p90", "p99", "max");
}

void sample_print(Sample *sample) {
        static const double quantiles[] = { 0, 0.1, 0.5, 0.9, 0.99, 1 };
        char what[96];

        (void)snprintf(what, sizeof(what), "%s, %s", sample->what, sample->unit);
        printf("%-48s %5zu", what, sample->n_values);
        for (size_t i = 0; i < ELEMENTSOF(quantiles); i++) {
                double value = sample_quantile(sample, quantiles[i]);
                printf(value < 10 ? " %9.3f" : value < 1000 ? " %9.1f" : " %9.0f", value);
        }
        putchar('\n');
}

void sample_deinit(Sample *sample) {
        free(sample->values);
        *sample = (Sample){};
}
