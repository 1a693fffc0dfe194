// migplanectl check: the configuration, without the daemon.
// SPDX-License-Identifier: GPL-2.0-or-later

#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/log.h"
#include "base/names.h"
#include "base/text-file.h"
#include "base/util.h"
#include "config/advise.h"
#include "config/config.h"
#include "config/load.h"
#include "ctl/check-host.h"
#include "ctl/ctl.h"

// --- what the daemon can read ---

// Becomes the daemon's user for opening files, as the kernel's checks have it.
static int user_enter(const struct passwd *user) {
        if (initgroups(user->pw_name, user->pw_gid) < 0 || setegid(user->pw_gid) < 0 || seteuid(user->pw_uid) < 0)
                return -errno;
        return 0;
}

static int user_leave(void) {
        if (seteuid(0) < 0 || setegid(0) < 0 || setgroups(0, NULL) < 0)
                return -errno;
        return 0;
}

static bool has_message(const Config *config, const ConfigMessage *wanted) {
        for (size_t i = 0; i < config->n_messages; i++)
                if (streq(config->messages[i].path, wanted->path) && streq(config->messages[i].text, wanted->text))
                        return true;
        return false;
}

// An error that only the daemon has.
static bool is_hidden(const Config *config, const ConfigMessage *message) {
        return message->severity == CONFIG_ERROR && !has_message(config, message);
}

static bool is_read(const Config *config, const Config *seen, const char *plane) {
        for (size_t i = 0; i < seen->n_messages; i++)
                if (streq(seen->messages[i].plane, plane) && is_hidden(config, &seen->messages[i]))
                        return false;
        return config_find(seen, plane) || config_is_broken(seen, plane);
}

static void names_print(const Config *config, const Config *seen, bool read) {
        size_t n = 0;

        for (size_t i = 0; i < config->n_planes + config->n_broken; i++) {
                const char *name =
                        i < config->n_planes ? config->planes[i]->name : config->broken[i - config->n_planes]->name;
                if (is_read(config, seen, name) != read)
                        continue;
                (void)printf("%s %s",
                             n > 0  ? ","
                             : read ? "the daemon's user " DAEMON_USER " can read:"
                                    : "the daemon's user " DAEMON_USER " cannot read:",
                             name);
                n++;
        }
        if (n > 0)
                (void)putchar('\n');
}

// The daemon is not root, so root's reading does not show what the daemon reads.
static int daemon_load(const char *const *directories, Config **ret, Error *ret_error) {
        const struct passwd *user = geteuid() == 0 ? getpwnam(DAEMON_USER) : NULL;

        if (!user)
                return 0;
        int r = user_enter(user);
        r = r < 0 ? r : config_load(directories, config_kernel_has_ipv6(), ret, ret_error);
        int left = user_leave();
        return left < 0 ? left : r;
}

static CtlExit check_print(const Config *config, const Config *seen, const char *const *directories) {
        size_t n_errors = 0, n_warnings = 0;

        for (size_t i = 0; i < config->n_messages; i++) {
                config_message_print(&config->messages[i], stdout);
                n_errors += config->messages[i].severity == CONFIG_ERROR;
                n_warnings += config->messages[i].severity == CONFIG_WARNING;
        }
        for (size_t i = 0; seen && i < seen->n_messages; i++)
                if (is_hidden(config, &seen->messages[i])) {
                        config_message_print(&seen->messages[i], stdout);
                        n_errors++;
                }
        for (unsigned read = 0; read < 2 && seen; read++)
                names_print(config, seen, read);
        size_t n_planes = config->n_planes + config->n_broken;
        (void)printf("%zu plane%s", n_planes, n_planes == 1 ? "" : "s");
        for (size_t i = 0; directories && directories[i]; i++)
                (void)printf("%s%s", i == 0 ? " in " : directories[i + 1] ? ", " : " and ", directories[i]);
        (void)printf(", %zu error%s, %zu warning%s\n", n_errors, n_errors == 1 ? "" : "s", n_warnings,
                     n_warnings == 1 ? "" : "s");
        return n_errors > 0 || config->n_broken > 0 ? CTL_FAILED : CTL_DONE;
}

static int message_collect(const ConfigMessage *message, json_t *messages) {
        _cleanup_free_ char *text = NULL;
        size_t size;
        FILE *file = text_file_open(&text, &size);

        if (!file)
                return -ENOMEM;
        config_message_print(message, file);
        if (fclose(file) != 0)
                return -ENOMEM;
        text[strcspn(text, "\n")] = '\0';
        json_t *object = ctl_message_parse(text);
        // The name of the plane is known here, and the path need not tell it.
        if (!object || json_object_set_new(object, "Plane", json_string(message->plane)) < 0 ||
            json_object_set_new(object, "Message", json_string(text)) < 0)
                return -ENOMEM;
        return json_array_append_new(messages, object) < 0 ? -ENOMEM : 0;
}

static CtlExit check_print_json(const Ctl *ctl, const Config *config, const Config *seen) {
        _cleanup_json_ json_t *messages = json_array();
        int r = messages ? 0 : -ENOMEM;

        for (size_t i = 0; i < config->n_messages && r >= 0; i++)
                r = message_collect(&config->messages[i], messages);
        for (size_t i = 0; seen && i < seen->n_messages && r >= 0; i++)
                if (is_hidden(config, &seen->messages[i]))
                        r = message_collect(&seen->messages[i], messages);
        if (r < 0)
                return ctl_failure_errno("Cannot print the messages", r);
        CtlExit code = ctl_json_print(ctl, messages);
        return code == CTL_DONE && (ctl_messages_have_error(messages, NULL) || config->n_broken > 0) ? CTL_FAILED
                                                                                                     : code;
}

static void host_check(Config *config) {
        Error error = {};

        if (check_host(config, &error) < 0)
                log_warning("Cannot check the planes against this host: %s", error.text);
}

static CtlExit check_directories(const Ctl *ctl, const char *const *directories, bool is_of_this_host) {
        _cleanup_config_ Config *config = NULL, *seen = NULL;
        Error error = {};

        if (config_load(directories, config_kernel_has_ipv6(), &config, &error) < 0) {
                log_error("%s", error.text);
                return CTL_FAILED;
        }
        int r = config_advise(config);
        if (r < 0)
                return ctl_failure_errno("Cannot check the configuration", r);
        if (is_of_this_host)
                host_check(config);
        // A directory that is named may be a draft, which need not be readable for the daemon.
        r = is_of_this_host ? daemon_load(directories, &seen, &error) : 0;
        if (r < 0)
                log_warning("Cannot check what the daemon's user " DAEMON_USER " can read: %s", strerror(-r));
        if (ctl->json != CTL_JSON_OFF)
                return check_print_json(ctl, config, seen);
        return check_print(config, seen, directories);
}

// Files that are not in their place yet, wherever they are.
static CtlExit check_files(const Ctl *ctl, const char *const *paths, size_t n_paths) {
        _cleanup_config_ Config *config = NULL;

        int r = config_load_files(paths, n_paths, &config);
        if (r >= 0)
                r = config_advise(config);
        if (r < 0)
                return ctl_failure_errno("Cannot read the files", r);
        return ctl->json != CTL_JSON_OFF ? check_print_json(ctl, config, NULL) : check_print(config, NULL, NULL);
}

CtlExit ctl_verb_check(Ctl *ctl, int n_arguments, char **arguments) {
        static const char *const standard[] = { CONFIG_DIRECTORIES, NULL };
        const char *const given[] = { n_arguments > 0 ? arguments[0] : NULL, NULL };
        struct stat status = {};

        if (n_arguments == 0)
                return check_directories(ctl, standard, true);
        // A standard directory may be missing; a directory or file that is named may not.
        for (int i = 0; i < n_arguments; i++)
                if (stat(arguments[i], &status) < 0 ||
                    (n_arguments > 1 && S_ISDIR(status.st_mode) && (errno = EISDIR))) {
                        log_error("%s: %s; check takes plane files, or one directory of them", arguments[i],
                                  strerror(errno));
                        return CTL_FAILED;
                }
        return S_ISDIR(status.st_mode) ? check_directories(ctl, given, false)
                                       : check_files(ctl, (const char *const *)arguments, (size_t)n_arguments);
}
