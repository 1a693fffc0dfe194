// migplanectl verify: the audit of the host's isolation.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "base/log.h"
#include "base/names.h"
#include "base/util.h"
#include "client/client.h"
#include "ctl/ctl.h"

enum {
        COLUMN_PLANE,
        COLUMN_CHECK,
        COLUMN_RESULT,
        COLUMN_FOUND,
        COLUMN_MAX,
};

static const CtlColumn columns[COLUMN_MAX] = {
        [COLUMN_PLANE] = { "PLANE", NULL, 0 },
        [COLUMN_CHECK] = { "CHECK", "Check", 0 },
        [COLUMN_RESULT] = { "RESULT", "Result", 0 },
        [COLUMN_FOUND] = { "FOUND", "Found", SCOLS_FL_WRAP },
};

// In the order of gravity.
static const struct {
        const char *name;
        CtlColour colour;
} results[] = {
        { "ok", CTL_GREEN },
        { "warning", CTL_YELLOW },
        { "failed", CTL_RED },
};

enum {
        RESULT_OK,
        RESULT_WARNING,
        RESULT_FAILED,
        RESULT_MAX,
};

// A result that this program does not know counts as a failure.
static size_t result_of(const json_t *object) {
        const char *text = client_plane_string(object, "Result");

        for (size_t i = 0; i < ELEMENTSOF(results); i++)
                if (streq(results[i].name, text))
                        return i;
        return RESULT_FAILED;
}

// From an array of {check, result, promise, found} to {"Plane", "Result", "Checks": [{"Check", ...}]}.
static int report_make(const char *plane, const json_t *answer, json_t **ret_report) {
        static const char *const keys[] = { "Check", "Result", "Promise", "Found" };
        _cleanup_json_ json_t *checks = json_array(), *report = NULL;
        size_t i, gravest = RESULT_OK;
        json_t *row;

        json_array_foreach(answer, i, row) {
                json_t *check = json_object();
                if (json_array_append_new(checks, check) < 0)
                        return -ENOMEM;
                for (size_t j = 0; j < ELEMENTSOF(keys); j++)
                        if (json_object_set(check, keys[j], json_array_get(row, j)) < 0)
                                return -EBADMSG;
                gravest = result_of(check) > gravest ? result_of(check) : gravest;
        }
        report = json_pack("{s:s, s:s, s:O}", "Plane", plane, "Result", results[gravest].name, "Checks", checks);
        if (!report)
                return -ENOMEM;
        *ret_report = TAKE(report);
        return 0;
}

static int reports_add(json_t *reports, const char *plane, sd_bus_message *reply) {
        _cleanup_json_ json_t *answer = NULL;
        json_t *report;

        int r = client_read_json(reply, &answer);
        if (r < 0)
                return r;
        r = report_make(plane, answer, &report);
        if (r < 0)
                return r;
        return json_array_append_new(reports, report) < 0 ? -ENOMEM : 0;
}

static CtlExit report_read(Ctl *ctl, const json_t *plane, json_t *reports) {
        const ClientCall call = {
                .path = client_plane_string(plane, "ObjectPath"),
                .interface = BUS_INTERFACE_PLANE,
                .member = "Verify",
        };
        _cleanup_message_ sd_bus_message *reply = NULL;

        CtlExit code = ctl_call(ctl, &call, &reply, NULL);
        if (code != CTL_DONE)
                return code;
        int r = reports_add(reports, client_plane_string(plane, "Name"), reply);
        return r < 0 ? ctl_failure_errno("Verify", r) : CTL_DONE;
}

static int table_add_check(const Ctl *ctl, struct libscols_table *table, const char *plane, const json_t *check) {
        struct libscols_line *line = scols_table_new_line(table, NULL);
        int r = line ? 0 : -ENOMEM;

        for (size_t i = 0; i < COLUMN_MAX && r == 0; i++)
                r = scols_line_set_data(line, i, columns[i].key ? client_plane_string(check, columns[i].key) : plane);
        if (r == 0 && ctl->colours)
                r = scols_cell_set_color(scols_line_get_cell(line, COLUMN_RESULT),
                                         ctl_colour(ctl, results[result_of(check)].colour));
        return r;
}

static int table_add_report(const Ctl *ctl, struct libscols_table *table, const json_t *report) {
        size_t i;
        json_t *check;
        int r = 0;

        json_array_foreach(json_object_get(report, "Checks"), i, check)
                if (r == 0)
                        r = table_add_check(ctl, table, client_plane_string(report, "Plane"), check);
        return r;
}

static void reports_count(const json_t *reports, size_t (*ret)[RESULT_MAX]) {
        size_t i, j;
        json_t *report, *check;

        memset(*ret, 0, sizeof(*ret));
        json_array_foreach(reports, i, report)
                json_array_foreach(json_object_get(report, "Checks"), j, check)
                        (*ret)[result_of(check)]++;
}

static CtlExit reports_print(Ctl *ctl, const json_t *reports, const size_t (*n)[RESULT_MAX]) {
        if (ctl->json != CTL_JSON_OFF)
                return ctl_json_print(ctl, reports);
        if (json_array_size(reports) > 0) {
                ctl_pager_open(ctl);
                int r = ctl_table_print(ctl, columns, COLUMN_MAX, reports, table_add_report);
                if (r < 0) {
                        log_error("Cannot print the table: %s", strerror(-r));
                        return CTL_FAILED;
                }
        }
        if (ctl->legend)
                (void)printf("%s%zu ok, %zu warning%s, %zu failed.\n", json_array_size(reports) > 0 ? "\n" : "",
                             (*n)[RESULT_OK], (*n)[RESULT_WARNING], (*n)[RESULT_WARNING] == 1 ? "" : "s",
                             (*n)[RESULT_FAILED]);
        return CTL_DONE;
}

CtlExit ctl_verb_verify(Ctl *ctl, int n_arguments, char **arguments) {
        _cleanup_json_ json_t *planes = NULL, *chosen = json_array(), *reports = json_array();
        size_t i, n[RESULT_MAX];
        json_t *plane;

        CtlExit code = ctl_planes_read(ctl, &planes);
        if (code == CTL_DONE)
                code = ctl_planes_choose(planes, n_arguments, arguments, chosen);
        json_array_foreach(chosen, i, plane)
                if (code == CTL_DONE)
                        code = report_read(ctl, plane, reports);
        if (code != CTL_DONE)
                return code;
        reports_count(reports, &n);
        code = reports_print(ctl, reports, &n);
        return code == CTL_DONE && n[RESULT_FAILED] > 0 ? CTL_FAILED : code;
}
