// NAME.plane files and drop-ins: finds them, and reads them in systemd's order.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "config/load.h"

#include <dirent.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/names.h"
#include "base/parse.h"
#include "base/util.h"
#include "config/check-together.h"
#include "config/check.h"
#include "config/config.h"
#include "config/draft.h"
#include "config/drop-in.h"
#include "config/ini.h"
#include "config/plane-config.h"
#include "config/read.h"

enum {
        FILE_SIZE_MAX = 4 * 1024 * 1024, // bytes
};

#define PLANE_SUFFIX ".plane"
#define DROPIN_SUFFIX ".conf"
#define DROPIN_FOLDER_SUFFIX ".d"

typedef struct FoundFile {
        char *name, *path;
} FoundFile;

typedef struct FileList {
        FoundFile *files;
        size_t n_files, n_allocated;
} FileList;

static void file_list_deinit(FileList *list) {
        for (size_t i = 0; i < list->n_files; i++) {
                free(list->files[i].name);
                free(list->files[i].path);
        }
        free(list->files);
}

static int file_list_add(FileList *list, const char *directory, const char *name) {
        if (array_reserve(&list->files, &list->n_allocated, list->n_files + 1) < 0)
                return -ENOMEM;

        _cleanup_free_ char *copy = strdup(name), *path = NULL;
        if (!copy || asprintf(&path, "%s/%s", directory, name) < 0)
                return -ENOMEM;
        list->files[list->n_files++] = (FoundFile){ TAKE(copy), TAKE(path) };
        return 0;
}

static bool file_list_has(const FileList *list, const char *name) {
        for (size_t i = 0; i < list->n_files; i++)
                if (streq(list->files[i].name, name))
                        return true;
        return false;
}

// Adds the files of a directory, except names that the list has already. A missing directory has no files.
static int file_list_scan(FileList *list, const char *path, const char *suffix, Error *ret_error) {
        _cleanup_closedir_ DIR *directory = opendir(path);
        if (!directory)
                return errno == ENOENT ? 0 : error_set(ret_error, -errno, "cannot read directory %s: %m", path);

        for (;;) {
                errno = 0;
                const struct dirent *entry = readdir(directory);
                if (!entry)
                        return errno ? error_set(ret_error, -errno, "cannot read directory %s: %m", path) : 0;
                if (entry->d_name[0] == '.' || !has_suffix(entry->d_name, suffix) || file_list_has(list, entry->d_name))
                        continue;
                if (file_list_add(list, path, entry->d_name) < 0)
                        return error_set(ret_error, -ENOMEM, "cannot read directory %s: out of memory", path);
        }
}

static int compare_files(const void *a, const void *b) {
        return strcmp(((const FoundFile *)a)->name, ((const FoundFile *)b)->name);
}

static void file_list_sort(FileList *list) {
        if (list->n_files > 0)
                qsort(list->files, list->n_files, sizeof(list->files[0]), compare_files);
}

// The empty line ends a continued line at the end of the file before.
static void draft_read_source(ConfigDraft *draft, const char *path, char *text, size_t size) {
        char *source;

        if (size == 0)
                return;
        // The mark is one at the start of a file only.
        size_t n_bom = size >= strlen(INI_BOM) && memcmp(text, INI_BOM, strlen(INI_BOM)) == 0 ? strlen(INI_BOM) : 0;
        if (asprintf(&source, "%s\n\n# %s\n%.*s", draft->plane->source ?: "", path, (int)(size - n_bom), text + n_bom) <
            0) {
                draft->out_of_memory = true;
                return;
        }
        free(draft->plane->source);
        draft->plane->source = source;
        draft_read_text(draft, path, text, size);
}

// A link to /dev/null, and to no other device. An empty file masks nothing: a full disk leaves those.
static bool is_mask(const struct stat *st) {
        return S_ISCHR(st->st_mode) && st->st_rdev == makedev(1, 3);
}

static void draft_error_unreadable(ConfigDraft *draft, ConfigLocation at, int error) {
        draft_error(draft, at, "cannot be read: %s; %s", strerror(error),
                    error == EACCES ? "let the daemon's user " DAEMON_USER " read it" : "repair or remove it");
}

// text NULL: it cannot be read.
static void draft_add_print(ConfigDraft *draft, const char *path, const char *text, size_t size) {
        if (drop_in_is_bandwidth(path))
                return;
        draft->print = hash_bytes(draft->print, path, strlen(path) + 1);
        draft->print = hash_bytes(draft->print, text ?: "", text ? size : 0);
}

// Reads one file into the draft. Returns false if the file masks those of its name.
static bool draft_read_file(ConfigDraft *draft, const char *path) {
        ConfigLocation at = { .path = path };
        struct stat st;

        if (stat(path, &st) < 0) {
                draft_error_unreadable(draft, at, errno);
                return true;
        }
        if (is_mask(&st))
                return false;
        if (!S_ISREG(st.st_mode)) {
                draft_error(draft, at, "is not a regular file; a plane is described by a text file");
                return true;
        }

        _cleanup_free_ char *text = NULL;
        size_t size;
        int r = file_read(path, FILE_SIZE_MAX, &text, &size);
        draft_add_print(draft, path, text, size);
        if (r == -E2BIG)
                draft_error(draft, at, "is larger than %d bytes; is this a plane file?", FILE_SIZE_MAX);
        else if (r == -ENOMEM)
                draft->out_of_memory = true; // not an error of the file
        else if (r < 0)
                draft_error_unreadable(draft, at, -r);
        else
                draft_read_source(draft, path, text, size);
        return true;
}

static void draft_scan_dropins(ConfigDraft *draft, const char *directory, FileList *list) {
        _cleanup_free_ char *path = NULL;
        Error error;

        if (asprintf(&path, "%s/%s" PLANE_SUFFIX ".d", directory, draft->plane->name) < 0) {
                draft->out_of_memory = true;
                return;
        }
        int r = file_list_scan(list, path, DROPIN_SUFFIX, &error);
        if (r == -ENOMEM)
                draft->out_of_memory = true;
        else if (r < 0)
                draft_error(draft, (ConfigLocation){ .path = path }, "%s", error.text);
}

static void draft_read_dropins(ConfigDraft *draft, const char *const *directories) {
        _cleanup_(file_list_deinit) FileList list = { 0 };

        for (size_t i = 0; directories[i]; i++)
                draft_scan_dropins(draft, directories[i], &list);
        file_list_sort(&list);
        for (size_t i = 0; i < list.n_files; i++)
                (void)draft_read_file(draft, list.files[i].path);
}

// Checks the plane that was read and adds it to the configuration, as a plane or as broken.
static int config_add_draft(Config *config, ConfigDraft *draft) {
        if (draft->n_errors == 0 && !draft->out_of_memory)
                draft_check(draft);
        if (draft->out_of_memory)
                return -ENOMEM;
        if (draft->n_errors > 0)
                return config_add_broken(config, draft->plane->name, draft->plane->path, draft->plane);
        if (array_reserve(&config->planes, &config->n_planes_allocated, config->n_planes + 1) < 0)
                return -ENOMEM;
        config->planes[config->n_planes++] = TAKE(draft->plane);
        return 0;
}

// The plane is in the lists all the same, under a name that terminals and the bus can show.
static int config_add_misnamed(Config *config, const char *name, const char *path) {
        _cleanup_free_ char *printable = config_printable_copy(name);

        if (!printable ||
            config_add_message(config, CONFIG_ERROR, name, (ConfigLocation){ .path = path },
                               "the file's name is not a valid plane name; rename it: at most 64 letters, digits, '-', "
                               "'_' and '.', the first a letter, a digit or '_'") < 0)
                return -ENOMEM;
        return config_add_broken(config, printable, path, NULL);
}

static int config_load_plane(Config *config, const char *const *directories, bool has_ipv6, const FoundFile *file) {
        _cleanup_(draft_deinit) ConfigDraft draft = { 0 };
        _cleanup_free_ char *name = strndup(file->name, strlen(file->name) - strlen(PLANE_SUFFIX));

        if (!name)
                return -ENOMEM;
        if (!plane_name_is_valid(name))
                return config_add_misnamed(config, name, file->path);

        int r = draft_init(&draft, config, name, file->path, has_ipv6);
        if (r < 0 || !draft_read_file(&draft, file->path))
                return r;
        // Drop-ins cannot make it a plane: the file may have been lost to a full disk.
        if (!draft.out_of_memory && draft.n_errors == 0 && !draft.plane->source)
                draft_error(&draft, (ConfigLocation){ .path = file->path },
                            "is empty; write the plane, remove the file, or mask the plane with a link to /dev/null");
        draft_read_dropins(&draft, directories);
        r = config_add_print(config, name, draft.print);
        return r < 0 ? r : config_add_draft(config, &draft);
}

// The directory may hold planes, so that it stands for them.
static int config_add_unread_directory(Config *config, const char *path, const Error *error) {
        Error text;

        (void)error_set(&text, error->code, "%s; its planes are unknown: %s", error->text,
                        error->code == -EACCES ? "let the daemon's user " DAEMON_USER " read and search it"
                                               : "make it a directory");
        config->has_unread_directory = true;
        if (config_add_message(config, CONFIG_ERROR, path, (ConfigLocation){ .path = path }, text.text) < 0)
                return -ENOMEM;
        return config_add_broken(config, path, path, NULL);
}

static int config_scan(Config *config, const char *const *directories, FileList *list) {
        for (size_t i = 0; directories[i]; i++) {
                Error error;
                int r = file_list_scan(list, directories[i], PLANE_SUFFIX, &error);
                if (r < 0)
                        r = r == -ENOMEM ? r : config_add_unread_directory(config, directories[i], &error);
                if (r < 0)
                        return r;
        }
        file_list_sort(list);
        return 0;
}

// A drop-in that is left over from a plane would surprise the next plane of its name.
static int warn_orphans(Config *config, const char *folder, const char *plane) {
        _cleanup_(file_list_deinit) FileList dropins = { 0 };
        int r = 0;

        // A folder that cannot be read matters when there is a plane.
        if (file_list_scan(&dropins, folder, DROPIN_SUFFIX, NULL) == -ENOMEM)
                return -ENOMEM;
        file_list_sort(&dropins);
        for (size_t i = 0; i < dropins.n_files && r >= 0; i++)
                r = config_add_message(config, CONFIG_WARNING, plane, (ConfigLocation){ .path = dropins.files[i].path },
                                       "there is no such plane now, and a later one of that name would get this "
                                       "drop-in; remove it");
        return r;
}

static int config_find_orphans(Config *config, const char *const *directories, const FileList *planes) {
        for (size_t i = 0; directories[i]; i++) {
                _cleanup_(file_list_deinit) FileList folders = { 0 };
                int r = file_list_scan(&folders, directories[i], PLANE_SUFFIX DROPIN_FOLDER_SUFFIX, NULL);

                file_list_sort(&folders);
                for (size_t j = 0; j < folders.n_files && r >= 0; j++) {
                        char *name = folders.files[j].name;
                        name[strlen(name) - strlen(DROPIN_FOLDER_SUFFIX)] = '\0'; // NAME.plane
                        if (!file_list_has(planes, name)) {
                                name[strlen(name) - strlen(PLANE_SUFFIX)] = '\0';
                                r = warn_orphans(config, folders.files[j].path, name);
                        }
                }
                if (r == -ENOMEM)
                        return r;
        }
        return 0;
}

int config_load(const char *const *directories, bool has_ipv6, Config **ret, Error *ret_error) {
        _cleanup_(file_list_deinit) FileList list = { 0 };
        _cleanup_config_ Config *config = calloc(1, sizeof(*config));

        int r = config ? config_scan(config, directories, &list) : -ENOMEM;
        for (size_t i = 0; i < list.n_files && r >= 0; i++)
                r = config_load_plane(config, directories, has_ipv6, &list.files[i]);
        r = r < 0 ? r : config_check_together(config);
        // Only with all directories it is known which planes there are.
        if (r >= 0 && !config->has_unread_directory)
                r = config_find_orphans(config, directories, &list);
        if (r < 0)
                return error_set(ret_error, r, "cannot read the configuration: out of memory");
        *ret = TAKE(config);
        return 0;
}

int config_load_text(const char *name, const char *path, const char *text, size_t size, bool has_ipv6, Config **ret) {
        _cleanup_(draft_deinit) ConfigDraft draft = { 0 };
        _cleanup_config_ Config *config = calloc(1, sizeof(*config));
        _cleanup_free_ char *copy = malloc(size + 1);

        if (!config || !copy)
                return -ENOMEM;
        memcpy(copy, text, size);
        copy[size] = '\0';

        int r = draft_init(&draft, config, name, path, has_ipv6);
        if (r < 0)
                return r;
        draft_read_text(&draft, path, copy, size);
        r = config_add_draft(config, &draft);
        if (r < 0)
                return r;

        r = config_check_together(config);
        if (r < 0)
                return r;
        *ret = TAKE(config);
        return 0;
}

// A file that Ansible has just written has a name such as "source" or "tmp7f2k".
static char *file_plane_name(const char *path) {
        const char *slash = strrchr(path, '/'), *file = slash ? slash + 1 : path;
        size_t size = strlen(file) - (has_suffix(file, PLANE_SUFFIX) ? strlen(PLANE_SUFFIX) : 0);
        char *name = strndup(file, size);

        if (name && !plane_name_is_valid(name) && !has_suffix(file, PLANE_SUFFIX)) {
                free(name);
                name = strdup("plane");
        }
        return name;
}

static int config_load_file(Config *config, const char *path) {
        _cleanup_(draft_deinit) ConfigDraft draft = { 0 };
        _cleanup_free_ char *name = file_plane_name(path);

        if (!name)
                return -ENOMEM;
        if (!plane_name_is_valid(name))
                return config_add_misnamed(config, name, path);
        int r = draft_init(&draft, config, name, path, true);
        draft.is_elsewhere = true;
        if (r < 0 || !draft_read_file(&draft, path))
                return r;
        if (!draft.out_of_memory && draft.n_errors == 0 && !draft.plane->source)
                draft_error(&draft, (ConfigLocation){ .path = path }, "is empty; write the plane");
        return config_add_draft(config, &draft);
}

int config_load_files(const char *const *paths, size_t n_paths, Config **ret) {
        _cleanup_config_ Config *config = calloc(1, sizeof(*config));
        int r = config ? 0 : -ENOMEM;

        for (size_t i = 0; i < n_paths && r >= 0; i++)
                r = config_load_file(config, paths[i]);
        r = r < 0 ? r : config_check_together(config);
        if (r < 0)
                return r;
        *ret = TAKE(config);
        return 0;
}

bool config_kernel_has_ipv6(void) {
        return access("/proc/sys/net/ipv6", F_OK) == 0;
}
