// Files read and written whole.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/util.h"

int file_read(const char *path, size_t limit, char **ret_text, size_t *ret_size) {
        _cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        if (fd < 0)
                return -errno;

        _cleanup_free_ char *text = NULL;
        size_t size = 0, allocated = 0;
        for (;;) {
                if (array_reserve(&text, &allocated, size + 4096) < 0)
                        return -ENOMEM;
                ssize_t n = read(fd, text + size, allocated - size - 1);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        break;
                size += (size_t)n;
                if (size > limit)
                        return -E2BIG;
        }

        text[size] = '\0';
        *ret_text = TAKE(text);
        if (ret_size)
                *ret_size = size;
        return 0;
}

static int write_whole(int fd, const char *text) {
        for (size_t left = strlen(text); left > 0;) {
                ssize_t n = write(fd, text, left);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                text += n;
                left -= (size_t)n;
        }
        return fsync(fd) < 0 ? -errno : 0;
}

static int folder_sync(const char *path) {
        _cleanup_free_ char *folder = strdup(path);
        if (!folder)
                return -ENOMEM;

        char *slash = strrchr(folder, '/');
        if (!slash)
                return 0;
        *slash = '\0';
        _cleanup_close_ int fd = open(slash == folder ? "/" : folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        return fd < 0 || fsync(fd) < 0 ? -errno : 0;
}

int file_remove(const char *path, Error *ret_error) {
        if (unlink(path) < 0)
                return errno == ENOENT ? 0 : error_set(ret_error, -errno, "cannot remove %s: %m", path);
        int r = folder_sync(path);
        return r < 0 ? error_set(ret_error, r, "cannot sync the directory of %s: %s", path, strerror(-r)) : 0;
}

int file_make_folders(const char *path, Error *ret_error) {
        _cleanup_free_ char *folder = strdup(path);
        if (!folder)
                return error_set(ret_error, -ENOMEM, "out of memory");

        for (char *slash = strchr(folder + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
                *slash = '\0';
                int r = mkdir(folder, 0755) < 0 ? -errno : folder_sync(folder);
                if (r < 0 && r != -EEXIST)
                        return error_set(ret_error, r, "cannot make the directory %s: %s", folder, strerror(-r));
                *slash = '/';
        }
        return 0;
}

// No other program makes such names, as editors, backups and package managers do with a plain suffix.
#define TEMPORARY_MARK ".migplane-"
#define TEMPORARY_SUFFIX TEMPORARY_MARK "XXXXXX"

void file_remove_leftovers(const char *path) {
        _cleanup_free_ char *folder = strdup(path);
        char *slash = folder ? strrchr(folder, '/') : NULL;
        if (!slash)
                return;
        *slash = '\0';
        const char *name = slash + 1;
        size_t size = strlen(name);

        _cleanup_closedir_ DIR *directory = opendir(folder);
        for (const struct dirent *entry; directory && (entry = readdir(directory));)
                if (strlen(entry->d_name) == size + strlen(TEMPORARY_SUFFIX) &&
                    strncmp(entry->d_name, name, size) == 0 &&
                    strncmp(entry->d_name + size, TEMPORARY_MARK, strlen(TEMPORARY_MARK)) == 0)
                        (void)unlinkat(dirfd(directory), entry->d_name, 0);
}

static int file_fill_and_rename(int fd, const char *temporary, const char *path, const char *text, mode_t mode) {
        if (fchmod(fd, mode) < 0)
                return -errno;
        int r = write_whole(fd, text);
        if (r < 0)
                return r;
        return rename(temporary, path) < 0 ? -errno : 0;
}

int file_write_atomic(const char *path, const char *text, mode_t mode, Error *ret_error) {
        _cleanup_free_ char *temporary = NULL;
        if (asprintf(&temporary, "%s" TEMPORARY_SUFFIX, path) < 0)
                return error_set(ret_error, -ENOMEM, "cannot write %s: out of memory", path);

        _cleanup_close_ int fd = mkostemp(temporary, O_CLOEXEC);
        if (fd < 0)
                return error_set(ret_error, -errno, "cannot write %s: %m", path);

        int r = file_fill_and_rename(fd, temporary, path, text, mode);
        if (r < 0) {
                (void)unlink(temporary);
                return error_set(ret_error, r, "cannot write %s: %s", path, strerror(-r));
        }

        r = folder_sync(path);
        return r < 0 ? error_set(ret_error, r, "cannot sync the directory of %s: %s", path, strerror(-r)) : 0;
}
