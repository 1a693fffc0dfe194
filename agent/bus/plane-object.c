// org.migplane1.Plane
// SPDX-License-Identifier: GPL-2.0-or-later

#include "bus/plane-object.h"

#include <stddef.h>

#include "audit/finding.h"
#include "base/error.h"
#include "base/inet.h"
#include "base/names.h"
#include "base/util.h"
#include "bus/answer.h"
#include "bus/context.h"
#include "bus/polkit.h"
#include "config/plane-config.h"
#include "daemon/answers.h"
#include "daemon/bandwidth.h"
#include "daemon/manager.h"
#include "model/reason.h"
#include "planes/counters.h"
#include "planes/edited.h"
#include "planes/offenders.h"
#include "planes/plane-set.h"
#include "planes/plane.h"
#include "planes/properties.h"

int plane_object_path(const Plane *plane, char **ret_path) {
        return sd_bus_path_encode(BUS_PATH_PLANES, plane->config->name, ret_path);
}

static Plane *plane_of_path(const PlaneSet *planes, const char *path) {
        _cleanup_free_ char *name = NULL;

        return sd_bus_path_decode(path, BUS_PATH_PLANES, &name) > 0 ? planes_find(planes, name) : NULL;
}

static int plane_find(sd_bus *bus _unused_, const char *path, const char *interface _unused_, void *userdata,
                      void **ret_found, sd_bus_error *ret_error _unused_) {
        const BusContext *context = userdata;

        *ret_found = plane_of_path(&context->manager->planes, path);
        return *ret_found != NULL;
}

// The userdata of a method or property is the plane; that of the vtable is the context.
static BusContext *context_of(sd_bus *bus) {
        return sd_bus_slot_get_userdata(sd_bus_get_current_slot(bus));
}

// --- properties ---

static int number_append(sd_bus_message *reply, const char *signature, uint64_t number) {
        // sd-bus takes what is narrower than an int as an int.
        return streq(signature, "t") ? sd_bus_message_append(reply, "t", number)
                                     : sd_bus_message_append(reply, signature, (int)number);
}

static int reasons_append(sd_bus_message *reply, const Reasons *reasons) {
        int r = sd_bus_message_open_container(reply, 'a', "(ss)");
        for (size_t i = 0; i < reasons->n_reasons && r >= 0; i++)
                r = sd_bus_message_append(reply, "(ss)", reason_to_string(reasons->reasons[i].code),
                                          reasons->reasons[i].text);
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int addresses_append(sd_bus_message *reply, const Plane *plane) {
        int r = sd_bus_message_open_container(reply, 'a', "s");
        const Prefix *address;

        for (size_t i = 0; r >= 0 && (address = plane_next_address(plane, &i));) {
                char text[PREFIX_TEXT_MAX];
                r = sd_bus_message_append(reply, "s", prefix_format(address, text));
        }
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int bytes_append(sd_bus_message *reply, PropertyKind kind, const Plane *plane, Answers *answers) {
        (void)answers_read(answers, ANSWER_BYTES, NULL);
        CountedBytes bytes = counters_bytes(&answers->counters, plane);

        return sd_bus_message_append(reply, "t", kind == PROPERTY_SENT ? bytes.sent : bytes.received);
}

static int drops_append(sd_bus_message *reply, const Plane *plane, Answers *answers, sd_bus_error *ret_error) {
        const Counters *counters = &answers->counters;
        Error error = {};

        if (answers_read(answers, ANSWER_DROPS, &error) < 0)
                return answer_error(ret_error, "ApplyFailed", &error);
        int r = sd_bus_message_open_container(reply, 'a', "{st}");
        for (size_t i = 0; i < counters->n_drops && r >= 0; i++) {
                const char *reason = counters_drop_reason(&counters->drops[i], plane->config);
                if (reason)
                        r = sd_bus_message_append(reply, "{st}", reason, counters->drops[i].packets);
        }
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int offender_append(sd_bus_message *reply, const Offender *offender) {
        OffenderTexts texts;

        offender_format(offender, &texts);
        return sd_bus_message_append(reply, "(tussssssq)", offender->last_usec, offender->times,
                                     offender->report.reason, offender->interface, texts.mac, texts.source,
                                     texts.destination, texts.protocol, (int)offender->report.packet.destination_port);
}

static int offenders_append(sd_bus_message *reply, const Offenders *offenders) {
        int r = sd_bus_message_open_container(reply, 'a', "(tussssssq)");
        for (size_t i = 0; i < offenders->n_offenders && r >= 0; i++)
                r = offender_append(reply, &offenders->offenders[i]);
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int edited_append(sd_bus_message *reply, const Plane *plane, Answers *answers) {
        const Config *files;

        // Files that cannot be read are no edit: a reload says what is wrong.
        return sd_bus_message_append(reply, "b",
                                     answers_files(answers, &files, NULL) >= 0 && edited_plane(plane, files));
}

static int get_property(sd_bus *bus, const char *path _unused_, const char *interface _unused_, const char *name,
                        sd_bus_message *reply, void *userdata, sd_bus_error *ret_error) {
        const Property *property = properties_find(name);
        Answers *answers = &context_of(bus)->manager->answers;
        const Plane *plane = userdata;
        char text[PROPERTY_TEXT_MAX];

        if (!property)
                return -EINVAL;
        switch (property->kind) {
        case PROPERTY_TEXT:
                return sd_bus_message_append(reply, "s", property->text(plane, text));
        case PROPERTY_NUMBER:
                return number_append(reply, property->signature, property->number(plane));
        case PROPERTY_REASONS:
                return reasons_append(reply, &plane->status.reasons);
        case PROPERTY_ADDRESSES:
                return addresses_append(reply, plane);
        case PROPERTY_SENT:
        case PROPERTY_RECEIVED:
                return bytes_append(reply, property->kind, plane, answers);
        case PROPERTY_DROPS:
                return drops_append(reply, plane, answers, ret_error);
        case PROPERTY_EDITED:
                return edited_append(reply, plane, answers);
        case PROPERTY_OFFENDERS:
                return offenders_append(reply, &plane->offenders);
        }
        return -EINVAL;
}

void plane_object_announce(sd_bus *bus, const Plane *plane, PlaneChange change) {
        size_t n, n_names = 0;
        const Property *properties = properties_all(&n);
        _cleanup_free_ char *path = NULL;
        _cleanup_free_ const char **names = calloc(n + 1, sizeof(*names));

        for (size_t i = 0; i < n && names; i++)
                if (properties[i].changes & change)
                        names[n_names++] = properties[i].name;
        if (n_names > 0 && plane_object_path(plane, &path) >= 0)
                (void)sd_bus_emit_properties_changed_strv(bus, path, BUS_INTERFACE_PLANE, (void *)names);
}

// --- methods ---

static int findings_append(sd_bus_message *reply, const Findings *findings) {
        int r = sd_bus_message_open_container(reply, 'a', "(ssss)");
        for (size_t i = 0; i < findings->n_findings && r >= 0; i++) {
                const Finding *finding = &findings->findings[i];
                r = sd_bus_message_append(reply, "(ssss)", finding->check, verdict_to_string(finding->verdict),
                                          finding->promise, finding->text);
        }
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int method_verify(sd_bus_message *call, void *userdata, sd_bus_error *ret_error) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        BusContext *context = context_of(sd_bus_message_get_bus(call));
        const Findings *findings;
        Error error = {};

        if (answers_audit(&context->manager->answers, userdata, &findings, &error) < 0)
                return answer_error(ret_error, "ApplyFailed", &error);
        int r = sd_bus_message_new_method_return(call, &reply);
        if (r < 0)
                return r;
        r = findings_append(reply, findings);
        return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

static int plane_gone(sd_bus_error *ret_error) {
        return sd_bus_error_set(ret_error, BUS_ERROR_PREFIX "NoSuchPlane", "The plane is gone.");
}

static int rates_check(const BandwidthRequest *request, const char *zero, sd_bus_error *ret_error) {
        const DropInRate rates[] = { request->egress, request->ingress };

        if (!request->egress.is_set && !request->ingress.is_set && !request->reset)
                return sd_bus_error_set(ret_error, BUS_ERROR_PREFIX "InvalidArgument",
                                        "Neither direction is to be changed; give at least one rate.");
        for (size_t i = 0; i < ELEMENTSOF(rates); i++)
                if (rates[i].rate != 0 &&
                    (rates[i].rate < RATE_MIN_BITS_PER_SECOND || rates[i].rate > RATE_MAX_BITS_PER_SECOND))
                        return sd_bus_error_setf(ret_error, BUS_ERROR_PREFIX "InvalidArgument",
                                                 "%llu bit/s is not a possible cap; give 10M to 10T, or 0 for %s.",
                                                 (unsigned long long)rates[i].rate, zero);
        return 0;
}

// SetBandwidth: 0 is a direction that stays as it is.
static int bandwidth_read(sd_bus_message *call, BandwidthRequest *ret) {
        uint64_t egress, ingress;
        int runtime;

        int r = sd_bus_message_read(call, "ttb", &egress, &ingress, &runtime);
        if (r < 0)
                return r;
        *ret = (BandwidthRequest){
                .egress = { .is_set = egress != 0, .rate = egress },
                .ingress = { .is_set = ingress != 0, .rate = ingress },
                .runtime = runtime,
        };
        return 0;
}

// SetCaps: 0 is a direction without a cap. Returns 0 for a key that there is not.
static int cap_read(sd_bus_message *call, const char *key, BandwidthRequest *request) {
        DropInRate *const rate = streq(key, "EgressBitsPerSecond")    ? &request->egress
                                 : streq(key, "IngressBitsPerSecond") ? &request->ingress
                                                                      : NULL;
        bool *const flag = streq(key, "Reset") ? &request->reset : streq(key, "Runtime") ? &request->runtime : NULL;
        int value, r;

        if (rate) {
                rate->is_set = true;
                return sd_bus_message_read(call, "v", "t", &rate->rate);
        }
        if (!flag)
                return 0;
        r = sd_bus_message_read(call, "v", "b", &value);
        *flag = r > 0 && value;
        return r;
}

static int caps_read(sd_bus_message *call, BandwidthRequest *ret, sd_bus_error *ret_error) {
        const char *key;

        int r = sd_bus_message_enter_container(call, 'a', "{sv}");
        while (r >= 0 && (r = sd_bus_message_enter_container(call, 'e', "sv")) > 0) {
                r = sd_bus_message_read(call, "s", &key);
                if (r < 0)
                        return r;
                r = cap_read(call, key, ret);
                if (r == 0 || r == -ENXIO)
                        return sd_bus_error_setf(
                                ret_error, BUS_ERROR_PREFIX "InvalidArgument",
                                "%.100s is not a member with this type; there are EgressBitsPerSecond and "
                                "IngressBitsPerSecond (t), Reset and Runtime (b).",
                                key);
                if (r >= 0)
                        r = sd_bus_message_exit_container(call);
        }
        return r;
}

static int set_bandwidth_proceed(sd_bus_message *call, void *userdata, sd_bus_error *ret_error) {
        BusContext *context = userdata;
        Plane *plane = plane_of_path(&context->manager->planes, sd_bus_message_get_path(call));
        bool is_caps = streq(sd_bus_message_get_member(call), "SetCaps");
        BandwidthRequest request = {};
        Error error = {};

        int r = sd_bus_message_rewind(call, true);
        if (r < 0)
                return r;
        r = is_caps ? caps_read(call, &request, ret_error) : bandwidth_read(call, &request);
        if (r < 0)
                return r;
        if (!plane)
                return plane_gone(ret_error);
        r = rates_check(&request, is_caps ? "no cap" : "no change", ret_error);
        if (r < 0)
                return r;
        r = bandwidth_set(&context->manager->reconciler, plane, &request, &error);
        if (r < 0)
                return answer_error(ret_error, r == -EIO ? "ApplyFailed" : "ConfigurationFailed", &error);
        return sd_bus_reply_method_return(call, "");
}

static PlaneRequest request_of(const char *method) {
        return streq(method, "Up") ? PLANE_UP : streq(method, "Down") ? PLANE_DOWN : PLANE_RELEASE;
}

static int set_down_proceed(sd_bus_message *call, void *userdata, sd_bus_error *ret_error) {
        BusContext *context = userdata;
        Plane *plane = plane_of_path(&context->manager->planes, sd_bus_message_get_path(call));
        Error error = {};

        if (!plane)
                return plane_gone(ret_error);
        int r = manager_set_down(context->manager, plane, request_of(sd_bus_message_get_member(call)), &error);
        return r < 0 ? answer_error(ret_error, "ApplyFailed", &error) : sd_bus_reply_method_return(call, "");
}

static int authorize(sd_bus_message *call, const char *action, const Plane *plane, PolkitContinue proceed,
                     sd_bus_error *ret_error) {
        BusContext *context = context_of(sd_bus_message_get_bus(call));

        return polkit_authorize(&context->polkit, &context->callers, call, action, plane->config->name, proceed,
                                context, ret_error);
}

static int method_set_bandwidth(sd_bus_message *call, void *userdata, sd_bus_error *ret_error) {
        return authorize(call, "org.migplane1.set-bandwidth", userdata, set_bandwidth_proceed, ret_error);
}

static int method_set_down(sd_bus_message *call, void *userdata, sd_bus_error *ret_error) {
        return authorize(call, "org.migplane1.manage", userdata, set_down_proceed, ret_error);
}

// --- the vtable ---

static const sd_bus_vtable start = SD_BUS_VTABLE_START(0);
static const sd_bus_vtable methods[] = {
        SD_BUS_METHOD_WITH_ARGS("SetBandwidth",
                                SD_BUS_ARGS("t", egress_bits_per_second, "t", ingress_bits_per_second, "b", runtime),
                                SD_BUS_NO_RESULT, method_set_bandwidth, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("SetCaps", SD_BUS_ARGS("a{sv}", caps), SD_BUS_NO_RESULT, method_set_bandwidth,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Down", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, method_set_down, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Release", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, method_set_down,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Up", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, method_set_down, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Verify", SD_BUS_NO_ARGS, SD_BUS_RESULT("a(ssss)", findings), method_verify,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};

static uint64_t property_flags(const Property *property) {
        // Nothing tells the daemon of an edit.
        if (property->kind == PROPERTY_EDITED)
                return 0;
        return property->is_counter ? SD_BUS_VTABLE_PROPERTY_EXPLICIT : SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE;
}

sd_bus_vtable *plane_object_new_vtable(void) {
        size_t n;
        const Property *properties = properties_all(&n);
        sd_bus_vtable *vtable = calloc(1 + n + ELEMENTSOF(methods), sizeof(*vtable));

        if (!vtable)
                return NULL;
        vtable[0] = start;
        for (size_t i = 0; i < n; i++)
                vtable[1 + i] = (sd_bus_vtable)SD_BUS_PROPERTY(properties[i].name, properties[i].signature,
                                                               get_property, 0, property_flags(&properties[i]));
        memcpy(&vtable[1 + n], methods, sizeof(methods));
        return vtable;
}

static int enumerate(sd_bus *bus _unused_, const char *prefix _unused_, void *userdata, char ***ret_nodes,
                     sd_bus_error *ret_error _unused_) {
        const BusContext *context = userdata;
        const PlaneSet *planes = &context->manager->planes;
        char **nodes = calloc(planes->n_planes + 1, sizeof(*nodes));

        if (!nodes)
                return -ENOMEM;
        for (size_t i = 0; i < planes->n_planes; i++) {
                int r = plane_object_path(planes->planes[i], &nodes[i]);
                if (r < 0) {
                        for (size_t j = 0; j < i; j++)
                                free(nodes[j]);
                        free(nodes);
                        return r;
                }
        }
        *ret_nodes = nodes;
        return 0;
}

int plane_object_add(sd_bus *bus, const sd_bus_vtable *vtable, BusContext *context) {
        int r = sd_bus_add_fallback_vtable(bus, NULL, BUS_PATH_PLANES, BUS_INTERFACE_PLANE, vtable, plane_find,
                                           context);
        return r < 0 ? r : sd_bus_add_node_enumerator(bus, NULL, BUS_PATH_PLANES, enumerate, context);
}
