// One check of one plane while it is made.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "audit/check.h"

#include <stdarg.h>

#include "audit/finding.h"
#include "base/error.h"
#include "base/text.h"
#include "base/util.h"
#include "engine/plane-facts.h"
#include "engine/snapshot.h"
#include "kernel/link.h"
#include "model/object.h"
#include "model/plan.h"
#include "model/state.h"

enum { OPERATIONS_TOLD_MAX = 3 };

void check_say(Check *check, Verdict verdict, const char *format, ...) {
        char sentence[CHECK_TEXT_MAX], before[CHECK_TEXT_MAX] = "";
        bool graver = verdict > check->verdict;
        va_list arguments;

        if (verdict < check->verdict && verdict == VERDICT_OK)
                return;
        va_start(arguments, format);
        text_vformat(sentence, sizeof(sentence), format, arguments);
        va_end(arguments);
        text_make_printable(sentence); // names are arbitrary bytes

        if (!graver || check->verdict != VERDICT_OK)
                strcpy_fixed(before, check->text);
        const char *first = graver ? sentence : before, *second = graver ? before : sentence;
        text_format(check->text, sizeof(check->text), "%s%s%s", first, first[0] && second[0] ? "; " : "", second);
        if (graver)
                check->verdict = verdict;
}

void check_say_unseen(Check *check, Verdict gravest, const Error *error) {
        check_say(check, gravest, "cannot be checked: %s", error->text);
}

size_t check_say_differences(Check *check, CheckFilter is_about) {
        const Plan *plan = &check->snapshot->plan;
        size_t n = 0, n_objects = 0;

        for (size_t i = 0; i < plan->n_operations; i++) {
                char text[256];
                if (!plane_facts_cover(check->facts, &plan->operations[i]) ||
                    !is_about(check, operation_object(&plan->operations[i])))
                        continue;
                operation_format(&plan->operations[i], text, sizeof(text));
                if (n++ < OPERATIONS_TOLD_MAX)
                        check_say(check, VERDICT_FAILED, "to be done: %s", text);
        }
        if (n > OPERATIONS_TOLD_MAX)
                check_say(check, VERDICT_FAILED, "and %zu more, see migplanectl plan %s", n - OPERATIONS_TOLD_MAX,
                          check->config->name);

        const State *desired = &check->snapshot->desired;
        for (size_t i = 0; i < desired->n_objects; i++)
                n_objects += plane_facts_cover(check->facts, &(Operation){ .desired = &desired->objects[i] }) &&
                             is_about(check, &desired->objects[i]);
        return n_objects;
}

const char *check_link_name(const Check *check, int ifindex, char ret[static IFNAMSIZ + 8]) {
        const Link *link = inventory_find_index(&check->snapshot->inventory, ifindex);

        if (link)
                (void)snprintf(ret, IFNAMSIZ + 8, "%s", link->name);
        else
                (void)snprintf(ret, IFNAMSIZ + 8, "link %d", ifindex);
        return ret;
}
