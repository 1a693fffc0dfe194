// Control groups, version 2.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// The kernel opens a cgroup by its id (open_by_handle_at) for CAP_DAC_READ_SEARCH only, so the folders are searched.
// The type of an entry is known without a stat, and its inode as well.

#include "kernel/cgroup.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/util.h"

enum {
        DEPTH_MAX = 8,
        FOLDERS_MAX = 10000, // some 5 us each
};

typedef struct Search {
        uint64_t id;
        char *path;
        unsigned n_folders;
} Search;

// Searches the folder, which it closes. length: of its path.
static int folder_search(Search *search, int fd, size_t length, unsigned depth) {
        DIR *folder = fdopendir(fd);
        const struct dirent *entry;
        int r = 0;

        if (!folder) {
                r = -errno;
                (void)close(fd);
                return r;
        }
        while (r == 0 && (entry = readdir(folder))) {
                if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
                        continue;
                int n = snprintf(search->path + length, CGROUP_PATH_MAX - length, "%s%s", length > 0 ? "/" : "",
                                 entry->d_name);
                if (n < 0 || (size_t)n >= CGROUP_PATH_MAX - length || ++search->n_folders > FOLDERS_MAX)
                        continue;
                if (entry->d_ino == search->id) {
                        r = 1;
                        break;
                }
                int child = depth < DEPTH_MAX ? openat(dirfd(folder), entry->d_name,
                                                       O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)
                                              : -1;
                if (child >= 0) // a folder that has just gone is none
                        r = folder_search(search, child, length + (size_t)n, depth + 1);
        }
        (void)closedir(folder);
        return r;
}

int cgroup_find(uint64_t id, char ret[static CGROUP_PATH_MAX]) {
        // With version 1 beside it, version 2 is in a folder of its own.
        static const char *const roots[] = { "/sys/fs/cgroup/unified", "/sys/fs/cgroup" };
        char path[CGROUP_PATH_MAX] = "";
        Search search = { .id = id, .path = path };
        int fd = -1;

        for (size_t i = 0; i < ELEMENTSOF(roots) && fd < 0; i++)
                fd = open(roots[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return errno == ENOENT ? 0 : -errno;
        int r = folder_search(&search, fd, 0, 0);
        if (r > 0)
                memcpy(ret, path, sizeof(path));
        return r;
}
