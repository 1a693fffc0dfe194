// What a reconcile would begin with, as text.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "daemon/preview.h"

#include "base/error.h"
#include "base/text-file.h"
#include "base/util.h"
#include "config/config.h"
#include "config/equal.h"
#include "config/plane-config.h"
#include "daemon/reconcile.h"
#include "engine/plane-facts.h"
#include "engine/snapshot.h"
#include "kernel/tcp.h"
#include "model/plan.h"
#include "planes/edited.h"
#include "planes/pending-edit.h"
#include "planes/plane-set.h"
#include "planes/plane.h"

// facts NULL: of all planes.
static int text_new(const Plan *plan, const PlaneFacts *facts, char **ret) {
        _cleanup_free_ char *text = NULL;
        size_t size = 0;

        FILE *file = text_file_open(&text, &size);
        if (!file)
                return -ENOMEM;
        for (size_t i = 0; i < plan->n_operations; i++) {
                if (facts && !plane_facts_cover(facts, &plan->operations[i]))
                        continue;
                operation_print(&plan->operations[i], file);
                fputc('\n', file);
        }
        if (fclose(file) != 0)
                return -ENOMEM;
        *ret = TAKE(text);
        return 0;
}

static int entry_add(Preview *preview, const char *name, const Plan *plan, const PlaneFacts *facts) {
        PreviewEntry *entry = &preview->entries[preview->n_entries++];

        entry->name = strdup(name);
        return entry->name ? text_new(plan, facts, &entry->text) : -ENOMEM;
}

static int entries_fill(Preview *preview, const Snapshot *snapshot) {
        preview->entries = calloc(snapshot->n_planes + 1, sizeof(*preview->entries));
        if (!preview->entries)
                return -ENOMEM;
        int r = entry_add(preview, "", &snapshot->plan, NULL);
        for (size_t i = 0; i < snapshot->n_planes && r >= 0; i++)
                r = entry_add(preview, snapshot->planes[i].config->name, &snapshot->plan, &snapshot->planes[i]);
        return r;
}

int preview_read(const Reconciler *reconciler, Preview *ret, Error *ret_error) {
        _cleanup_snapshot_ Snapshot snapshot = {};
        _cleanup_preview_ Preview preview = {};

        int r = reconcile_snapshot(reconciler, &snapshot, ret_error);
        if (r < 0)
                return r;
        r = entries_fill(&preview, &snapshot);
        if (r < 0)
                return error_set(ret_error, r, "out of memory");
        *ret = preview;
        preview = (Preview){};
        return 0;
}

// --- of the files ---

static int message_add(Preview *preview, char *text) {
        _cleanup_free_ char *taken = text;

        if (!taken || array_reserve(&preview->messages, &preview->n_messages_allocated, preview->n_messages + 1) < 0)
                return -ENOMEM;
        preview->messages[preview->n_messages++] = TAKE(taken);
        return 0;
}

static int messages_fill(Preview *preview, const Config *config) {
        for (size_t i = 0; i < config->n_messages; i++) {
                char *text = NULL;
                size_t size;
                FILE *file = text_file_open(&text, &size);

                if (!file)
                        return -ENOMEM;
                config_message_print(&config->messages[i], file);
                if (fclose(file) != 0)
                        return -ENOMEM;
                text[strcspn(text, "\n")] = '\0';
                if (message_add(preview, text) < 0)
                        return -ENOMEM;
        }
        return 0;
}

// Planes as a reload would make them. They borrow: the configurations of the files, or those in force.
typedef struct Future {
        PlaneSet planes;
        Plane *storage;
} Future;

static void future_deinit(Future *future) {
        free(future->planes.planes);
        free(future->storage);
}

static void future_add(Future *future, const Plane *now, const PlaneConfig *config) {
        Plane *plane = &future->storage[future->planes.n_planes];

        // Copied for what a snapshot asks; nothing in it is freed.
        if (now)
                *plane = *now;
        plane->config = (PlaneConfig *)(uintptr_t)config;
        if (config->managed_by != MANAGED_BY_MIGPLANE && !plane->is_released)
                plane->taken_down = false;
        future->planes.planes[future->planes.n_planes++] = plane;
}

// Whether the reload would leave the plane as it is: its file is broken, or a migration would be interrupted.
static int plane_keeps(Preview *preview, const Plane *plane, const Config *files, const TcpSockets *connections,
                       bool *ret) {
        const char *name = plane->config->name;
        const PlaneConfig *wanted = config_find(files, name);
        char *text;

        *ret = config_is_broken(files, name) || (!wanted && files->has_unread_directory);
        if (*ret || plane->taken_down || (wanted && plane_config_equal(plane->config, wanted)))
                return 0;
        const char *key = pending_edit_find(connections, plane->config, wanted);
        if (!key)
                return 0;
        *ret = true;
        if (asprintf(&text, "%s: %s%s would interrupt running migrations; the edit would wait until they end", name,
                     wanted ? "another " : "its missing file", key) < 0)
                return -ENOMEM;
        return message_add(preview, text);
}

static int compare_names(const void *a, const void *b) {
        return strcmp((*(Plane *const *)a)->config->name, (*(Plane *const *)b)->config->name);
}

static int future_fill(Future *future, Preview *preview, const PlaneSet *planes, const Config *files) {
        _cleanup_tcp_sockets_ TcpSockets connections = {};
        size_t n = planes->n_planes + files->n_planes + files->n_broken + 1;

        future->storage = calloc(n, sizeof(*future->storage));
        future->planes.planes = calloc(n, sizeof(*future->planes.planes));
        if (!future->storage || !future->planes.planes)
                return -ENOMEM;
        // Not to know them is no reason to fail.
        (void)tcp_read_established(&connections, NULL);
        for (size_t i = 0; i < planes->n_planes; i++) {
                const Plane *plane = planes->planes[i];
                const PlaneConfig *wanted = config_find(files, plane->config->name);
                bool keeps;

                int r = plane_keeps(preview, plane, files, &connections, &keeps);
                if (r < 0)
                        return r;
                if (keeps || wanted)
                        future_add(future, plane, keeps ? plane->config : wanted);
        }
        for (size_t i = 0; i < files->n_planes; i++)
                if (!planes_find(planes, files->planes[i]->name))
                        future_add(future, NULL, files->planes[i]);
        for (size_t i = 0; i < files->n_broken; i++)
                if (!planes_find(planes, files->broken[i]->name))
                        future_add(future, NULL, files->broken[i]);
        // In the order of the real planes, as the ruleset has them.
        qsort(future->planes.planes, future->planes.n_planes, sizeof(*future->planes.planes), compare_names);
        return 0;
}

int preview_read_files(const Reconciler *reconciler, Preview *ret, Error *ret_error) {
        _cleanup_config_ Config *files = NULL;
        _cleanup_(future_deinit) Future future = {};
        _cleanup_snapshot_ Snapshot snapshot = {};
        _cleanup_preview_ Preview preview = {};

        int r = edited_read_files(&files, ret_error);
        if (r < 0)
                return r;
        if (messages_fill(&preview, files) < 0 || future_fill(&future, &preview, reconciler->planes, files) < 0)
                return error_set(ret_error, -ENOMEM, "out of memory");
        r = reconcile_snapshot_of(reconciler, &future.planes, &snapshot, ret_error);
        if (r < 0)
                return r;
        if (entries_fill(&preview, &snapshot) < 0)
                return error_set(ret_error, -ENOMEM, "out of memory");
        *ret = preview;
        preview = (Preview){};
        return 0;
}

// --- what is in it ---

const char *preview_find(const Preview *preview, const char *name) {
        for (size_t i = 0; i < preview->n_entries; i++)
                if (streq(preview->entries[i].name, name))
                        return preview->entries[i].text;
        return NULL;
}

void preview_deinit(Preview *preview) {
        for (size_t i = 0; i < preview->n_entries; i++) {
                free(preview->entries[i].name);
                free(preview->entries[i].text);
        }
        for (size_t i = 0; i < preview->n_messages; i++)
                free(preview->messages[i]);
        free(preview->messages);
        free(preview->entries);
        *preview = (Preview){};
}
