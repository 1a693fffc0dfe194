// The same plane as a script of ip, tc, sysctl and nft, as an administrator would write it.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// Two things cannot be said there as we say them: tc spells a MAC in its own way only, with keys at other offsets, and
// ip (6.1) cannot give an address a protocol. The rest is what migplane makes, and its look finds it so.

#include <linux/if_ether.h>
#include <linux/pkt_sched.h>

#include "base/inet.h"
#include "base/names.h"
#include "base/util.h"
#include "bench.h"

// Which program makes an object of this kind.
static const char *program_of(ObjectKind kind) {
        switch (kind) {
        case OBJECT_LINK:
        case OBJECT_ADDRESS:
        case OBJECT_IFB_UP:
        case OBJECT_LINK_UP:
        case OBJECT_NEIGHBOUR:
        case OBJECT_ROUTE:
                return "ip";
        case OBJECT_QDISC:
        case OBJECT_CLASS:
        case OBJECT_LEAF:
        case OBJECT_FILTER:
                return "tc";
        case OBJECT_SYSCTL:
                return "sysctl";
        case OBJECT_RULESET:
        case OBJECT_KIND_MAX:
                return "nft";
        }
        return "";
}

static void mac_print(const MacAddress *mac, FILE *file) {
        for (size_t i = 0; i < sizeof(mac->bytes); i++)
                fprintf(file, "%s%02x", i ? ":" : "", mac->bytes[i]);
}

static void link_print(const Object *object, const char *separator, FILE *file) {
        const LinkObject *link = &object->as_link;

        switch (link->type) {
        case LINK_VLAN:
                fprintf(file, "link add link %s name %s type vlan id %u", link->parent, object->link, link->vlan_id);
                break;
        case LINK_MACVLAN:
                fprintf(file, "link add link %s name %s address ", link->parent, object->link);
                mac_print(&link->mac, file);
                fputs(" type macvlan mode private", file);
                break;
        case LINK_IFB:
                fprintf(file, "link add %s type ifb", object->link);
                break;
        case LINK_DEVICE:
                break;
        }
        fprintf(file, "%slink set dev %s alias %s", separator, object->link, link->alias);
}

static void qdisc_print(const Object *object, FILE *file) {
        const QdiscObject *qdisc = &object->as_qdisc;

        fprintf(file, "qdisc add dev %s ", object->link);
        switch (qdisc->type) {
        case QDISC_HTB:
                fprintf(file, "root handle %x: htb default %x direct_qlen %u", TC_H_MAJ(qdisc->handle) >> 16,
                        qdisc->default_class, qdisc->limit);
                break;
        case QDISC_CLSACT:
                fputs("clsact", file);
                break;
        case QDISC_FQ_CODEL:
        case QDISC_PFIFO:
                fprintf(file, "parent %x:%x handle %x: %s limit %u", TC_H_MAJ(qdisc->parent) >> 16,
                        TC_H_MIN(qdisc->parent), TC_H_MAJ(qdisc->handle) >> 16,
                        qdisc->type == QDISC_PFIFO ? "pfifo" : "fq_codel", qdisc->limit);
                break;
        case QDISC_FOREIGN:
                break;
        }
}

static void class_print(const Object *object, FILE *file) {
        const ClassObject *class = &object->as_class;
        unsigned long long burst = bytes_from_ticks(class->burst, class->rate);

        fprintf(file, "class add dev %s parent %x:", object->link, OUR_QDISC_HANDLE >> 16);
        if (class->parent != TC_H_ROOT)
                fprintf(file, "%x", TC_H_MIN(class->parent));
        fprintf(file, " classid %x:%x htb rate %llubps ceil %llubps burst %llub cburst %llub quantum %u",
                OUR_QDISC_HANDLE >> 16, TC_H_MIN(class->classid), (unsigned long long)class->rate,
                (unsigned long long)class->ceil, burst, burst, class->quantum);
}

static void filter_print(const Object *object, FILE *file) {
        const FilterObject *filter = &object->as_filter;
        bool is_ipv6 = filter->protocol == ETH_P_IPV6;

        fprintf(file, "filter add dev %s ingress protocol %s prio %u handle %u bpf bytecode \"%zu", object->link,
                is_ipv6 ? "ipv6" : "ip", OUR_FILTER_PRIORITY + 2 + is_ipv6, filter->part + 1U, filter->n_instructions);
        for (size_t i = 0; i < filter->n_instructions; i++)
                fprintf(file, ",%u %u %u %u", filter->program[i].code, filter->program[i].jt, filter->program[i].jf,
                        filter->program[i].k);
        fprintf(file, "\" action mirred egress redirect dev %s", filter->target);
}

static void object_arguments_print(const Object *object, const char *separator, FILE *file) {
        char text[PREFIX_TEXT_MAX];

        switch (object->kind) {
        case OBJECT_LINK:
                link_print(object, separator, file);
                break;
        case OBJECT_ADDRESS:
                fprintf(file, "address add %s dev %s", prefix_format(&object->as_address.prefix, text), object->link);
                break;
        case OBJECT_IFB_UP:
        case OBJECT_LINK_UP:
                fprintf(file, "link set dev %s up", object->link);
                break;
        case OBJECT_QDISC:
        case OBJECT_LEAF:
                qdisc_print(object, file);
                break;
        case OBJECT_CLASS:
                class_print(object, file);
                break;
        case OBJECT_FILTER:
                filter_print(object, file);
                break;
        case OBJECT_SYSCTL:
                fprintf(file, "net/%s=%lld", object->as_sysctl.item, (long long)object->as_sysctl.value);
                break;
        case OBJECT_RULESET:
        case OBJECT_NEIGHBOUR: // the planes that are measured have none
        case OBJECT_ROUTE:
        case OBJECT_KIND_MAX:
                break;
        }
}

static int ruleset_write(const Script *script, const char *directory) {
        char path[256];

        (void)snprintf(path, sizeof(path), "%s/ruleset", directory);
        _cleanup_fclose_ FILE *file = fopen(path, "we");
        return !file || fputs(script_ruleset(script), file) < 0 ? -EIO : 0;
}

int shell_print(const State *desired, const Script *script, const char *directory, bool batched, FILE *file) {
        const char *batch = "";

        fputs("#!/bin/sh\nset -e\n", file);
        for (size_t i = 0; i < desired->n_objects; i++) {
                const Object *object = &desired->objects[i];
                const char *program = program_of(object->kind), *separator = batched ? "\n" : "\nip ";
                bool starts = !streq(program, batch);

                // A link that is there, and the parent that is up.
                if ((object->kind == OBJECT_LINK && object->as_link.type == LINK_DEVICE) ||
                    (object->kind == OBJECT_LINK_UP && object->as_link_up.role == LINK_ROLE_PARENT))
                        continue;
                if (batched && starts && batch[0] && !streq(batch, "nft"))
                        fputs("END\n", file);
                batch = program;
                if (streq(program, "nft")) {
                        if (starts)
                                fprintf(file, "nft -f %s/ruleset\n", directory);
                        continue;
                }
                if (batched && starts)
                        fprintf(file, streq(program, "sysctl") ? "sysctl -q -p - <<END\n" : "%s -batch - <<END\n",
                                program);
                if (!batched)
                        fprintf(file, streq(program, "sysctl") ? "sysctl -qw " : "%s ", program);
                object_arguments_print(object, separator, file);
                fputc('\n', file);
        }
        if (batched)
                fputs("END\n", file);
        return ruleset_write(script, directory);
}
