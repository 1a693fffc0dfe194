// migplanectl: the planes that the command line names.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "base/log.h"
#include "base/util.h"
#include "client/client.h"
#include "ctl/ctl.h"

static void planes_print_names(const json_t *planes) {
        size_t i;
        json_t *plane;

        json_array_foreach(planes, i, plane)
                (void)fprintf(stderr, "%s %s", i > 0 ? "," : "", client_plane_string(plane, "Name"));
        (void)fputc('\n', stderr);
}

CtlExit ctl_plane_pick(const json_t *planes, const char *name, json_t **ret_plane) {
        json_t *plane = name ? client_planes_find(planes, name) : client_planes_find_default(planes);

        if (plane) {
                *ret_plane = plane;
                return CTL_DONE;
        }
        if (json_array_size(planes) == 0) {
                log_error("There are no planes. Create /etc/migplane/NAME.plane, then run: migplanectl reload");
                return CTL_NOT_FOUND;
        }
        if (name)
                (void)fprintf(stderr, "There is no plane %s; the planes are:", name);
        else
                (void)fprintf(stderr, "No plane is the default; name one of:");
        planes_print_names(planes);
        return name ? CTL_NOT_FOUND : CTL_USAGE;
}

CtlExit ctl_planes_choose(json_t *planes, int n_names, char **names, json_t *chosen) {
        if (n_names == 0)
                return json_array_extend(chosen, planes) < 0 ? CTL_FAILED : CTL_DONE;

        for (int i = 0; i < n_names; i++) {
                json_t *plane;
                CtlExit code = ctl_plane_pick(planes, names[i], &plane);
                if (code != CTL_DONE)
                        return code;
                if (json_array_append(chosen, plane) < 0)
                        return CTL_FAILED;
        }
        return CTL_DONE;
}
