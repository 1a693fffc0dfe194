// The audit: its checks, and how often it is made.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "audit/audit.h"

#include <stdarg.h>
#include <time.h>

#include "audit/check.h"
#include "base/error.h"
#include "base/util.h"
#include "config/plane-config.h"
#include "daemon/manager.h"
#include "engine/derive.h"
#include "engine/kernel.h"
#include "engine/snapshot.h"
#include "kernel/link.h"
#include "model/object.h"
#include "model/plan.h"
#include "planes/plane.h"

#define FRESH_USEC UINT64_C(1000000)

const char *verdict_to_string(Verdict verdict) {
        static const char *const names[] = {
                [VERDICT_OK] = "ok",
                [VERDICT_WARNING] = "warning",
                [VERDICT_FAILED] = "failed",
        };
        return names[verdict];
}

// --- what a check says ---

void verify_say(Verify *verify, Verdict verdict, const char *format, ...) {
        char sentence[VERIFY_TEXT_MAX], before[VERIFY_TEXT_MAX] = "";
        bool graver = verdict > verify->verdict;
        va_list arguments;

        if (verdict < verify->verdict && verdict == VERDICT_OK)
                return;
        va_start(arguments, format);
        (void)vsnprintf(sentence, sizeof(sentence), format, arguments);
        va_end(arguments);
        // Names are bytes; D-Bus wants UTF-8.
        for (char *c = sentence; *c; c++)
                if ((unsigned char)*c < ' ' || (unsigned char)*c > '~')
                        *c = '?';

        if (!graver || verify->verdict != VERDICT_OK)
                strcpy_fixed(before, verify->text);
        const char *first = graver ? sentence : before, *second = graver ? before : sentence;
        size_t n = strlen(first) < sizeof(verify->text) ? strlen(first) : sizeof(verify->text) - 1;
        memcpy(verify->text, first, n);
        (void)snprintf(verify->text + n, sizeof(verify->text) - n, "%s%s", n > 0 && second[0] ? "; " : "", second);
        if (graver)
                verify->verdict = verdict;
}

void verify_say_unseen(Verify *verify, Verdict gravest, const Error *error) {
        verify_say(verify, gravest, "could not be looked at: %s", error->text);
}

const char *verify_link_name(const Verify *verify, int ifindex, char ret[static IFNAMSIZ + 8]) {
        const Link *link = inventory_find_index(&verify->look->inventory, ifindex);

        if (link)
                (void)snprintf(ret, IFNAMSIZ + 8, "%s", link->name);
        else
                (void)snprintf(ret, IFNAMSIZ + 8, "link %d", ifindex);
        return ret;
}

// --- the table ---

static const struct Check {
        const char *name, *promise;
        bool needs_device;
        void (*run)(Verify *verify);
} checks[] = {
        { "configuration", "what is in force is what the file says", false, verify_configuration },
        { "device", "the plane is a device of its own", false, verify_device },
        { "rules", "only peers, and only what a migration needs, in and out", false, verify_rules },
        { "guard", "no tag within a tag reaches the plane's VLAN", false, verify_guard },
        { "xdp", "no program sees frames before the rules", true, verify_xdp },
        { "tcx", "no program on tcx takes frames past the rules", true, verify_tcx },
        { "tc-filters", "no filter takes frames past the rules", true, verify_tc_filters },
        { "tc-redirects", "no other link's filter sends into the plane", true, verify_tc_redirects },
        { "stacked", "nothing stands on the plane's device", true, verify_stacked },
        { "guest-ports", "no guest is on the plane's wire", false, verify_guest_ports },
        { "egress-cap", "what is sent is capped", true, verify_caps },
        { "ingress-cap", "what is received is capped, behind the same rules", true, verify_ingress },
        { "addresses", "the plane has its own addresses and no others", true, verify_addresses },
        { "elsewhere", "the plane's addresses are nowhere else", false, verify_elsewhere },
        { "neighbours", "no peer's entry is forged", true, verify_neighbours },
        { "routes", "what is for peers leaves by the plane", true, verify_routes },
        { "arp", "nobody is answered for another's address", true, verify_arp },
        { "sources", "no forged, martian or source-routed packet is believed", true, verify_sources },
        { "icmp-redirects", "no redirect is sent or obeyed", true, verify_icmp_redirects },
        { "forwarding", "nothing is forwarded to or from the plane", true, verify_forwarding },
        { "ipv6", "no address, route or answer by router advertisements", true, verify_ipv6 },
        { "other-rules", "no other rules cut migrations, or take frames past these", false, verify_other_rules },
        { "listeners", "nothing listens for migrations anywhere else", false, verify_listeners },
        { "packet-sockets", "nobody reads along", true, verify_sniffers },
};

// --- one plane ---

static bool rules_stand(const Verify *verify) {
        const Plan *plan = &verify->look->plan;

        if (!verify->link)
                return false;
        for (size_t i = 0; i < plan->n_operations; i++)
                if (operation_object(&plan->operations[i])->kind == OBJECT_RULESET &&
                    operation_concerns(&plan->operations[i], verify->plane))
                        return false;
        for (size_t i = 0; i < verify->look->desired.n_objects; i++) {
                const Object *object = &verify->look->desired.objects[i];
                if (object->kind == OBJECT_RULESET && object->as_ruleset.family == RULESET_NETDEV &&
                    streq(object->link, verify->config->interface))
                        return true;
        }
        return false;
}

static int finding_add(Findings *findings, const struct Check *check, Verdict verdict, const char *text) {
        if (array_reserve(&findings->findings, &findings->n_allocated, findings->n_findings + 1) < 0)
                return -ENOMEM;
        char *copy = strdup(text);
        if (!copy)
                return -ENOMEM;
        findings->findings[findings->n_findings++] = (Finding){
                .check = check->name,
                .promise = check->promise,
                .verdict = verdict,
                .text = copy,
        };
        return 0;
}

static int plane_verify(Manager *manager, const Look *look, size_t i, const VerifyHost *host, Findings *findings) {
        const PlaneConfig *config = look->configs[i];
        Verify verify = {
                .manager = manager,
                .host = host,
                .look = look,
                .plane = look->planes[i],
                .config = config,
                .reasons = &look->reasons[i],
                .link = inventory_find(&look->inventory, config->interface),
                .parent = config->parent[0] ? inventory_find(&look->inventory, config->parent) : NULL,
        };
        int r = 0;

        derive_ifb_name(config->interface, verify.ifb_name);
        verify.ifb = inventory_find(&look->inventory, verify.ifb_name);
        verify.rules_stand = rules_stand(&verify);
        for (size_t j = 0; j < ELEMENTSOF(checks) && r >= 0; j++) {
                verify.verdict = VERDICT_OK;
                verify.text[0] = '\0';
                if (checks[j].needs_device && !verify.link)
                        verify_say(&verify, VERDICT_WARNING, "%s does not exist", config->interface);
                else
                        checks[j].run(&verify);
                r = finding_add(findings, &checks[j], verify.verdict, verify.text);
        }
        return r;
}

// --- all planes, at most once a second ---

typedef struct PlaneFindings {
        char *name;
        uint64_t generation;
        Findings findings;
} PlaneFindings;

struct Verification {
        uint64_t at_usec;
        PlaneFindings *planes;
        size_t n_planes;
};

static void findings_deinit(Findings *findings) {
        for (size_t i = 0; i < findings->n_findings; i++)
                free(findings->findings[i].text);
        free(findings->findings);
        *findings = (Findings){};
}

Verification *verification_free(Verification *verification) {
        for (size_t i = 0; verification && i < verification->n_planes; i++) {
                free(verification->planes[i].name);
                findings_deinit(&verification->planes[i].findings);
        }
        if (verification)
                free(verification->planes);
        free(verification);
        return NULL;
}

static void verification_freep(Verification **verification) {
        *verification = verification_free(*verification);
}

static uint64_t now_usec(void) {
        struct timespec now;

        (void)clock_gettime(CLOCK_MONOTONIC, &now);
        return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

static int findings_add_plane(Manager *manager, const Look *look, const VerifyHost *host, const Plane *plane,
                              Findings *findings) {
        static const size_t device = 1; // the check of it

        for (size_t i = 0; i < look->n_planes; i++)
                if (look->planes[i] == plane)
                        return plane_verify(manager, look, i, host, findings);
        return finding_add(findings, &checks[device], VERDICT_FAILED, "taken down by request; migplanectl up brings it back");
}

static int verification_new(Manager *manager, Verification **ret, Error *ret_error) {
        _cleanup_(verification_freep) Verification *verification = calloc(1, sizeof(*verification));
        _cleanup_(verify_host_deinit) VerifyHost host = {};
        _cleanup_look_ Look look = {};

        if (!verification || !(verification->planes = calloc(manager->n_planes + 1, sizeof(*verification->planes))))
                return error_set(ret_error, -ENOMEM, "out of memory");
        int r = look_new(manager, &look, ret_error);
        if (r < 0)
                return r;
        verify_host_read(manager, &host);
        for (size_t i = 0; i < manager->n_planes && r >= 0; i++) {
                const Plane *plane = manager->planes[i];
                PlaneFindings *entry = &verification->planes[verification->n_planes++];
                entry->generation = plane->generation;
                entry->name = strdup(plane->config->name);
                r = entry->name ? findings_add_plane(manager, &look, &host, plane, &entry->findings) : -ENOMEM;
                if (manager->kernel.progress)
                        manager->kernel.progress(KERNEL_STEP_OPERATION);
        }
        if (r < 0)
                return error_set(ret_error, r, "out of memory");
        verification->at_usec = now_usec();
        *ret = TAKE(verification);
        return 0;
}

static const Findings *verification_find(const Verification *verification, const Plane *plane) {
        for (size_t i = 0; verification && i < verification->n_planes; i++)
                if (streq(verification->planes[i].name, plane->config->name) &&
                    verification->planes[i].generation == plane->generation)
                        return &verification->planes[i].findings;
        return NULL;
}

int verify_plane(Manager *manager, const Plane *plane, const Findings **ret, Error *ret_error) {
        const Findings *findings = verification_find(manager->verification, plane);

        if (!findings || now_usec() - manager->verification->at_usec >= FRESH_USEC) {
                Verification *verification = NULL;
                int r = verification_new(manager, &verification, ret_error);
                if (r < 0)
                        return r;
                (void)verification_free(manager->verification);
                manager->verification = verification;
                findings = verification_find(verification, plane);
                if (!findings)
                        return error_set(ret_error, -ENOMEM, "out of memory");
        }
        *ret = findings;
        return 0;
}
