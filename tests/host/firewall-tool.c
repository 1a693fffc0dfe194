// The isolation ruleset without the daemon, for test-firewall: prints it, loads it, and compares it with the kernel's.
// SPDX-License-Identifier: GPL-2.0-or-later

#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "base/util.h"
#include "config/config.h"
#include "config/load.h"
#include "firewall/firewall.h"
#include "firewall/ruleset.h"
#include "model/plan.h"

// What the daemon takes from its inventory of links.
static void device_look_up(RulesetPlane *plane) {
        const PlaneConfig *config = plane->plane;
        _cleanup_close_ int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        struct ifreq request = {};

        if (config->kind == PLANE_KIND_VLAN && if_nametoindex(config->parent) > 0)
                plane->parent_guard = config->parent;
        plane->device_exists = if_nametoindex(config->interface) > 0;
        memcpy(request.ifr_name, config->interface, IFNAMSIZ);
        if (ioctl(fd, SIOCGIFHWADDR, &request) < 0)
                return;
        plane->has_mac = true;
        memcpy(plane->mac.bytes, request.ifr_hwaddr.sa_data, sizeof(plane->mac.bytes));
}

static int desire(const Config *config, State *ret) {
        _cleanup_free_ RulesetPlane *planes = calloc(config->n_planes + 1, sizeof(RulesetPlane));

        if (!planes)
                return -ENOMEM;
        for (size_t i = 0; i < config->n_planes; i++) {
                planes[i].plane = config->planes[i];
                planes[i].reports = config->planes[i]->log_drops.count > 0;
                planes[i].awaits_address = config->planes[i]->managed_by != MANAGED_BY_MIGPLANE;
                device_look_up(&planes[i]);
        }
        int r = ruleset_derive(planes, config->n_planes, ret);
        state_sort(ret);
        return r;
}

// Applies the plan, or with everything all that is desired.
static int apply(Firewall *firewall, const Plan *plan, const State *everything, Error *ret_error) {
        size_t n = plan->n_operations + (everything ? everything->n_objects : 0), n_load = 0, n_remove = 0;
        const Object *load[n + 1], *removed[n + 1];

        for (size_t i = 0; i < plan->n_operations; i++) {
                if (!plan->operations[i].desired)
                        removed[n_remove++] = plan->operations[i].observed;
                else if (!everything)
                        load[n_load++] = plan->operations[i].desired;
        }
        for (size_t i = 0; everything && i < everything->n_objects; i++)
                load[n_load++] = &everything->objects[i];
        return firewall_apply(firewall, load, n_load, removed, n_remove, ret_error);
}

static int run(const char *verb, const State *desired, unsigned n_times, Error *ret_error) {
        _cleanup_(firewall_freep) Firewall *firewall = NULL;

        int r = firewall_new(&firewall, ret_error);
        for (unsigned i = 0; i < n_times && r >= 0; i++) {
                _cleanup_state_ State observed = {};
                _cleanup_plan_ Plan plan = {};

                r = firewall_observe(firewall, &observed, ret_error);
                if (r < 0)
                        return r;
                state_sort(&observed);
                r = plan_diff(desired, &observed, &plan);
                if (streq(verb, "check")) {
                        plan_print(&plan, stdout);
                        return plan.n_operations > 0;
                }
                if (r >= 0)
                        r = apply(firewall, &plan, streq(verb, "reload") ? desired : NULL, ret_error);
        }
        return r;
}

int main(int argc, char **argv) {
        _cleanup_config_ Config *config = NULL;
        _cleanup_state_ State desired = {};
        Error error = {};

        if (argc < 3) {
                fputs("usage: firewall-tool print|load|check|reload DIRECTORY [TIMES]\n", stderr);
                return 2;
        }
        int r = config_load((const char *const[]){ argv[2], NULL }, true, &config, &error);
        if (r >= 0) {
                for (size_t i = 0; i < config->n_messages; i++)
                        config_message_print(&config->messages[i], stderr);
                r = desire(config, &desired);
        }
        if (r >= 0 && streq(argv[1], "print")) {
                for (size_t i = 0; i < desired.n_objects; i++)
                        printf("%s %s\n%s", ruleset_family_to_string(desired.objects[i].as_ruleset.family),
                               desired.objects[i].as_ruleset.chain, desired.objects[i].as_ruleset.text);
        } else if (r >= 0)
                r = run(argv[1], &desired, argc > 3 ? (unsigned)atoi(argv[3]) : 1, &error);
        if (r < 0)
                fprintf(stderr, "%s (%s)\n", error.text, strerror(-r));
        return r < 0 ? 3 : r;
}
