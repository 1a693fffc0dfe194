// Whether the planes' files were edited since they were read into the planes.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "planes/edited.h"

#include "base/error.h"
#include "base/names.h"
#include "base/util.h"
#include "config/config.h"
#include "config/load.h"
#include "config/plane-config.h"
#include "planes/plane-set.h"
#include "planes/plane.h"

int edited_read_files(Config **ret, Error *ret_error) {
        static const char *const directories[] = { CONFIG_DIRECTORIES, NULL };

        return config_load(directories, config_kernel_has_ipv6(), ret, ret_error);
}

void edited_note(PlaneSet *planes, const Config *config) {
        planes->files_print = config_print_all(config);
        for (size_t i = 0; i < planes->n_planes; i++)
                planes->planes[i]->files_print = config_print(config, planes->planes[i]->config->name);
}

bool edited_plane(const Plane *plane, const Config *now) {
        return plane->files_print != config_print(now, plane->config->name);
}

bool edited_any(const PlaneSet *planes, const Config *now) {
        return planes->files_print != config_print_all(now);
}
