// What a reconcile would begin with, as text.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "daemon/preview.h"

#include "base/error.h"
#include "base/text-file.h"
#include "base/util.h"
#include "config/plane-config.h"
#include "daemon/reconcile.h"
#include "engine/plane-facts.h"
#include "engine/snapshot.h"
#include "model/plan.h"

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
        free(preview->entries);
        *preview = (Preview){};
}
