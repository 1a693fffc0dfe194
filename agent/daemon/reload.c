// The files, read into the planes.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "daemon/reload.h"

#include "base/error.h"
#include "base/log.h"
#include "base/text-file.h"
#include "base/text-file.h"
#include "base/util.h"
#include "config/check-together.h"
#include "config/config.h"
#include "config/copy.h"
#include "config/drop-in.h"
#include "config/equal.h"
#include "config/plane-config.h"
#include "engine/migrations.h"
#include "kernel/tcp.h"
#include "planes/down-mark.h"
#include "planes/edited.h"
#include "planes/last-good.h"
#include "planes/pending-edit.h"
#include "planes/plane-set.h"
#include "planes/plane.h"

// --- messages ---

void messages_deinit(Messages *messages) {
        for (size_t i = 0; i < messages->n_texts; i++)
                free(messages->texts[i]);
        free(messages->texts);
        *messages = (Messages){};
}

static int message_add(Messages *messages, const ConfigMessage *message) {
        _cleanup_free_ char *text = NULL;
        size_t size;
        FILE *file = text_file_open(&text, &size);

        if (!file)
                return -ENOMEM;
        config_message_print(message, file);
        if (fclose(file) != 0 || array_reserve(&messages->texts, &messages->n_allocated, messages->n_texts + 1) < 0)
                return -ENOMEM;
        text[strcspn(text, "\n")] = '\0';
        log_line(message->severity == CONFIG_ERROR ? LOG_ERR : LOG_WARNING, "%s", text);
        messages->texts[messages->n_texts++] = TAKE(text);
        messages->n_errors += message->severity == CONFIG_ERROR;
        return 0;
}

static int messages_store(Messages *messages, const Config *config) {
        messages_deinit(messages);
        for (size_t i = 0; i < config->n_messages; i++)
                if (message_add(messages, &config->messages[i]) < 0)
                        return -ENOMEM;
        messages->has_read = true;
        return 0;
}

// --- what stays as it is ---

// The running migrations, read when they are first asked for.
typedef struct Running {
        bool has_read;
        TcpSockets connections;
} Running;

static const TcpSockets *running_get(Running *running) {
        Error error = {};

        // Not to know them is no reason to refuse the reload.
        if (!running->has_read && tcp_read_established(&running->connections, &error) < 0)
                log_warning("running migrations may be interrupted: %s", error.text);
        running->has_read = true;
        return &running->connections;
}

// Which plane is the default is a matter of all files together, and takes effect at once.
static int default_take(PlaneSet *planes, Plane *plane, const PlaneConfig *wanted) {
        if (!wanted || plane->config->is_default == wanted->is_default)
                return 0;
        PlaneConfig *changed = plane_config_copy(plane->config);
        if (!changed)
                return -ENOMEM;
        changed->is_default = wanted->is_default;
        planes_replace_config(planes, plane, changed);
        return 0;
}

// Takes a plane's edit out of the configuration if it would interrupt a migration: the plane keeps what it has, as one
// with a broken file does.
static int edit_hold(PlaneSet *planes, Plane *plane, Config *config, Running *running) {
        const char *name = plane->config->name;
        const PlaneConfig *wanted = config_find(config, name);
        PlaneConfig *taken = NULL;

        pending_edit_end(&plane->pending);
        if (plane->taken_down || config_is_broken(config, name) ||
            (wanted && plane_config_equal(plane->config, wanted)))
                return 0;
        const TcpSockets *connections = running_get(running);
        const char *key = pending_edit_find(connections, plane->config, wanted);
        if (!key)
                return 0;
        if (config_keep(config, plane->config, &taken) < 0)
                return -ENOMEM;
        pending_edit_begin(&plane->pending, plane->config, taken, key, migrations_count(connections, plane->config));
        return default_take(planes, plane, taken);
}

static int edits_hold(PlaneSet *planes, Config *config) {
        Running running = {};
        int r = 0;

        for (size_t i = 0; i < planes->n_planes && r >= 0; i++)
                r = edit_hold(planes, planes->planes[i], config, &running);
        tcp_sockets_deinit(&running.connections);
        return r;
}

// A plane that keeps what it had keeps its interface and networks from the others.
static int kept_check(const PlaneSet *planes, Config *config) {
        _cleanup_free_ const PlaneConfig **in_force = calloc(planes->n_planes + 1, sizeof(*in_force));
        if (!in_force)
                return -ENOMEM;

        for (size_t i = 0; i < planes->n_planes; i++)
                in_force[i] = planes->planes[i]->config;
        return config_check_kept(config, in_force, planes->n_planes);
}

// What is in a directory that cannot be read stays as it is.
static int unknown_keep(const PlaneSet *planes, Config *config) {
        int r = 0;

        for (size_t i = 0; i < planes->n_planes && r >= 0 && config->has_unread_directory; i++) {
                const PlaneConfig *in_force = planes->planes[i]->config;
                if (!config_find(config, in_force->name))
                        r = config_add_broken(config, in_force->name, in_force->path, in_force);
        }
        return r;
}

// --- what changes ---

static const char *const down_marks[] = { DOWN_MARK_DIRECTORIES, NULL };

static void missing_remove(PlaneSet *planes, const Config *config) {
        for (size_t i = planes->n_planes; i-- > 0;) {
                Plane *plane = planes->planes[i];
                if (config_find(config, plane->config->name) || config_is_broken(config, plane->config->name))
                        continue;
                log_notice("%s: %s", plane->config->name,
                           plane->config->is_unread ? "nothing is in the way any more"
                                                    : "its file is gone; removing the plane");
                planes_remove(planes, plane);
        }
}

static void message_format(const ConfigMessage *message, char *ret, size_t size) {
        _cleanup_free_ char *text = NULL;
        size_t length;
        FILE *file = text_file_open(&text, &length);

        if (file) {
                config_message_print(message, file);
                (void)fclose(file);
        }
        text_copy(ret, size, text ?: "its file is broken");
}

// The first error is the one to mend first. A plane that waits for migrations has none.
static void broken_mark(Plane *plane, const Config *config) {
        const ConfigMessage *message = NULL;

        plane->broken[0] = '\0';
        if (config_is_broken(config, plane->config->name) && !pending_edit_waits(&plane->pending))
                message = config_find_error(config, plane->config->name);
        if (message)
                message_format(message, plane->broken, sizeof(plane->broken));
        plane->broken[strcspn(plane->broken, "\n")] = '\0';
}

// Consumes config.
static int plane_take(PlaneSet *planes, PlaneConfig *config) {
        Plane *plane = config ? planes_find(planes, config->name) : NULL;

        if (!config)
                return -ENOMEM;
        if (!plane)
                return planes_add(planes, config);
        planes_replace_config(planes, plane, config);
        return 0;
}

// A broken plane keeps what it has. If that is nothing, it is in the lists all the same.
static int broken_take(PlaneSet *planes, const Config *config) {
        int r = 0;

        for (size_t i = 0; i < config->n_broken && r >= 0; i++) {
                const Plane *plane = planes_find(planes, config->broken[i]->name);
                if (!plane || plane->config->is_unread)
                        r = plane_take(planes, plane_config_copy(config->broken[i]));
        }
        return r;
}

// A device that another manager makes would be up without isolation.
static void down_read(Plane *plane) {
        const char *name = plane->config->name;
        bool before = plane->taken_down;

        plane->is_released = down_mark_exists(down_marks, DOWN_MARK_RELEASED, name);
        plane->taken_down = plane->is_released || (plane->config->managed_by == MANAGED_BY_MIGPLANE &&
                                                   down_mark_exists(down_marks, DOWN_MARK_DOWN, name));
        if (plane->taken_down && !before)
                log_notice("%s: stays %s; migplanectl up %s sets it up", name, plane->is_released ? "released" : "down",
                           name);
}

// A cap that was set for an earlier plane of that name.
static int inherited_warn(Messages *messages, const PlaneConfig *added) {
        static const char *const keys[] = { "Egress", "Ingress" };
        int r = 0;

        for (size_t i = 0; i < ELEMENTSOF(keys) && r >= 0; i++) {
                const ConfigLocation at = config_location(added, "Bandwidth", keys[i], 0);
                _cleanup_free_ char *text = NULL;

                if (!drop_in_is_bandwidth(at.path))
                        continue;
                if (asprintf(&text,
                             "%s= was set for an earlier plane of that name; for the cap of the file: migplanectl "
                             "set-bandwidth %s --reset",
                             keys[i], added->name) < 0)
                        return -ENOMEM;
                r = message_add(messages, &(ConfigMessage){ .severity = CONFIG_WARNING,
                                                            .plane = added->name,
                                                            .path = (char *)(uintptr_t)at.path,
                                                            .line = at.line,
                                                            .text = text });
        }
        return r;
}

// Takes the planes out of the configuration.
static int config_take(PlaneSet *planes, Config *config, Messages *messages, bool is_first) {
        missing_remove(planes, config);
        int r = broken_take(planes, config);
        for (size_t i = 0; i < config->n_planes && r >= 0; i++) {
                PlaneConfig *taken = TAKE(config->planes[i]);
                bool is_new = !planes_find(planes, taken->name);
                r = plane_take(planes, taken);
                if (r >= 0 && is_new && !is_first)
                        r = inherited_warn(messages, taken);
        }
        for (size_t i = 0; i < planes->n_planes && r >= 0; i++) {
                broken_mark(planes->planes[i], config);
                down_read(planes->planes[i]);
        }
        edited_note(planes, config);
        return r;
}

int reload_planes(PlaneSet *planes, Messages *messages, Error *ret_error) {
        _cleanup_config_ Config *config = NULL;
        bool is_first = !messages->has_read;

        int r = edited_read_files(&config, ret_error);
        if (r < 0)
                return r;
        r = unknown_keep(planes, config);
        r = r < 0 ? r : edits_hold(planes, config);
        // Only with all directories it is known which planes are gone.
        if (!config->has_unread_directory) {
                last_good_prune(LAST_GOOD_DIRECTORY, config);
                down_mark_prune(down_marks, config);
        }
        if (r < 0 || kept_check(planes, config) < 0 || messages_store(messages, config) < 0 ||
            config_take(planes, config, messages, is_first) < 0)
                return error_set(ret_error, -ENOMEM, "out of memory");
        for (size_t i = 0; i < planes->n_planes; i++)
                last_good_save(LAST_GOOD_DIRECTORY, planes->planes[i]->config);
        return 0;
}

static int saved_take(PlaneConfig *saved, void *userdata) {
        return planes_add(userdata, saved);
}

int reload_restore(PlaneSet *planes) {
        return last_good_restore(LAST_GOOD_DIRECTORY, saved_take, planes);
}

bool reload_is_due(const PlaneSet *planes) {
        _cleanup_tcp_sockets_ TcpSockets connections = {};
        bool has_read = false;

        for (size_t i = 0; i < planes->n_planes; i++) {
                const Plane *plane = planes->planes[i];
                if (!pending_edit_waits(&plane->pending))
                        continue;
                if (!has_read && tcp_read_established(&connections, NULL) < 0)
                        return false;
                has_read = true;
                if (!pending_edit_find(&connections, plane->config, plane->pending.wanted))
                        return true;
        }
        return false;
}
