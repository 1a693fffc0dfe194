// The loop: inventory, derive, observe, diff, apply, and observe again, until the diff is empty.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// One round is usually enough; more are needed when an operation takes others' objects with it (a link that is made again
// loses its addresses and qdiscs), and after the last one a look that finds nothing to do is the verification.
//
// Drift that comes back again and again means that another program wants it otherwise. After a few repairs within a short
// time the plane is left alone for a while that doubles, with the object and the process named, rather than fought over.

#include "reconcile.h"

#include <time.h>

#include "addr.h"
#include "derive.h"
#include "log.h"

enum {
        ROUNDS_MAX = 4,
        REPAIRS_MAX = 5, // rounds of repair within the window before we back off
};
#define REPAIRS_WINDOW_USEC UINT64_C(10000000)
#define BACKOFF_FIRST_USEC UINT64_C(1000000)
#define BACKOFF_LAST_USEC UINT64_C(30000000)

// One look at everything.
typedef struct Look {
        const PlaneConfig **configs; // of the planes that are wanted
        Plane **planes;
        Reasons *reasons;
        size_t n_planes;
        Inventory inventory;
        State desired, observed;
        Plan plan;
        Plan active; // those of its operations that no backoff holds back
} Look;

static void look_deinit(Look *look) {
        plan_deinit(&look->active);
        plan_deinit(&look->plan);
        state_deinit(&look->observed);
        state_deinit(&look->desired);
        inventory_deinit(&look->inventory);
        for (size_t i = 0; look->reasons && i < look->n_planes; i++)
                reasons_deinit(&look->reasons[i]);
        free(look->reasons);
        free(look->planes);
        free(look->configs);
        *look = (Look){};
}
#define _cleanup_look_ _cleanup_(look_deinit)

static uint64_t now_usec(void) {
        struct timespec now;

        (void)clock_gettime(CLOCK_MONOTONIC, &now);
        return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static int look_planes(Manager *manager, Look *look) {
        look->configs = calloc(manager->n_planes + 1, sizeof(*look->configs));
        look->planes = calloc(manager->n_planes + 1, sizeof(*look->planes));
        look->reasons = calloc(manager->n_planes + 1, sizeof(*look->reasons));
        if (!look->configs || !look->planes || !look->reasons)
                return -ENOMEM;

        for (size_t i = 0; i < manager->n_planes; i++) {
                if (manager->planes[i]->taken_down)
                        continue;
                look->planes[look->n_planes] = manager->planes[i];
                look->configs[look->n_planes++] = manager->planes[i]->config;
        }
        return 0;
}

static int look_new(Manager *manager, Look *ret, Error *ret_error) {
        _cleanup_look_ Look look = {};

        int r = look_planes(manager, &look);
        if (r < 0)
                return error_set(ret_error, r, "out of memory");
        r = inventory_read(manager->kernel.netlink, &look.inventory, ret_error);
        if (r < 0)
                return r;
        for (size_t i = 0; i < look.n_planes && r >= 0; i++)
                if (look.configs[i]->kind == PLANE_KIND_DEVICE && look.configs[i]->managed_by == MANAGED_BY_MIGPLANE)
                        r = addr_survey(manager->kernel.netlink, look.configs[i], &look.inventory, ret_error);
        if (r < 0)
                return r;
        DeriveFacts facts = {
                .inventory = &look.inventory,
                .leaf = manager->kernel.leaf,
                .machine_id = manager->machine_id,
        };
        r = derive(look.configs, look.n_planes, &facts, &look.desired, look.reasons);
        if (r < 0)
                return error_set(ret_error, r, "out of memory");
        r = kernel_observe(&manager->kernel, &look.inventory, &look.desired, &look.observed, ret_error);
        if (r < 0)
                return r;
        r = plan_diff(&look.desired, &look.observed, &look.plan);
        if (r < 0)
                return error_set(ret_error, r, "out of memory");

        *ret = look;
        look = (Look){};
        return 0;
}

// Whether an operation concerns a plane; the rulesets without a link concern all.
static bool operation_concerns(const Operation *operation, const Plane *plane) {
        const char *link = operation_link(operation);
        char ifb[IFNAMSIZ];

        if (!link[0] || streq(link, plane->config->interface))
                return true;
        derive_ifb_name(plane->config->interface, ifb);
        return streq(link, ifb) || (plane->config->kind != PLANE_KIND_DEVICE && streq(link, plane->config->parent));
}

static bool is_backing_off(const Plane *plane) {
        return plane->backoff_until_usec > now_usec();
}

// Sorts out the operations that may be carried out now.
static int look_activate(Look *look) {
        look->active.n_operations = 0;
        if (array_reserve(&look->active.operations, &look->active.n_allocated, look->plan.n_operations) < 0)
                return -ENOMEM;

        for (size_t i = 0; i < look->plan.n_operations; i++) {
                bool held = false;
                for (size_t j = 0; j < look->n_planes; j++)
                        held |= is_backing_off(look->planes[j]) &&
                                operation_concerns(&look->plan.operations[i], look->planes[j]);
                if (!held)
                        look->active.operations[look->active.n_operations++] = look->plan.operations[i];
        }
        return 0;
}

static void operation_format(const Operation *operation, char *ret, size_t size) {
        _cleanup_fclose_ FILE *file = fmemopen(ret, size, "w");

        ret[0] = '\0';
        if (file)
                operation_print(operation, file);
}

static void suspect_format(const MonitorEvent *suspect, char *ret, size_t size) {
        if (suspect->process[0])
                (void)snprintf(ret, size, "%s, pid %u", suspect->process, suspect->pid);
        else if (suspect->pid)
                (void)snprintf(ret, size, "pid %u", suspect->pid);
        else
                (void)snprintf(ret, size, "an unknown process");
}

// Counts a repair of a plane, and begins to back off when there have been too many.
static void repair_count(Plane *plane, const char *operation, const char *suspect) {
        uint64_t now = now_usec();

        if (now - plane->recent_since_usec > REPAIRS_WINDOW_USEC) {
                // A quiet window after a backoff ends the quarrel.
                if (plane->recent_repairs < REPAIRS_MAX)
                        plane->backoff_usec = 0;
                plane->recent_since_usec = now;
                plane->recent_repairs = 0;
        }
        if (++plane->recent_repairs <= REPAIRS_MAX)
                return;

        plane->backoff_usec = plane->backoff_usec ? plane->backoff_usec * 2 : BACKOFF_FIRST_USEC;
        if (plane->backoff_usec > BACKOFF_LAST_USEC)
                plane->backoff_usec = BACKOFF_LAST_USEC;
        plane->backoff_until_usec = now + plane->backoff_usec;
        plane->recent_repairs = REPAIRS_MAX - 1;
        plane->recent_since_usec = plane->backoff_until_usec;
        (void)snprintf(plane->contender, sizeof(plane->contender), "%.80s", suspect);
        log_warning("%s: repaired %u times within %u s, last undone by %s; leaving it for %u s: %s", plane->config->name,
                    REPAIRS_MAX, (unsigned)(REPAIRS_WINDOW_USEC / 1000000), suspect,
                    (unsigned)(plane->backoff_usec / 1000000), operation);
}

// Says what is about to be done, and of a plane that had stood as desired, that it is a repair.
static void plan_announce(Manager *manager, const Look *look, ReconcileCause cause) {
        char suspect[128];

        suspect_format(&manager->suspect, suspect, sizeof(suspect));
        for (size_t i = 0; i < look->active.n_operations; i++) {
                char text[512];
                operation_format(&look->active.operations[i], text, sizeof(text));
                log_info("%s", text);
        }
        for (size_t j = 0; j < look->n_planes && cause != RECONCILE_INTENT; j++) {
                Plane *plane = look->planes[j];
                unsigned n = 0;
                char first[512] = "";
                for (size_t i = 0; i < look->active.n_operations && plane->verified; i++)
                        if (operation_concerns(&look->active.operations[i], plane) && n++ == 0)
                                operation_format(&look->active.operations[i], first, sizeof(first));
                if (n == 0)
                        continue;
                log_notice("%s: drifted, changed by %s; repairing %u object(s): %s", plane->config->name, suspect, n,
                           first);
                (void)snprintf(plane->repaired, sizeof(plane->repaired), "%u object(s), changed by %.60s: %.160s", n,
                               suspect, first);
                plane->repairs += n;
                repair_count(plane, first, suspect);
        }
}

// What stands in the way of the initiator, beyond what derive found.
static void link_assess(Manager *manager, const Plane *plane, const Link *link, Reasons *reasons) {
        const PlaneConfig *config = plane->config;
        Error error = {};

        if (!link) {
                if (reasons_health(reasons) != HEALTH_FAILED)
                        reasons_add(reasons, REASON_DEVICE_MISSING, "%s does not exist", config->interface);
                return;
        }
        if (!link->up)
                reasons_add(reasons, REASON_LINK_DOWN, "%s is down", config->interface);
        else if (!link->carrier)
                reasons_add(reasons, REASON_NO_CARRIER, "%s has no carrier", config->interface);
        if (addr_is_usable(manager->kernel.netlink, link->index, &config->addresses[0].prefix, &error) <= 0) {
                char text[PREFIX_TEXT_MAX];
                reasons_add(reasons, REASON_ADDRESS_MISSING, "%s does not have the address %s%s%s", config->interface,
                            format_prefix(&config->addresses[0].prefix, text),
                            config->managed_by == MANAGED_BY_MIGPLANE ? "" : "; its manager is to set it, see ManagedBy=",
                            error.text);
        }
}

static void plan_assess(const Plane *plane, const Look *look, const ApplyFailures *failures, Reasons *reasons) {
        for (size_t i = 0; i < failures->n_failures; i++) {
                const ApplyFailure *failure = &failures->failures[i];
                Object subject = {};
                strcpy_fixed(subject.link, failure->link);
                if (operation_concerns(&(Operation){ .desired = &subject }, plane))
                        reasons_add(reasons, failure->link[0] ? REASON_APPLY_FAILED : REASON_NO_ISOLATION, "%s",
                                    failure->error.text);
        }
        for (size_t i = 0; i < look->plan.n_operations; i++) {
                const Operation *operation = &look->plan.operations[i];
                char text[192];
                if (!operation_concerns(operation, plane))
                        continue;
                bool ruleset = (operation->desired ?: operation->observed)->kind == OBJECT_RULESET;
                operation_format(operation, text, sizeof(text));
                reasons_add(reasons, ruleset ? REASON_NO_ISOLATION : REASON_DRIFT, "not as it should be: %s", text);
                return; // the first says enough
        }
}

static void plane_assess(Manager *manager, Plane *plane, const Look *look, const ApplyFailures *failures,
                         Reasons *reasons) {
        const Link *link = inventory_find(&look->inventory, plane->config->interface);
        char name[IFNAMSIZ];

        derive_ifb_name(plane->config->interface, name);
        const Link *ifb = inventory_find(&look->inventory, name);
        plane->ifb_index = ifb ? ifb->index : 0;
        link_assess(manager, plane, link, reasons);
        plan_assess(plane, look, failures, reasons);
        if (is_backing_off(plane))
                reasons_add(reasons, REASON_CONTENDED, "%s keeps changing what is ours; left alone for %u s: %s",
                            plane->contender, (unsigned)(plane->backoff_usec / 1000000), plane->repaired);
        if (plane->broken[0])
                reasons_add(reasons, REASON_CONFIGURATION, "kept as it was, because %s", plane->broken);
        if (plane->repaired[0])
                reasons_add(reasons, REASON_REPAIRED, "%s", plane->repaired);

        plane->verified |= reasons_health(reasons) == HEALTH_HEALTHY;
        plane_set_state(plane, link ? link->index : 0, link ? link->mtu : 0, reasons);
}

static void planes_assess(Manager *manager, Look *look, const ApplyFailures *failures) {
        for (size_t i = 0; i < look->n_planes; i++)
                plane_assess(manager, look->planes[i], look, failures, &look->reasons[i]);
        for (size_t i = 0; i < manager->n_planes; i++) {
                Plane *plane = manager->planes[i];
                _cleanup_reasons_ Reasons reasons = {};
                if (!plane->taken_down)
                        continue;
                const Link *link = inventory_find(&look->inventory, plane->config->interface);
                reasons_add(&reasons, REASON_TAKEN_DOWN, "taken down by request; migplanectl up %s brings it back",
                            plane->config->name);
                plane->verified = false;
                plane_set_state(plane, link ? link->index : 0, link ? link->mtu : 0, &reasons);
        }
}

// When to look again by ourselves: at the end of a backoff, or some time after a refusal.
static void retry_arm(Manager *manager, const Look *look, const ApplyFailures *failures) {
        uint64_t now = now_usec(), delay = 0;

        for (size_t i = 0; i < look->n_planes; i++)
                if (is_backing_off(look->planes[i]) &&
                    (delay == 0 || look->planes[i]->backoff_until_usec - now < delay))
                        delay = look->planes[i]->backoff_until_usec - now;
        if (failures->n_failures == 0)
                manager->retry_usec = 0;
        else {
                manager->retry_usec = manager->retry_usec ? manager->retry_usec * 2 : BACKOFF_FIRST_USEC;
                if (manager->retry_usec > BACKOFF_LAST_USEC)
                        manager->retry_usec = BACKOFF_LAST_USEC;
                if (delay == 0 || manager->retry_usec < delay)
                        delay = manager->retry_usec;
        }
        if (delay > 0)
                manager_look_again(manager, delay);
}

static void neighbours_watch(Manager *manager, const State *desired) {
        bool watch = false;

        for (size_t i = 0; i < desired->n_objects; i++)
                watch |= desired->objects[i].kind == OBJECT_NEIGHBOUR;
        if (watch != manager->watches_neighbours && monitor_watch_neighbours(manager->monitor, watch) >= 0)
                manager->watches_neighbours = watch;
}

// What is refused again and again is said once.
static void failures_log(Manager *manager, const ApplyFailures *failures) {
        uint64_t hash = HASH_INIT;

        for (size_t i = 0; i < failures->n_failures; i++)
                hash = hash_bytes(hash, failures->failures[i].error.text, strlen(failures->failures[i].error.text));
        for (size_t i = 0; i < failures->n_failures && hash != manager->failures_logged; i++)
                log_error("%s", failures->failures[i].error.text);
        manager->failures_logged = hash;
}

int reconcile(Manager *manager, ReconcileCause cause, Error *ret_error) {
        _cleanup_look_ Look look = {};
        _cleanup_apply_failures_ ApplyFailures failures = {};

        int r = look_new(manager, &look, ret_error);
        for (unsigned round = 0; r >= 0 && round < ROUNDS_MAX; round++) {
                // What was refused may have been about an object that went with another: it gets a second look.
                if (failures.n_failures > 0 && round > 1)
                        break;
                r = look_activate(&look);
                if (r < 0 || look.active.n_operations == 0)
                        break;
                if (round == 0) {
                        plan_announce(manager, &look, cause);
                        r = look_activate(&look); // that may have begun a backoff
                }
                apply_failures_deinit(&failures);
                if (r >= 0)
                        r = kernel_apply(&manager->kernel, &look.active, &failures);
                if (r < 0)
                        return error_set(ret_error, r, "out of memory");
                look_deinit(&look);
                r = look_new(manager, &look, ret_error);
        }
        if (r < 0)
                return r;
        if (look.plan.n_operations == 0)
                apply_failures_deinit(&failures);

        failures_log(manager, &failures);
        neighbours_watch(manager, &look.desired);
        retry_arm(manager, &look, &failures);
        planes_assess(manager, &look, &failures);
        manager->suspect = (MonitorEvent){};
        return 0;
}

int reconcile_preview(Manager *manager, const Plane *plane, char **ret_text, Error *ret_error) {
        _cleanup_look_ Look look = {};
        _cleanup_free_ char *text = NULL;
        size_t size = 0;

        int r = look_new(manager, &look, ret_error);
        if (r < 0)
                return r;
        FILE *file = open_memstream(&text, &size);
        if (!file)
                return error_set(ret_error, -ENOMEM, "out of memory");
        for (size_t i = 0; i < look.plan.n_operations; i++) {
                if (plane && !operation_concerns(&look.plan.operations[i], plane))
                        continue;
                operation_print(&look.plan.operations[i], file);
                fputc('\n', file);
        }
        if (fclose(file) != 0)
                return error_set(ret_error, -ENOMEM, "out of memory");
        *ret_text = TAKE(text);
        return 0;
}
