// The planes as metrics, in the text format of Prometheus.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// All samples of a metric stand together below its # HELP and # TYPE, and no two samples have the same labels.

#include "metrics/metrics.h"

#include "base/util.h"
#include "client/client.h"

typedef struct Label {
        const char *name, *value;
} Label;

static void label_print(FILE *file, const char *separator, const Label *label) {
        fprintf(file, "%s%s=\"", separator, label->name);
        for (const char *c = label->value; *c; c++)
                if (*c == '\n')
                        fputs("\\n", file);
                else
                        fprintf(file, "%s%c", *c == '\\' || *c == '"' ? "\\" : "", *c);
        fputc('"', file);
}

// Every sample of a plane has its name, and then these labels.
static void sample_print(FILE *file, const char *name, const json_t *plane, const Label *labels, size_t n_labels,
                         double value) {
        fputs(name, file);
        label_print(file, "{", &(Label){ "plane", client_plane_string(plane, "Name") });
        for (size_t i = 0; i < n_labels; i++)
                label_print(file, ",", &labels[i]);
        fprintf(file, "} %.17g\n", value);
}

// --- what a plane has ---

static const char *yes_or_no(const json_t *plane, const char *property) {
        return client_plane_flag(plane, property) ? "yes" : "no";
}

static void print_info(FILE *file, const char *name, const json_t *plane, const char *property _unused_) {
        const Label labels[] = {
                { "interface", client_plane_string(plane, "Interface") },
                { "kind", client_plane_string(plane, "Kind") },
                { "address", client_plane_string(plane, "Address") },
                { "required", yes_or_no(plane, "Required") },
                { "default", yes_or_no(plane, "Default") },
                { "fallback", client_plane_string(plane, "Fallback") },
        };

        sample_print(file, name, plane, labels, ELEMENTSOF(labels), 1);
}

static void print_health(FILE *file, const char *name, const json_t *plane, const char *property) {
        static const char *const healths[] = { "healthy", "degraded", "failed", "unknown" };

        for (size_t i = 0; i < ELEMENTSOF(healths); i++)
                sample_print(file, name, plane, &(Label){ "health", healths[i] }, 1,
                             streq(client_plane_string(plane, property), healths[i]));
}

static const char *reason_code(const json_t *reasons, size_t i) {
        return json_string_value(json_array_get(json_array_get(reasons, i), 0)) ?: "";
}

// A plane can have a reason twice, with two texts.
static bool is_repeated(const json_t *reasons, size_t n) {
        for (size_t i = 0; i < n; i++)
                if (streq(reason_code(reasons, i), reason_code(reasons, n)))
                        return true;
        return false;
}

static void print_reasons(FILE *file, const char *name, const json_t *plane, const char *property) {
        const json_t *reasons = json_object_get(plane, property);

        for (size_t i = 0; i < json_array_size(reasons); i++)
                if (!is_repeated(reasons, i))
                        sample_print(file, name, plane, &(Label){ "reason", reason_code(reasons, i) }, 1, 1);
}

// A direction without a cap has no sample: 0 would read as a cap that lets nothing pass.
static void print_caps(FILE *file, const char *name, const json_t *plane, const char *property _unused_) {
        static const Label directions[] = { { "egress", "EgressBitsPerSecond" },
                                            { "ingress", "IngressBitsPerSecond" } };

        for (size_t i = 0; i < ELEMENTSOF(directions); i++) {
                uint64_t bits = client_plane_number(plane, directions[i].value);
                if (bits > 0)
                        sample_print(file, name, plane, &(Label){ "direction", directions[i].name }, 1,
                                     (double)bits / 8);
        }
}

static void print_number(FILE *file, const char *name, const json_t *plane, const char *property) {
        if (json_object_get(plane, property))
                sample_print(file, name, plane, NULL, 0, (double)client_plane_number(plane, property));
}

static void print_drops(FILE *file, const char *name, const json_t *plane, const char *property) {
        json_t *drops = json_object_get(plane, property), *packets;
        const char *reason;

        json_object_foreach(drops, reason, packets)
                sample_print(file, name, plane, &(Label){ "reason", reason }, 1, (double)json_integer_value(packets));
}

// --- the tables ---

static const struct {
        const char *name, *type, *help, *property;
        void (*print)(FILE *file, const char *name, const json_t *plane, const char *property);
} of_planes[] = {
        { "migplane_plane_info", "gauge", "A plane and its configuration; always 1.", NULL, print_info },
        { "migplane_health", "gauge", "Whether the plane has this health; a plane has one.", "Health", print_health },
        { "migplane_reason", "gauge", "A reason for the health of the plane; 1 while it exists.", "HealthReasons",
          print_reasons },
        { "migplane_cap_bytes_per_second", "gauge", "Cap on the traffic of the plane; missing: not capped.", NULL,
          print_caps },
        { "migplane_transmit_bytes_total", "counter", "Bytes that the device of the plane has sent.", "BytesSent",
          print_number },
        { "migplane_receive_bytes_total", "counter", "Bytes that the device of the plane has received.",
          "BytesReceived", print_number },
        { "migplane_dropped_packets_total", "counter", "Packets that the isolation of the plane has dropped.",
          "PacketsDropped", print_drops },
        { "migplane_repairs_total", "counter", "Operations that repaired changes by other programs.", "Repairs",
          print_number },
        { "migplane_migrations", "gauge", "Migrations that run on the plane now, in both directions.",
          "ActiveMigrations", print_number },
};

static void head_print(FILE *file, const char *name, const char *type, const char *help) {
        fprintf(file, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void single_print(FILE *file, const char *name, const char *help, double value) {
        head_print(file, name, "gauge", help);
        fprintf(file, "%s %.17g\n", name, value);
}

// "PATH:LINE: error: TEXT", in contrast to "PATH:LINE: warning: TEXT", whatever is in the text.
static bool is_error(const char *message) {
        const char *error = strstr(message, ": error: "), *warning = strstr(message, ": warning: ");
        return error && (!warning || error < warning);
}

static size_t errors_count(const json_t *messages) {
        size_t i, n = 0;
        json_t *message;

        json_array_foreach(messages, i, message)
                n += is_error(json_string_value(message) ?: "");
        return n;
}

static void manager_print(FILE *file, const json_t *manager) {
        head_print(file, "migplane_build_info", "gauge", "The version of the daemon; always 1.");
        fputs("migplane_build_info", file);
        label_print(file, "{", &(Label){ "version", client_plane_string(manager, "Version") });
        fputs("} 1\n", file);
        single_print(file, "migplane_config_errors", "Errors in the files of the planes, at the last reload.",
                     (double)errors_count(json_object_get(manager, "ConfigurationMessages")));
        single_print(file, "migplane_reload_success_timestamp_seconds",
                     "When the files were last read without an error, in seconds since 1970; 0: not since the start.",
                     (double)client_plane_number(manager, "ReloadSuccessTimestamp") / 1000000);
}

void metrics_print(FILE *file, const json_t *planes, const json_t *manager) {
        size_t i;
        json_t *plane;

        single_print(file, "migplane_up", "Whether the daemon answers.", manager != NULL);
        if (!manager)
                return;
        manager_print(file, manager);
        for (size_t j = 0; j < ELEMENTSOF(of_planes); j++) {
                head_print(file, of_planes[j].name, of_planes[j].type, of_planes[j].help);
                json_array_foreach(planes, i, plane)
                        of_planes[j].print(file, of_planes[j].name, plane, of_planes[j].property);
        }
}
