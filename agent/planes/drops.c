// Listens to what the rules report of dropped frames and refused connections.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "planes/drops.h"

#include <sys/epoll.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/names.h"
#include "base/util.h"
#include "config/plane-config.h"
#include "firewall/nflog.h"
#include "planes/offenders.h"
#include "planes/plane-set.h"
#include "planes/plane.h"

void drops_init(Drops *drops, sd_event *event, PlaneSet *planes) {
        *drops = (Drops){ .event = event, .planes = planes };
}

static void log_close(Drops *drops) {
        drops->source = sd_event_source_unref(drops->source);
        drops->log = nflog_free(drops->log);
}

void drops_deinit(Drops *drops) {
        log_close(drops);
}

static bool logs_drops(const Plane *plane) {
        return plane->config->log_drops.count > 0 && !plane->taken_down;
}

static bool wants_log(const Plane *plane) {
        return logs_drops(plane) ||
               (plane->config->fallback == FALLBACK_DENY && !plane->taken_down && !plane->config->is_unread);
}

static bool is_about(const Plane *plane, const char *link) {
        const PlaneConfig *config = plane->config;

        return streq(config->interface, link) || (config->kind == PLANE_KIND_VLAN && streq(config->parent, link));
}

// A drop at a parent of several planes is kept with one of them.
static void on_report(const LogReport *report, void *userdata) {
        const Drops *drops = userdata;

        for (size_t i = 0; i < drops->planes->n_planes; i++) {
                Plane *plane = drops->planes->planes[i];
                if (!wants_log(plane) || !is_about(plane, report->link))
                        continue;
                offenders_add(&plane->offenders, plane->config->name, report, clock_real_usec());
                return;
        }
}

static int on_readable(sd_event_source *source _unused_, int fd _unused_, uint32_t revents _unused_, void *userdata) {
        Drops *drops = userdata;

        // An error would switch the source off for good; the next reconcile opens another.
        if (nflog_dispatch(drops->log, on_report, drops) < 0)
                log_close(drops);
        return 0;
}

static int source_add(Drops *drops) {
        int r = sd_event_add_io(drops->event, &drops->source, nflog_fd(drops->log), EPOLLIN, on_readable, drops);
        if (r < 0)
                return r;
        // What guards the planes comes first.
        return sd_event_source_set_priority(drops->source, SD_EVENT_PRIORITY_IDLE);
}

static int log_open(Drops *drops, Error *ret_error) {
        int r = nflog_new(OUR_LOG_GROUP, &drops->log, ret_error);
        if (r < 0)
                return r;
        r = source_add(drops);
        if (r < 0) {
                log_close(drops);
                return error_set(ret_error, r, "cannot watch netfilter's log: %s", strerror(-r));
        }
        return 0;
}

void drops_update(Drops *drops) {
        bool wanted = false;
        Error error = {};

        for (size_t i = 0; i < drops->planes->n_planes; i++)
                wanted |= wants_log(drops->planes->planes[i]);
        if (!wanted)
                log_close(drops);
        else if (!drops->log && !drops_are_refused(drops))
                (void)log_open(drops, &error);
        if (!drops_are_refused(drops))
                strcpy_fixed(drops->fault, error.text);
}

bool drops_reports(const Drops *drops) {
        return drops->log && !drops_are_refused(drops);
}

bool drops_are_refused(const Drops *drops) {
        return drops->n_refusals >= DROPS_REFUSALS_MAX;
}

void drops_refuse(Drops *drops, const char *why) {
        // If it refuses the plain rules as well, reports and resets are not the reason.
        drops->n_refusals = (drops->n_refusals + 1) % (DROPS_REFUSALS_MAX + 1);
        if (drops->n_refusals == DROPS_REFUSALS_MAX)
                strcpy_fixed(drops->fault, why);
}

void drops_accept(Drops *drops) {
        if (!drops_are_refused(drops))
                drops->n_refusals = 0;
}

void drops_retry(Drops *drops) {
        drops->n_refusals = 0;
}

const char *drops_fault(const Drops *drops, const Plane *plane) {
        return logs_drops(plane) ? drops->fault : "";
}
