// A line of the log with fields for the journal.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <sys/uio.h>

#include "base/util.h"

enum {
        JOURNAL_FIELDS_MAX = 16,
        JOURNAL_FIELD_MAX = 256,
        JOURNAL_LINE_MAX = 512,
};

typedef struct JournalFields {
        char texts[JOURNAL_FIELDS_MAX][JOURNAL_FIELD_MAX];
        struct iovec vectors[JOURNAL_FIELDS_MAX + 1];
        int n_fields;
} JournalFields;

// An empty value adds no field.
void journal_field_add(JournalFields *fields, const char *name, const char *value);
void journal_field_add_number(JournalFields *fields, const char *name, uint64_t number);
// Logs the line as a notice: with its fields where the journal reads, and else by itself. id: the MESSAGE_ID.
void journal_send(JournalFields *fields, const char *id, const char *line);
