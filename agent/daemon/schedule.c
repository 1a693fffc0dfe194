// When to look at everything again.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "daemon/schedule.h"

#include "base/clock.h"
#include "base/util.h"

static int on_look_timer(sd_event_source *source _unused_, uint64_t usec _unused_, void *userdata) {
        const Schedule *schedule = userdata;

        schedule->on_look(schedule->userdata);
        return 0;
}

// From now on, not from when it was due: audits that were missed while the daemon was stopped are not made up for.
static int on_audit_timer(sd_event_source *source, uint64_t usec _unused_, void *userdata) {
        const Schedule *schedule = userdata;

        schedule->on_audit(schedule->userdata);
        (void)sd_event_source_set_time(source, clock_now_usec() + schedule->audit_interval_usec);
        return sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

int schedule_init(Schedule *schedule, sd_event *event, uint64_t audit_interval_usec, void (*on_look)(void *userdata),
                  void (*on_audit)(void *userdata), void *userdata) {
        uint64_t now = clock_now_usec();

        *schedule = (Schedule){
                .audit_interval_usec = audit_interval_usec,
                .on_look = on_look,
                .on_audit = on_audit,
                .userdata = userdata,
        };
        int r = sd_event_add_time(event, &schedule->audit_timer, CLOCK_MONOTONIC, now + audit_interval_usec,
                                  audit_interval_usec / 8, on_audit_timer, schedule);
        if (r < 0)
                return r;
        r = sd_event_add_time(event, &schedule->look_timer, CLOCK_MONOTONIC, now, 1, on_look_timer, schedule);
        if (r < 0)
                return r;
        return sd_event_source_set_enabled(schedule->look_timer, SD_EVENT_OFF);
}

void schedule_deinit(Schedule *schedule) {
        schedule->look_timer = sd_event_source_unref(schedule->look_timer);
        schedule->audit_timer = sd_event_source_unref(schedule->audit_timer);
}

void schedule_look(Schedule *schedule, uint64_t delay_usec) {
        uint64_t wanted = clock_now_usec() + delay_usec, armed_for;
        int enabled;

        if (sd_event_source_get_enabled(schedule->look_timer, &enabled) >= 0 && enabled != SD_EVENT_OFF &&
            sd_event_source_get_time(schedule->look_timer, &armed_for) >= 0 && armed_for <= wanted)
                return;
        (void)sd_event_source_set_time(schedule->look_timer, wanted);
        (void)sd_event_source_set_enabled(schedule->look_timer, SD_EVENT_ONESHOT);
}
