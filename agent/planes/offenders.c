// The last senders of a plane's dropped frames.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// The sender of the frame chose nearly everything in a report: it becomes numbers and addresses, and only then text.
// The rules' limits bound a flood; senders that differ in their addresses still push each other out of the few kept.

#include "planes/offenders.h"

#include <net/if.h>

#include "base/clock.h"
#include "base/inet.h"
#include "base/log.h"
#include "base/text-file.h"
#include "base/text.h"
#include "base/util.h"
#include "firewall/fallback.h"
#include "firewall/nflog.h"
#include "firewall/packet.h"
#include "planes/journal.h"

// journalctl MESSAGE_ID=...
#define MESSAGE_ID_DROPPED "bc3396f61e75cb695ad15dff90639d83"

// So that the operator of an initiator that does not know the plane sees it.
#define REFUSED_TOLD_USEC UINT64_C(600000000)

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
static void offender_keep(Offenders *offenders, Offender *offender) {
        size_t i = 0;

        if (!offenders->offenders)
                offenders->offenders = calloc(OFFENDERS_MAX, sizeof(Offender));
        if (!offenders->offenders)
                return;
        while (i < offenders->n_offenders && !same_but_port(&offenders->offenders[i], offender))
                i++;
        if (i < offenders->n_offenders)
                offender->times += offenders->offenders[i].times;
        else if (offenders->n_offenders < OFFENDERS_MAX)
                offenders->n_offenders++;
        else
                i--;
        memmove(&offenders->offenders[1], offenders->offenders, i * sizeof(Offender));
        offenders->offenders[0] = *offender;
}

static bool is_refused(const Offender *offender) {
        return streq(offender->report.reason, FALLBACK_IN);
}

const Offender *offenders_refused(const Offenders *offenders, uint64_t now_usec) {
        return offenders->refused_usec > 0 && now_usec < offenders->refused_usec + REFUSED_TOLD_USEC
                       ? &offenders->refused
                       : NULL;
}

void offenders_deinit(Offenders *offenders) {
        free(offenders->offenders);
        *offenders = (Offenders){};
}

// --- the log ---

// "192.0.2.1 port 49152"
static void print_end(FILE *file, const char *address, const Packet *packet, uint16_t port) {
        fprintf(file, "%s", address[0] ? address : "?");
        if (packet->has_ports)
                fprintf(file, " port %u", port);
}

// "blue: dropped in-peer on mig0: TCP from 192.0.2.9 port 40000 to 192.0.2.1 port 49152, MAC 52:54:00:00:66:66"
static void line_format(const char *plane, const Offender *offender, const OffenderTexts *texts, char *ret,
                        size_t size) {
        const Packet *packet = &offender->report.packet;
        _cleanup_free_ char *text = NULL;
        size_t length;
        FILE *file = text_file_open(&text, &length);

        ret[0] = '\0';
        if (!file)
                return;
        fprintf(file, "%s: %s %s on %s: %s", plane, is_refused(offender) ? "refused" : "dropped",
                offender->report.reason, offender->interface, texts->protocol);
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
        if (fclose(file) == 0)
                text_copy(ret, size, text);
}

static void offender_log(const char *plane, const Offender *offender) {
        const LogReport *report = &offender->report;
        char line[JOURNAL_LINE_MAX];
        JournalFields fields = {};
        OffenderTexts texts;

        if (log_get_max_level() < LOG_NOTICE)
                return;
        line_format(plane, offender, offender_format(offender, &texts), line, sizeof(line));
        journal_field_add(&fields, "MIGPLANE_PLANE", plane);
        journal_field_add(&fields, "MIGPLANE_REASON", report->reason);
        journal_field_add(&fields, "MIGPLANE_INTERFACE", offender->interface);
        journal_field_add(&fields, "MIGPLANE_MAC", texts.mac);
        journal_field_add(&fields, "MIGPLANE_PROTOCOL", texts.protocol);
        journal_field_add(&fields, "MIGPLANE_SOURCE", texts.source);
        journal_field_add(&fields, "MIGPLANE_DESTINATION", texts.destination);
        if (report->packet.has_ports) {
                journal_field_add_number(&fields, "MIGPLANE_SOURCE_PORT", report->packet.source_port);
                journal_field_add_number(&fields, "MIGPLANE_DESTINATION_PORT", report->packet.destination_port);
        }
        if (report->has_user)
                journal_field_add_number(&fields, "MIGPLANE_USER", report->user);
        journal_send(&fields, MESSAGE_ID_DROPPED, line);
}

// --- reports ---

// An interface may be gone by now, and may have any bytes for a name.
static void interface_name(const LogReport *report, char ret[static IFNAMSIZ]) {
        if (report->ifindex == 0)
                memcpy(ret, report->link, IFNAMSIZ);
        else if (!if_indextoname((unsigned)report->ifindex, ret))
                (void)snprintf(ret, IFNAMSIZ, "#%d", report->ifindex);
        for (char *c = ret; *c; c++)
                if ((unsigned char)*c < ' ' || (unsigned char)*c > '~')
                        *c = '?';
}

void offenders_add(Offenders *offenders, const char *plane, const LogReport *report, uint64_t now_usec) {
        Offender offender = { .last_usec = now_usec, .times = 1, .report = *report };

        interface_name(report, offender.interface);
        offender_log(plane, &offender);
        offender_keep(offenders, &offender);
        if (is_refused(&offender)) {
                offenders->refused = offender;
                offenders->refused_usec = clock_now_usec();
        }
}
