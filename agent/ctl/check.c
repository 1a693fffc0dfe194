// migplanectl check: the configuration, without the daemon.
// SPDX-License-Identifier: GPL-2.0-or-later

#include <sys/stat.h>

#include "base/error.h"
#include "base/log.h"
#include "base/names.h"
#include "base/util.h"
#include "config/config.h"
#include "config/load.h"
#include "ctl/ctl.h"

static CtlExit check_print(const Config *config) {
        size_t n_errors = 0;

        for (size_t i = 0; i < config->n_messages; i++) {
                config_message_print(&config->messages[i], stdout);
                if (config->messages[i].severity == CONFIG_ERROR)
                        n_errors++;
        }
        size_t n_warnings = config->n_messages - n_errors, n_planes = config->n_planes + config->n_broken;
        (void)printf("%zu plane%s, %zu error%s, %zu warning%s\n", n_planes, n_planes == 1 ? "" : "s", n_errors,
                     n_errors == 1 ? "" : "s", n_warnings, n_warnings == 1 ? "" : "s");
        return n_errors > 0 || config->n_broken > 0 ? CTL_FAILED : CTL_DONE;
}

CtlExit ctl_verb_check(_unused_ Ctl *ctl, int n_arguments, char **arguments) {
        static const char *const standard[] = { CONFIG_DIRECTORIES, NULL };
        const char *const given[] = { n_arguments > 0 ? arguments[0] : NULL, NULL };
        _cleanup_config_ Config *config = NULL;
        Error error = {};
        struct stat status;

        // A standard directory may be missing; a directory that is named may not.
        if (given[0] && (stat(given[0], &status) < 0 || (!S_ISDIR(status.st_mode) && (errno = ENOTDIR)))) {
                log_error("%s: %s; check takes a directory of plane files", given[0], strerror(errno));
                return CTL_FAILED;
        }
        if (config_load(given[0] ? given : standard, config_kernel_has_ipv6(), &config, &error) < 0) {
                log_error("%s", error.text);
                return CTL_FAILED;
        }
        return check_print(config);
}
