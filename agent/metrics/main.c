// migplane-metrics: the planes of this host as a file for node_exporter.
// SPDX-License-Identifier: GPL-2.0-or-later

#include <getopt.h>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text-file.h"
#include "base/util.h"
#include "client/client.h"
#include "metrics/metrics.h"

enum {
        EXIT_USAGE = 2,
};

// All of the daemon, or nothing of it.
static ClientResult read_all(Client *client, json_t **ret_planes, json_t **ret_manager, Error *ret_error) {
        size_t i;
        json_t *plane;

        ClientResult result = client_planes_read(client, ret_planes, ret_error);
        if (result != CLIENT_DONE)
                return result;
        json_array_foreach(*ret_planes, i, plane)
                client_plane_read_counters(client, plane);
        return client_manager_read(client, ret_manager, ret_error);
}

static char *metrics_text(void) {
        _cleanup_json_ json_t *planes = NULL, *manager = NULL;
        Client client = {};
        char *text = NULL;
        size_t size;
        Error error;

        ClientResult result = read_all(&client, &planes, &manager, &error);
        client_deinit(&client);
        // A daemon that does not run is told by the metrics, and a line each time would fill the journal.
        if (result != CLIENT_DONE && result != CLIENT_NO_DAEMON && result != CLIENT_NO_BUS)
                log_warning("%s", error.text);
        FILE *file = text_file_open(&text, &size);
        if (!file)
                return NULL;
        metrics_print(file, planes, manager);
        if (fclose(file) == 0)
                return text;
        free(text);
        return NULL;
}

static int write_file(const char *path, const char *text) {
        Error error;

        file_remove_leftovers(path);
        if (file_write_atomic(path, text, 0644, &error) >= 0)
                return EXIT_SUCCESS;
        log_error("%s", error.text);
        return EXIT_FAILURE;
}

static int usage(FILE *file) {
        (void)fprintf(file,
                      "migplane-metrics [FILE]\n\n"
                      "Write the metrics of the migration planes of this host, in the text format of Prometheus, to\n"
                      "standard output, or into a file that is replaced as a whole. See migplane-metrics(1).\n");
        return file == stdout ? EXIT_SUCCESS : EXIT_USAGE;
}

int main(int argc, char **argv) {
        static const struct option options[] = {
                { "help", no_argument, NULL, 'h' },
                { "version", no_argument, NULL, 'v' },
                {},
        };

        int option = getopt_long(argc, argv, "h", options, NULL);
        if (option == 'v')
                return puts("migplane-metrics " MIGPLANE_VERSION) < 0;
        if (option >= 0 || argc - optind > 1)
                return usage(option == 'h' ? stdout : stderr);
        _cleanup_free_ char *text = metrics_text();
        if (!text) {
                log_error("Out of memory");
                return EXIT_FAILURE;
        }
        if (optind < argc)
                return write_file(argv[optind], text);
        return fputs(text, stdout) < 0 || fflush(stdout) != 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
