// The files for networkd and NetworkManager: written, and removed again.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "handover/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/file.h"
#include "base/util.h"
#include "config/plane-config.h"

enum { FILE_SIZE_MAX = 65536 }; // bytes

typedef struct Syncing {
        const HandoverFiles *wanted;
        unsigned changed;
        int result;
        Error *error;
} Syncing;

// Makes the folders of a path below /run; if that fails, writing the file reports it.
static void folders_make(const char *path) {
        char folder[512];

        strcpy_fixed(folder, path);
        for (char *slash = strchr(folder + strlen("/run/"), '/'); slash; slash = strchr(slash + 1, '/')) {
                *slash = '\0';
                (void)mkdir(folder, 0755);
                *slash = '/';
        }
}

static void file_write(Syncing *syncing, const HandoverFile *file) {
        _cleanup_free_ char *present = NULL;

        if (file_read(file->path, FILE_SIZE_MAX, &present, NULL) >= 0 && streq(present, file->text))
                return;
        folders_make(file->path);
        int r = file_write_atomic(file->path, file->text, 0644, syncing->error);
        if (r < 0)
                syncing->result = r;
        else
                syncing->changed |= HANDOVER_READER(file->reader);
}

static bool is_wanted(const HandoverFiles *wanted, const char *path) {
        for (size_t i = 0; i < wanted->n_files; i++)
                if (streq(wanted->files[i].path, path))
                        return true;
        return false;
}

static bool ends_in(const char *text, const char *end) {
        return strlen(text) >= strlen(end) && streq(text + strlen(text) - strlen(end), end);
}

// Removes files with our prefix that are not wanted, half-written ones included; in drop-in folders as well.
static void folder_clean(Syncing *syncing, ManagedBy reader, const char *folder, const char *prefix) {
        DIR *directory = opendir(folder);

        for (const struct dirent *entry; directory && (entry = readdir(directory));) {
                char path[sizeof(entry->d_name) + 256];
                (void)snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
                if (strncmp(entry->d_name, prefix, strlen(prefix)) == 0 && !ends_in(path, ".d")) {
                        if (!is_wanted(syncing->wanted, path) && unlink(path) >= 0)
                                syncing->changed |= HANDOVER_READER(reader);
                } else if (ends_in(entry->d_name, ".network.d")) {
                        folder_clean(syncing, reader, path, prefix);
                        (void)rmdir(path); // only if it is empty
                }
        }
        if (directory)
                (void)closedir(directory);
}

int handover_sync(const HandoverFiles *wanted, unsigned *ret_changed, Error *ret_error) {
        Syncing syncing = { .wanted = wanted, .error = ret_error };

        for (size_t i = 0; i < wanted->n_files; i++)
                file_write(&syncing, &wanted->files[i]);
        folder_clean(&syncing, MANAGED_BY_NETWORKD, NETWORKD_DIRECTORY, NETWORKD_PREFIX);
        folder_clean(&syncing, MANAGED_BY_NETWORKMANAGER, NM_DIRECTORY, NM_PREFIX);
        *ret_changed = syncing.changed;
        return syncing.result;
}

void handover_recall_parent(const char *interface, char *ret, size_t size) {
        DIR *directory = opendir(NETWORKD_DIRECTORY);

        ret[0] = '\0';
        for (const struct dirent *entry; directory && (entry = readdir(directory));) {
                char path[sizeof(entry->d_name) + 256];
                (void)snprintf(path, sizeof(path), NETWORKD_DIRECTORY "/%s/" NETWORKD_PREFIX "%s.conf", entry->d_name,
                               interface);
                if (ends_in(entry->d_name, ".network.d") && access(path, F_OK) >= 0)
                        (void)snprintf(ret, size, "%.*s", (int)(strlen(entry->d_name) - strlen(".d")), entry->d_name);
        }
        if (directory)
                (void)closedir(directory);
}

bool handover_reader_seen(ManagedBy reader) {
        return access(reader == MANAGED_BY_NETWORKD ? "/run/systemd/netif/state" : "/run/NetworkManager/devices",
                      F_OK) >= 0;
}
