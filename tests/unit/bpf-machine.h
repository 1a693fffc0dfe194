// A machine for classic BPF like the kernel's, and frames that differ a little.
// SPDX-License-Identifier: GPL-2.0-or-later
#pragma once

#include <linux/filter.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/inet.h"
#include "base/util.h"
#include "tc/selector.h"

// The verdict of a program. A load beyond the frame ends it, as in the kernel.
static inline bool program_takes(const Selector *selector, const uint8_t *frame, size_t size) {
        uint32_t a = 0;

        for (size_t at = 0; at < selector->size; at++) {
                const struct sock_filter *i = &selector->program[at];
                size_t width = BPF_SIZE(i->code) == BPF_W ? 4 : BPF_SIZE(i->code) == BPF_H ? 2 : 1;
                bool holds = false;

                switch (BPF_CLASS(i->code)) {
                case BPF_LD:
                        if (i->k + width > size)
                                return false;
                        a = 0;
                        for (size_t n = 0; n < width; n++)
                                a = a << 8 | frame[i->k + n];
                        break;
                case BPF_ALU:
                        assert_int_equal(i->code, BPF_ALU | BPF_AND | BPF_K);
                        a &= i->k;
                        break;
                case BPF_JMP:
                        if (BPF_OP(i->code) == BPF_JA) {
                                at += i->k;
                                break;
                        }
                        holds = BPF_OP(i->code) == BPF_JEQ   ? a == i->k
                                : BPF_OP(i->code) == BPF_JGT ? a > i->k
                                : BPF_OP(i->code) == BPF_JGE ? a >= i->k
                                                             : (a & i->k) != 0;
                        at += holds ? i->jt : i->jf;
                        break;
                case BPF_RET:
                        return i->k != 0;
                default:
                        fail_msg("instruction %#x", i->code);
                }
        }
        fail_msg("the program has no end");
        return false;
}

static inline Prefix prefix(const char *text) {
        Prefix parsed;

        assert_int_equal(prefix_parse(text, &parsed), 0);
        return parsed;
}

// What is changed in a frame, and whether that frame is taken.
typedef struct Change {
        const char *what;
        struct {
                size_t offset;
                uint8_t value;
        } bytes[8]; // a second change at offset 0 ends the list
        bool is_taken;
} Change;

static inline void frame_change(const Change *change, const uint8_t *frame, size_t size, uint8_t *ret) {
        memcpy(ret, frame, size);
        for (size_t i = 0; i < ELEMENTSOF(change->bytes) && (i == 0 || change->bytes[i].offset > 0); i++)
                ret[change->bytes[i].offset] = change->bytes[i].value;
}
