// migplanectl migrations: those that run and, with --all, the last ones that have ended.
// SPDX-License-Identifier: GPL-2.0-or-later

#include <inttypes.h>
#include <time.h>

#include "base/log.h"
#include "base/names.h"
#include "base/util.h"
#include "client/client.h"
#include "ctl/ctl.h"

enum {
        COLUMN_GUEST,
        COLUMN_PLANE,
        COLUMN_DIRECTION,
        COLUMN_PEER,
        COLUMN_BEGAN,
        COLUMN_TIME,
        COLUMN_SENT,
        COLUMN_RATE,
        COLUMN_AVERAGE,
        COLUMN_LIMIT,
        COLUMN_MAX,
};

static const CtlColumn columns[COLUMN_MAX] = {
        [COLUMN_GUEST] = { "GUEST", "Guest", 0 },
        [COLUMN_PLANE] = { "PLANE", "Plane", 0 },
        [COLUMN_DIRECTION] = { "DIRECTION", "Direction", 0 },
        [COLUMN_PEER] = { "PEER", "Peer", 0 },
        [COLUMN_BEGAN] = { "BEGAN", NULL, 0 },
        [COLUMN_TIME] = { "TIME", NULL, SCOLS_FL_RIGHT },
        [COLUMN_SENT] = { "BYTES", NULL, SCOLS_FL_RIGHT },
        [COLUMN_RATE] = { "RATE", NULL, SCOLS_FL_RIGHT },
        [COLUMN_AVERAGE] = { "AVERAGE", NULL, SCOLS_FL_RIGHT },
        [COLUMN_LIMIT] = { "LIMIT", "Limit", 0 },
};

static bool has_ended(const json_t *migration) {
        return json_object_get(migration, "EndedUSec");
}

static const char *rate_format(double bits_per_second, char ret[static CTL_NUMBER_MAX]) {
        static const char *const units[] = { "bit/s", "kbit/s", "Mbit/s", "Gbit/s", "Tbit/s" };
        size_t i = 0;

        for (; bits_per_second >= 999.95 && i + 1 < ELEMENTSOF(units); i++)
                bits_per_second /= 1000;
        (void)snprintf(ret, CTL_NUMBER_MAX, "%.*f %s", i > 0, bits_per_second, units[i]);
        return ret;
}

static const char *time_format(uint64_t usec, char ret[static CTL_NUMBER_MAX]) {
        uint64_t seconds = usec / 1000000;

        if (seconds < 60)
                (void)snprintf(ret, CTL_NUMBER_MAX, "%.1f s", (double)usec / 1e6);
        else if (seconds < 3600)
                (void)snprintf(ret, CTL_NUMBER_MAX, "%" PRIu64 ":%02" PRIu64, seconds / 60, seconds % 60);
        else
                (void)snprintf(ret, CTL_NUMBER_MAX, "%" PRIu64 ":%02" PRIu64 ":%02" PRIu64, seconds / 3600,
                               seconds / 60 % 60, seconds % 60);
        return ret;
}

static const char *date_format(uint64_t usec, char ret[static CTL_NUMBER_MAX]) {
        const time_t seconds = (time_t)(usec / 1000000);
        struct tm broken;

        if (!localtime_r(&seconds, &broken) || strftime(ret, CTL_NUMBER_MAX, "%F %T", &broken) == 0)
                ret[0] = '\0';
        return ret;
}

static const char *cell_format(const json_t *migration, size_t column, char ret[static CTL_NUMBER_MAX]) {
        switch (column) {
        case COLUMN_BEGAN:
                return date_format(client_plane_number(migration, "BeganUSec"), ret);
        case COLUMN_TIME:
                return time_format(client_plane_number(migration, "DurationUSec"), ret);
        case COLUMN_SENT:
                return ctl_format_bytes(client_plane_number(migration, "PayloadBytes"), ret);
        case COLUMN_RATE:
                return has_ended(migration)
                               ? "ended"
                               : rate_format((double)client_plane_number(migration, "RateBitsPerSecond"), ret);
        case COLUMN_AVERAGE:
                return rate_format((double)client_plane_number(migration, "AverageBitsPerSecond"), ret);
        default:
                return client_plane_string(migration, columns[column].key);
        }
}

static int table_add_migration(const Ctl *ctl, struct libscols_table *table, const json_t *migration) {
        struct libscols_line *line = scols_table_new_line(table, NULL);
        int r = line ? 0 : -ENOMEM;

        for (size_t i = 0; i < COLUMN_MAX && r == 0; i++) {
                char number[CTL_NUMBER_MAX];
                const char *text = cell_format(migration, i, number);
                r = scols_line_set_data(line, i, text[0] ? text : "-");
        }
        if (r == 0 && ctl->colours && has_ended(migration))
                r = scols_line_set_color(line, ctl_colour(ctl, CTL_GREY));
        return r;
}

static CtlExit migrations_print(Ctl *ctl, const json_t *migrations) {
        size_t i, n_running = 0;
        json_t *migration;

        if (ctl->json != CTL_JSON_OFF)
                return ctl_json_print(ctl, migrations);
        json_array_foreach(migrations, i, migration)
                n_running += !has_ended(migration);
        if (json_array_size(migrations) > 0) {
                ctl_pager_open(ctl);
                int r = ctl_table_print(ctl, columns, COLUMN_MAX, migrations, table_add_migration);
                if (r < 0)
                        return ctl_failure_errno("Cannot print the table", r);
        }
        if (ctl->legend)
                (void)printf("%s%zu running.\n", json_array_size(migrations) > 0 ? "\n" : "", n_running);
        return CTL_DONE;
}

CtlExit ctl_verb_migrations(Ctl *ctl, int n_arguments, char **arguments) {
        static const ClientCall call = {
                .path = BUS_PATH,
                .interface = BUS_INTERFACE_MANAGER,
                .member = "ListMigrations",
        };
        _cleanup_message_ sd_bus_message *reply = NULL;
        _cleanup_json_ json_t *migrations = NULL;

        CtlExit code = ctl_call(ctl, &call, &reply, "sb", n_arguments > 0 ? arguments[0] : "", (int)ctl->all);
        if (code != CTL_DONE)
                return code;
        int r = client_read_json(reply, &migrations);
        return r < 0 ? ctl_failure_errno("ListMigrations", r) : migrations_print(ctl, migrations);
}
