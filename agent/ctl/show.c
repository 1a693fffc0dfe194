// migplanectl list, status, plan.
// SPDX-License-Identifier: GPL-2.0-or-later

#include <inttypes.h>
#include <stdarg.h>
#include <time.h>

#include "base/log.h"
#include "base/names.h"
#include "base/util.h"
#include "client/client.h"
#include "ctl/ctl.h"

// --- JSON

// An array of structures, as the bus has it, with names for the members.
static json_t *members_name(const json_t *rows, const char *const *names, size_t n_names) {
        json_t *objects = json_array(), *row;
        size_t i;

        json_array_foreach(rows, i, row) {
                json_t *object = json_object();
                for (size_t j = 0; j < n_names; j++)
                        (void)json_object_set(object, names[j], json_array_get(row, j));
                (void)json_array_append_new(objects, object);
        }
        return objects;
}

// Beside HealthReasons and RecentDrops, whose members have positions only.
static CtlExit planes_print_json(const Ctl *ctl, json_t *planes) {
        static const char *const reason[] = { "Code", "Text" };
        static const char *const drop[] = { "Time",   "Times",       "Reason",   "Interface",      "MACAddress",
                                            "Source", "Destination", "Protocol", "DestinationPort" };
        size_t i;
        json_t *plane;

        json_array_foreach(planes, i, plane) {
                const json_t *reasons = json_object_get(plane, "HealthReasons"),
                             *drops = json_object_get(plane, "RecentDrops");
                if (reasons)
                        (void)json_object_set_new(plane, "Reasons", members_name(reasons, reason, ELEMENTSOF(reason)));
                if (drops)
                        (void)json_object_set_new(plane, "Drops", members_name(drops, drop, ELEMENTSOF(drop)));
        }
        return ctl_json_print(ctl, planes);
}

// --- migrations off the planes

// On standard error, since they are no plane's.
static void off_plane_warn(Ctl *ctl) {
        _cleanup_json_ json_t *manager = NULL;
        json_t *entry;
        size_t i;

        if (ctl->json != CTL_JSON_OFF || client_manager_read(&ctl->client, &manager, NULL) != CLIENT_DONE)
                return;
        json_array_foreach(json_object_get(manager, "OffPlaneMigrations"), i, entry) {
                const char *texts[5];
                for (size_t j = 0; j < ELEMENTSOF(texts); j++)
                        texts[j] = json_string_value(json_array_get(entry, j)) ?: "";
                log_warning("A migration runs off the planes: %s, %s %s, port %" JSON_INTEGER_FORMAT ", on %s",
                            texts[3][0] ? texts[3] : "a guest of libvirt", streq(texts[0], "outgoing") ? "to" : "from",
                            texts[1], json_integer_value(json_array_get(entry, 2)),
                            texts[4][0] ? texts[4] : "an unknown interface");
        }
}

// --- list

enum {
        COLUMN_NAME,
        COLUMN_INTERFACE,
        COLUMN_ADDRESS,
        COLUMN_EGRESS,
        COLUMN_INGRESS,
        COLUMN_HEALTH,
        COLUMN_DEFAULT,
        COLUMN_MAX,
};

// Rates are aligned to the right.
static const CtlColumn list_columns[COLUMN_MAX] = {
        [COLUMN_NAME] = { "NAME", "Name", 0 },
        [COLUMN_INTERFACE] = { "INTERFACE", "Interface", 0 },
        [COLUMN_ADDRESS] = { "ADDRESS", "Cidr", 0 },
        [COLUMN_EGRESS] = { "EGRESS", "EgressBitsPerSecond", SCOLS_FL_RIGHT },
        [COLUMN_INGRESS] = { "INGRESS", "IngressBitsPerSecond", SCOLS_FL_RIGHT },
        [COLUMN_HEALTH] = { "HEALTH", "Health", 0 },
        [COLUMN_DEFAULT] = { "DEFAULT", "Default", 0 },
};

static const char *rate_text(const Ctl *ctl, uint64_t bits_per_second, char ret[static CTL_NUMBER_MAX]) {
        if (!ctl->bits)
                return ctl_format_rate(bits_per_second, ret);
        (void)snprintf(ret, CTL_NUMBER_MAX, "%" PRIu64, bits_per_second);
        return ret;
}

// "192.0.2.1/24", or "192.0.2.1/24,+2" for a plane with two more.
static char *addresses_text(const json_t *plane) {
        size_t n = json_array_size(json_object_get(plane, "Addresses"));
        char *text;

        int r = n > 1 ? asprintf(&text, "%s,+%zu", client_plane_string(plane, "Cidr"), n - 1)
                      : asprintf(&text, "%s", client_plane_string(plane, "Cidr"));
        return r < 0 ? NULL : text;
}

static int table_add_plane(const Ctl *ctl, struct libscols_table *table, const json_t *plane) {
        const char *health = ctl_health_word(plane);
        struct libscols_line *line = scols_table_new_line(table, NULL);
        int r = line ? 0 : -ENOMEM;

        for (size_t i = 0; i < COLUMN_MAX && r == 0; i++) {
                char number[CTL_NUMBER_MAX];
                _cleanup_free_ char *addresses = NULL;
                const char *text = client_plane_string(plane, list_columns[i].key);

                if (i == COLUMN_HEALTH)
                        text = health;
                else if (i == COLUMN_DEFAULT)
                        text = client_plane_flag(plane, list_columns[i].key) ? "yes" : "";
                else if (i == COLUMN_ADDRESS)
                        text = addresses = addresses_text(plane);
                else if (list_columns[i].flags == SCOLS_FL_RIGHT)
                        text = rate_text(ctl, client_plane_number(plane, list_columns[i].key), number);
                r = text ? scols_line_set_data(line, i, text[0] ? text : "-") : -ENOMEM;
        }
        if (r == 0 && ctl->colours)
                r = scols_cell_set_color(scols_line_get_cell(line, COLUMN_HEALTH),
                                         ctl_colour(ctl, ctl_health_colour(health)));
        return r;
}

// "Edited and not reloaded: blue, green": planes, or a file whose plane is not there yet.
static void edited_print(const json_t *planes) {
        const char *separator = ": ";
        size_t i;
        json_t *plane;

        (void)printf("Edited and not reloaded");
        json_array_foreach(planes, i, plane) {
                if (!client_plane_flag(plane, "NeedReload"))
                        continue;
                (void)printf("%s%s", separator, client_plane_string(plane, "Name"));
                separator = ", ";
        }
        (void)printf("; see migplanectl plan --files.\n");
}

CtlExit ctl_verb_list(Ctl *ctl, _unused_ int n_arguments, _unused_ char **arguments) {
        _cleanup_json_ json_t *planes = NULL;

        CtlExit code = ctl_planes_read(ctl, &planes);
        if (code != CTL_DONE)
                return code;
        if (ctl->json != CTL_JSON_OFF)
                return planes_print_json(ctl, planes);

        size_t n = json_array_size(planes);
        if (n > 0) {
                ctl_pager_open(ctl);
                int r = ctl_table_print(ctl, list_columns, COLUMN_MAX, planes, table_add_plane);
                if (r < 0) {
                        log_error("Cannot print the table: %s", strerror(-r));
                        return CTL_FAILED;
                }
        }
        if (ctl->legend)
                (void)printf("%s%zu plane%s.\n", n > 0 ? "\n" : "", n, n == 1 ? "" : "s");
        if (ctl->legend && client_need_reload(&ctl->client))
                edited_print(planes);
        off_plane_warn(ctl);
        return CTL_DONE;
}

// --- status

static void status_line(const char *key, const char *format, ...) _printf_(2, 3);

static void status_line(const char *key, const char *format, ...) {
        _cleanup_free_ char *text = NULL;
        va_list arguments;

        va_start(arguments, format);
        if (vasprintf(&text, format, arguments) < 0)
                text = NULL;
        va_end(arguments);
        ctl_line_print(key, text ?: "?");
}

static const char *text_of(const json_t *value) {
        const char *text = json_string_value(value);
        return text ? text : "?";
}

static void status_print_health(const Ctl *ctl, const json_t *plane) {
        const char *health = ctl_health_word(plane);
        const char *title = streq(health, "healthy") ? "Note" : "Because";
        size_t i;
        json_t *reason;

        status_line("Health", "%s%s%s", ctl_colour(ctl, ctl_health_colour(health)), health, ctl_colour(ctl, CTL_PLAIN));
        json_array_foreach(json_object_get(plane, "HealthReasons"), i, reason)
                status_line(i > 0 ? "" : title, "%s (%s)", text_of(json_array_get(reason, 1)),
                            text_of(json_array_get(reason, 0)));
}

static void status_print_ports(const json_t *plane) {
        status_line("Ports", "%" PRIu64 "-%" PRIu64, client_plane_number(plane, "PortMin"),
                    client_plane_number(plane, "PortMax"));
}

static void status_print_addresses(const json_t *plane) {
        size_t i;
        json_t *cidr;

        json_array_foreach(json_object_get(plane, "Addresses"), i, cidr)
                status_line(i == 0 ? "Address" : "", "%s", text_of(cidr));
        status_line("Migrate URI", "%s", client_plane_string(plane, "MigrateUri"));
        status_line("", "%s (older form)", client_plane_string(plane, "MigrateUriLegacy"));
        status_line("Listen", "%s", client_plane_string(plane, "ListenAddress"));
        status_print_ports(plane);
}

static void status_print_bandwidth(const Ctl *ctl, const json_t *plane) {
        static const struct {
                const char *key, *property, *origin;
        } rates[] = {
                { "Egress", "EgressBitsPerSecond", "EgressOrigin" },
                { "Ingress", "IngressBitsPerSecond", "IngressOrigin" },
                { "Per migration", "PerMigrationBitsPerSecond", "PerMigrationOrigin" },
        };
        uint64_t suggested = client_plane_number(plane, "SuggestedMiBps");

        for (size_t i = 0; i < ELEMENTSOF(rates); i++) {
                const char *origin = client_plane_string(plane, rates[i].origin);
                char rate[CTL_NUMBER_MAX];
                status_line(rates[i].key, "%s%s%s%s",
                            rate_text(ctl, client_plane_number(plane, rates[i].property), rate), origin[0] ? " (" : "",
                            origin, origin[0] ? ")" : "");
        }
        if (suggested > 0)
                status_line("Suggested", "%" PRIu64 " MiB/s for the initiator's own limit", suggested);
}

// "16:03:12 in-peer on mig0: TCP from 192.0.2.9 to 192.0.2.1 port 49152, MAC 52:54:00:00:66:66 (3 times)"
static void status_print_offender(const json_t *drop, bool first) {
        enum { TIME, TIMES, REASON, INTERFACE, MAC, SOURCE, DESTINATION, PROTOCOL, PORT, MEMBERS };
        const char *texts[MEMBERS];
        char line[512], when[16] = "?";
        size_t n;

        for (size_t i = 0; i < MEMBERS; i++)
                texts[i] = json_string_value(json_array_get(drop, i)) ?: "";
        time_t seconds = (time_t)(json_integer_value(json_array_get(drop, TIME)) / 1000000);
        json_int_t times = json_integer_value(json_array_get(drop, TIMES)),
                   port = json_integer_value(json_array_get(drop, PORT));
        (void)strftime(when, sizeof(when), "%T", localtime(&seconds));
        n = (size_t)snprintf(line, sizeof(line), "%s %s on %s: %s", when, texts[REASON], texts[INTERFACE],
                             texts[PROTOCOL]);
        if (n < sizeof(line) && texts[SOURCE][0])
                n += (size_t)snprintf(line + n, sizeof(line) - n, " from %s to %s", texts[SOURCE], texts[DESTINATION]);
        if (n < sizeof(line) && port > 0)
                n += (size_t)snprintf(line + n, sizeof(line) - n, " port %" JSON_INTEGER_FORMAT, port);
        if (n < sizeof(line) && texts[MAC][0])
                n += (size_t)snprintf(line + n, sizeof(line) - n, ", MAC %s", texts[MAC]);
        if (n < sizeof(line) && times > 1)
                (void)snprintf(line + n, sizeof(line) - n, " (%" JSON_INTEGER_FORMAT " times)", times);
        status_line(first ? "Last dropped" : "", "%s", line);
}

// A counter that the daemon could not read is missing, and has no line.
static void status_print_counters(const json_t *plane) {
        char bytes[CTL_NUMBER_MAX];
        json_t *dropped = json_object_get(plane, "PacketsDropped"), *packets, *drop;
        const char *reason;
        bool first = true;
        size_t i;

        status_line("Migrations", "%" PRIu64, client_plane_number(plane, "ActiveMigrations"));
        if (json_object_get(plane, "BytesSent"))
                status_line("Sent", "%s", ctl_format_bytes(client_plane_number(plane, "BytesSent"), bytes));
        if (json_object_get(plane, "BytesReceived"))
                status_line("Received", "%s", ctl_format_bytes(client_plane_number(plane, "BytesReceived"), bytes));
        json_object_foreach(dropped, reason, packets) {
                if (json_integer_value(packets) == 0)
                        continue;
                status_line(first ? "Dropped" : "", "%" JSON_INTEGER_FORMAT " %s", json_integer_value(packets), reason);
                first = false;
        }
        if (dropped && first)
                status_line("Dropped", "nothing");
        json_array_foreach(json_object_get(plane, "RecentDrops"), i, drop)
                status_print_offender(drop, i == 0);
        if (json_object_get(plane, "Repairs"))
                status_line("Repairs", "%" PRIu64, client_plane_number(plane, "Repairs"));
}

static void status_print_device(const Ctl *ctl, const json_t *plane) {
        status_line("Interface", "%s (%s, index %" PRIu64 ")", client_plane_string(plane, "Interface"),
                    client_plane_string(plane, "Kind"), client_plane_number(plane, "InterfaceIndex"));
        status_line("MTU", "%" PRIu64 " bytes", client_plane_number(plane, "MTU"));
        status_print_addresses(plane);
        status_print_bandwidth(ctl, plane);
        status_print_counters(plane);
}

static void status_print_rest(const Ctl *ctl, const json_t *plane) {
        // A plane without a configuration has no interface, and its ports are closed.
        if (client_plane_string(plane, "Interface")[0])
                status_print_device(ctl, plane);
        else
                status_print_ports(plane);
        status_line("Required", "%s", client_plane_flag(plane, "Required") ? "yes" : "no");
        status_line("Default", "%s", client_plane_flag(plane, "Default") ? "yes" : "no");
        status_line("Fallback", "%s", client_plane_string(plane, "Fallback"));
}

static void status_print(const Ctl *ctl, const json_t *plane, bool is_short) {
        const char *health = ctl_health_word(plane), *description = client_plane_string(plane, "Description");
        bool edited = client_plane_flag(plane, "NeedReload");

        (void)printf("%s%s%s %s%s%s\n", ctl_colour(ctl, ctl_health_colour(health)), ctl_health_dot(health),
                     ctl_colour(ctl, CTL_PLAIN), client_plane_string(plane, "Name"), description[0] ? " - " : "",
                     description);
        status_print_health(ctl, plane);
        if (!is_short || edited)
                status_line("File", "%s%s", client_plane_string(plane, "FragmentPath"),
                            edited ? ", edited and not reloaded (migplanectl reload)" : "");
        if (!is_short)
                status_print_rest(ctl, plane);
}

static CtlExit status_print_all(Ctl *ctl, const json_t *planes, bool is_short) {
        size_t i;
        json_t *plane;

        if (json_array_size(planes) == 0)
                (void)printf("No planes.\n");
        else
                ctl_pager_open(ctl);
        json_array_foreach(planes, i, plane) {
                if (i > 0)
                        (void)putchar('\n');
                status_print(ctl, plane, is_short);
        }
        if (is_short && ctl->legend)
                (void)printf("\nmigplanectl status PLANE shows the rest.\n");
        return CTL_DONE;
}

CtlExit ctl_verb_status(Ctl *ctl, int n_arguments, char **arguments) {
        _cleanup_json_ json_t *planes = NULL, *chosen = json_array();
        bool is_usable = true;
        size_t i;
        json_t *plane;

        CtlExit code = ctl_planes_read(ctl, &planes);
        if (code == CTL_DONE)
                code = ctl_planes_choose(planes, n_arguments, arguments, chosen);
        if (code != CTL_DONE)
                return code;
        json_array_foreach(chosen, i, plane) {
                client_plane_read_counters(&ctl->client, plane);
                is_usable &= client_plane_is_usable(plane);
        }
        code = ctl->json != CTL_JSON_OFF
                       ? planes_print_json(ctl, chosen)
                       : status_print_all(ctl, chosen, n_arguments == 0 && json_array_size(chosen) > 1);
        off_plane_warn(ctl);
        return code == CTL_DONE && !is_usable ? CTL_UNUSABLE : code;
}

// --- plan

static json_t *operations_split(const char *text) {
        json_t *operations = json_array();

        while (*text) {
                size_t n = strcspn(text, "\n");
                (void)json_array_append_new(operations, json_stringn(text, n));
                text += n + (text[n] ? 1 : 0);
        }
        return operations;
}

static CtlExit operations_print(Ctl *ctl, const char *text, const json_t *messages) {
        if (ctl->json != CTL_JSON_OFF) {
                _cleanup_json_ json_t *plan =
                        json_pack("{so sO}", "Operations", operations_split(text), "Messages", messages);
                return ctl_json_print(ctl, plan);
        }
        ctl_messages_log(messages);
        if (!text[0]) {
                log_info("Nothing to do.");
                return CTL_DONE;
        }
        ctl_pager_open(ctl);
        (void)fputs(text, stdout);
        if (text[strlen(text) - 1] != '\n')
                (void)putchar('\n');
        return CTL_DONE;
}

// plan shows what is in force: say so where the files are ahead of it.
static void plan_warn_edited(Ctl *ctl) {
        if (ctl->json == CTL_JSON_OFF && client_need_reload(&ctl->client))
                log_info("Files were edited since they were read: migplanectl plan --files shows what a reload does.");
}

CtlExit ctl_verb_plan(Ctl *ctl, int n_arguments, char **arguments) {
        const ClientCall call = {
                .path = BUS_PATH,
                .interface = BUS_INTERFACE_MANAGER,
                .member = ctl->files ? "PlanFiles" : "Plan",
        };
        _cleanup_message_ sd_bus_message *reply = NULL;
        _cleanup_json_ json_t *messages = json_array();
        const char *text;

        CtlExit code = ctl_call(ctl, &call, &reply, "s", n_arguments > 0 ? arguments[0] : "");
        if (code != CTL_DONE)
                return code;
        int r = sd_bus_message_read(reply, "s", &text);
        if (r >= 0 && ctl->files)
                r = ctl_messages_read(reply, 0, NULL, messages);
        if (r < 0)
                return ctl_failure_errno(call.member, r);
        code = operations_print(ctl, text, messages);
        if (!ctl->files)
                plan_warn_edited(ctl);
        return code;
}
