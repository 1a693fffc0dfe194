// Who was dropped.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// Everything in a report was chosen by whoever sent the frame, or nearly so: it becomes numbers and addresses, and only then
// text. A flood is bounded by the rules' limits; those who differ in their addresses still push each other out of the few
// that are kept.

#include "planes/drops.h"

#include <net/if.h>
#include <sys/epoll.h>
#include <sys/uio.h>
#include <systemd/sd-journal.h>
#include <time.h>

#include "base/error.h"
#include "base/inet.h"
#include "base/log.h"
#include "base/util.h"
#include "config/plane-config.h"
#include "daemon/manager.h"
#include "firewall/nflog.h"
#include "firewall/packet.h"
#include "planes/plane.h"

// journalctl MESSAGE_ID=...
#define MESSAGE_ID_DROPPED "bc3396f61e75cb695ad15dff90639d83"

enum {
        FIELD_MAX = 96, // bytes, with the field's name
        FIELDS_MAX = 12,
        LINE_SIZE = 384,
};

// --- one offender ---

const OffenderTexts *offender_format(const Offender *offender, OffenderTexts *ret) {
        const Packet *packet = &offender->report.packet;

        *ret = (OffenderTexts){};
        if (packet->has_macs)
                (void)mac_format(&packet->source_mac, ret->mac);
        if (packet->source.family != AF_UNSPEC)
                (void)address_format(&packet->source, ret->source);
        if (packet->destination.family != AF_UNSPEC)
                (void)address_format(&packet->destination, ret->destination);
        (void)packet_format_protocol(packet, ret->protocol);
        return ret;
}

static bool same_but_port(const Offender *a, const Offender *b) {
        OffenderTexts x, y;

        offender_format(a, &x);
        offender_format(b, &y);
        return streq(a->report.reason, b->report.reason) && streq(a->interface, b->interface) && streq(x.mac, y.mac) &&
               streq(x.source, y.source) && streq(x.destination, y.destination) && streq(x.protocol, y.protocol) &&
               a->report.packet.destination_port == b->report.packet.destination_port;
}

// The latest first.
static void offender_keep(Plane *plane, Offender *offender) {
        size_t i = 0;

        if (!plane->offenders)
                plane->offenders = calloc(OFFENDERS_MAX, sizeof(Offender));
        if (!plane->offenders)
                return;
        while (i < plane->n_offenders && !same_but_port(&plane->offenders[i], offender))
                i++;
        if (i < plane->n_offenders)
                offender->times += plane->offenders[i].times;
        else if (plane->n_offenders < OFFENDERS_MAX)
                plane->n_offenders++;
        else
                i--;
        memmove(&plane->offenders[1], plane->offenders, i * sizeof(Offender));
        plane->offenders[0] = *offender;
}

// --- the log ---

// "192.0.2.1 port 49152"
static void print_end(FILE *file, const char *address, const Packet *packet, uint16_t port) {
        fprintf(file, "%s", address[0] ? address : "?");
        if (packet->has_ports)
                fprintf(file, " port %u", port);
}

// "blue: dropped in-peer on mig0: TCP from 192.0.2.9 port 40000 to 192.0.2.1 port 49152, MAC 52:54:00:00:66:66"
static void line_format(const Plane *plane, const Offender *offender, const OffenderTexts *texts, char *ret, size_t size) {
        const Packet *packet = &offender->report.packet;
        _cleanup_fclose_ FILE *file = fmemopen(ret, size, "w");

        ret[0] = '\0';
        if (!file)
                return;
        fprintf(file, "%s: dropped %s on %s: %s", plane->config->name, offender->report.reason, offender->interface,
                texts->protocol);
        if (texts->source[0] || texts->destination[0]) {
                fputs(" from ", file);
                print_end(file, texts->source, packet, packet->source_port);
                fputs(" to ", file);
                print_end(file, texts->destination, packet, packet->destination_port);
        }
        if (texts->mac[0])
                fprintf(file, ", MAC %s", texts->mac);
        if (offender->report.has_user)
                fprintf(file, ", user %u", offender->report.user);
}

typedef struct Fields {
        char texts[FIELDS_MAX][FIELD_MAX];
        struct iovec vectors[FIELDS_MAX + 1];
        int n_fields;
} Fields;

static void field_add(Fields *fields, const char *name, const char *value) {
        char *text = fields->texts[fields->n_fields];

        if (!value[0])
                return;
        int n = snprintf(text, FIELD_MAX, "%s=%s", name, value);
        fields->vectors[fields->n_fields++] =
                (struct iovec){ text, (size_t)(n < FIELD_MAX ? n : FIELD_MAX - 1) };
}

static void field_add_number(Fields *fields, const char *name, unsigned number, bool known) {
        char text[16];

        (void)snprintf(text, sizeof(text), "%u", number);
        field_add(fields, name, known ? text : "");
}

static void journal_send(const Plane *plane, const Offender *offender, const OffenderTexts *texts, const char *line) {
        const DropReport *report = &offender->report;
        char message[sizeof("MESSAGE=") + LINE_SIZE];
        Fields fields = {};

        field_add(&fields, "PRIORITY", STRINGIFY(LOG_NOTICE));
        field_add(&fields, "MESSAGE_ID", MESSAGE_ID_DROPPED);
        field_add(&fields, "MIGPLANE_PLANE", plane->config->name);
        field_add(&fields, "MIGPLANE_REASON", report->reason);
        field_add(&fields, "MIGPLANE_INTERFACE", offender->interface);
        field_add(&fields, "MIGPLANE_MAC", texts->mac);
        field_add(&fields, "MIGPLANE_PROTOCOL", texts->protocol);
        field_add(&fields, "MIGPLANE_SOURCE", texts->source);
        field_add(&fields, "MIGPLANE_DESTINATION", texts->destination);
        field_add_number(&fields, "MIGPLANE_SOURCE_PORT", report->packet.source_port, report->packet.has_ports);
        field_add_number(&fields, "MIGPLANE_DESTINATION_PORT", report->packet.destination_port, report->packet.has_ports);
        field_add_number(&fields, "MIGPLANE_USER", report->user, report->has_user);
        (void)snprintf(message, sizeof(message), "MESSAGE=%s", line);
        fields.vectors[fields.n_fields] = (struct iovec){ message, strlen(message) };
        (void)sd_journal_sendv(fields.vectors, fields.n_fields + 1);
}

static void offender_log(const Plane *plane, const Offender *offender) {
        char line[LINE_SIZE];
        OffenderTexts texts;

        if (log_get_max_level() < LOG_NOTICE)
                return;
        line_format(plane, offender, offender_format(offender, &texts), line, sizeof(line));
        if (log_is_journal())
                journal_send(plane, offender, &texts, line);
        else
                log_notice("%s", line);
}

// --- reports ---

// An interface may be gone by now, and may have any bytes for a name.
static void interface_name(const DropReport *report, char ret[static IFNAMSIZ]) {
        if (report->ifindex == 0)
                memcpy(ret, report->link, IFNAMSIZ);
        else if (!if_indextoname((unsigned)report->ifindex, ret))
                (void)snprintf(ret, IFNAMSIZ, "#%d", report->ifindex);
        for (char *c = ret; *c; c++)
                if ((unsigned char)*c < ' ' || (unsigned char)*c > '~')
                        *c = '?';
}

void evidence_add(Plane *plane, const DropReport *report) {
        Offender offender = { .times = 1, .report = *report };
        struct timespec now;

        (void)clock_gettime(CLOCK_REALTIME, &now);
        offender.last_usec = (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
        interface_name(report, offender.interface);
        offender_log(plane, &offender);
        offender_keep(plane, &offender);
}

static bool wants_log(const Plane *plane) {
        return plane->config->log_drops.count > 0 && !plane->taken_down;
}

// What is dropped at a parent is told to one of its planes.
static void on_report(const DropReport *report, void *userdata) {
        const Manager *manager = userdata;

        for (size_t i = 0; i < manager->n_planes; i++) {
                const PlaneConfig *config = manager->planes[i]->config;
                if (wants_log(manager->planes[i]) &&
                    (streq(config->interface, report->link) ||
                     (config->kind == PLANE_KIND_VLAN && streq(config->parent, report->link)))) {
                        evidence_add(manager->planes[i], report);
                        return;
                }
        }
}

static int on_readable(sd_event_source *source _unused_, int fd _unused_, uint32_t revents _unused_, void *userdata) {
        Evidence *evidence = &((Manager *)userdata)->evidence;

        // An error would switch the source off for good; the next look opens another.
        if (nflog_dispatch(evidence->log, on_report, userdata) < 0)
                evidence_free(userdata);
        return 0;
}

static int evidence_open(Manager *manager, Error *ret_error) {
        Evidence *evidence = &manager->evidence;

        int r = nflog_new(&evidence->log, ret_error);
        if (r < 0)
                return r;
        r = sd_event_add_io(manager->event, &evidence->source, nflog_fd(evidence->log), EPOLLIN, on_readable, manager);
        if (r >= 0) // what guards the planes comes first
                r = sd_event_source_set_priority(evidence->source, SD_EVENT_PRIORITY_IDLE);
        if (r >= 0)
                return 0;
        evidence_free(manager);
        return error_set(ret_error, r, "cannot watch netfilter's log: %s", strerror(-r));
}

void evidence_update(Manager *manager) {
        Evidence *evidence = &manager->evidence;
        bool wanted = false;
        Error error = {};

        for (size_t i = 0; i < manager->n_planes; i++)
                wanted |= wants_log(manager->planes[i]);
        if (!wanted)
                evidence_free(manager);
        else if (!evidence->log && !evidence->refused)
                (void)evidence_open(manager, &error);
        if (!evidence->refused)
                strcpy_fixed(evidence->fault, error.text);
}

void evidence_free(Manager *manager) {
        manager->evidence.source = sd_event_source_unref(manager->evidence.source);
        manager->evidence.log = nflog_free(manager->evidence.log);
}

bool evidence_reports(const Manager *manager) {
        return manager->evidence.log && !manager->evidence.refused;
}

void evidence_refuse(Manager *manager, const char *why) {
        manager->evidence.refused = true;
        strcpy_fixed(manager->evidence.fault, why);
}

void evidence_retry(Manager *manager) {
        manager->evidence.refused = false;
}

const char *evidence_fault(const Plane *plane) {
        return wants_log(plane) ? plane->manager->evidence.fault : "";
}
