// A line of the log with fields for the journal.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "planes/journal.h"

#include <inttypes.h>
#include <systemd/sd-journal.h>

#include "base/log.h"
#include "base/text.h"
#include "base/util.h"

void journal_field_add(JournalFields *fields, const char *name, const char *value) {
        char *text = fields->texts[fields->n_fields];

        if (!value[0] || fields->n_fields == JOURNAL_FIELDS_MAX)
                return;
        text_format(text, JOURNAL_FIELD_MAX, "%s=%s", name, value);
        fields->vectors[fields->n_fields++] = (struct iovec){ text, strlen(text) };
}

void journal_field_add_number(JournalFields *fields, const char *name, uint64_t number) {
        char text[24];

        (void)snprintf(text, sizeof(text), "%" PRIu64, number);
        journal_field_add(fields, name, text);
}

void journal_send(JournalFields *fields, const char *id, const char *line) {
        char message[sizeof("MESSAGE=") + JOURNAL_LINE_MAX];

        if (log_get_max_level() < LOG_NOTICE)
                return;
        if (!log_is_journal()) {
                log_notice("%s", line);
                return;
        }
        journal_field_add(fields, "PRIORITY", STRINGIFY(LOG_NOTICE));
        journal_field_add(fields, "MESSAGE_ID", id);
        text_format(message, sizeof(message), "MESSAGE=%s", line);
        fields->vectors[fields->n_fields] = (struct iovec){ message, strlen(message) };
        (void)sd_journal_sendv(fields->vectors, fields->n_fields + 1);
}
