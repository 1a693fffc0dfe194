// migplanectl: calls to the daemon, and what their failures mean to a person.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "base/error.h"
#include "base/log.h"
#include "base/util.h"
#include "client/client.h"
#include "ctl/ctl.h"

#define START_THE_DAEMON "is it running? systemctl status migplaned"

static const struct {
        CtlExit exit;
        const char *advice; // NULL: the text is enough
} failures[CLIENT_RESULT_MAX] = {
        [CLIENT_DONE] = { CTL_DONE, NULL },
        [CLIENT_FAILED] = { CTL_FAILED, NULL },
        [CLIENT_NO_PLANE] = { CTL_NOT_FOUND, "migplanectl list shows the planes" },
        [CLIENT_NO_DAEMON] = { CTL_NO_DAEMON, START_THE_DAEMON },
        [CLIENT_NO_BUS] = { CTL_NO_DAEMON, "is the system bus running?" },
        [CLIENT_NO_HOST] = { CTL_FAILED, "does ssh to it work?" },
        [CLIENT_DISCONNECTED] = { CTL_NO_DAEMON, "with --host: does ssh to it work?" },
        [CLIENT_TIMED_OUT] = { CTL_TIMED_OUT, "the journal may say more: journalctl -u migplaned" },
        [CLIENT_DENIED] = { CTL_FAILED, "run it as root, or let polkit allow the actions org.migplane1.*" },
        [CLIENT_NEEDS_PASSWORD] = { CTL_FAILED, "run it as root, or without --no-ask-password on a terminal" },
        [CLIENT_BAD_CONFIGURATION] = { CTL_FAILED, "migplanectl check shows files and lines" },
        [CLIENT_NOT_APPLIED] = { CTL_FAILED, "migplanectl status shows what is in force" },
};

CtlExit ctl_failure(ClientResult result, const Error *error) {
        const char *advice = failures[result].advice;

        if (advice)
                log_error("%s (%s)", error->text, advice);
        else
                log_error("%s", error->text);
        return failures[result].exit;
}

CtlExit ctl_failure_errno(const char *what, int r) {
        log_error("%s: %s", what, strerror(-r));
        return CTL_FAILED;
}

CtlExit ctl_call(Ctl *ctl, const ClientCall *call, sd_bus_message **ret_reply, const char *types, ...) {
        va_list arguments;
        Error error;

        va_start(arguments, types);
        ClientResult result = client_callv(&ctl->client, call, ret_reply, &error, types, arguments);
        va_end(arguments);
        return result == CLIENT_DONE ? CTL_DONE : ctl_failure(result, &error);
}

CtlExit ctl_planes_read(Ctl *ctl, json_t **ret_planes) {
        Error error;

        ClientResult result = client_planes_read(&ctl->client, ret_planes, &error);
        return result == CLIENT_DONE ? CTL_DONE : ctl_failure(result, &error);
}
