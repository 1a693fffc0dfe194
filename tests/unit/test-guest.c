// Which guest a cgroup is of.
// SPDX-License-Identifier: GPL-2.0-or-later

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/util.h"
#include "engine/guest.h"

#define LONG "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

static const struct {
        const char *path, *guest;
} cases[] = {
        { "machine.slice/machine-qemu\\x2d3\\x2dweb1.scope", "web1" },
        { "machine.slice/machine-qemu\\x2d3\\x2dweb1.scope/libvirt/emulator", "web1" },
        { "machine.slice/machine-qemu\\x2d12\\x2dweb\\x2dfront\\x2d2.scope/libvirt/vcpu0", "web-front-2" },
        { "machine/qemu-7-db.libvirt-qemu/emulator", "db" },
        { "qemu.slice/101.scope", "101" },
        { "", "" },
        { "system.slice/libvirtd.service", "" },
        { "user.slice/101.scope", "" },
        // A user makes cgroups below his own, with names that he likes.
        { "user.slice/user-1000.slice/user@1000.service/machine.slice/machine-qemu\\x2d1\\x2dweb1.scope", "" },
        { "user.slice/user-1000.slice/user@1000.service/qemu.slice/101.scope", "" },
        { "machine.slice/machine-lxc\\x2d3\\x2dweb1.scope", "" },
        { "machine.slice/machine-qemu\\x2d3\\x2d.scope", "" },
        { "machine.slice/machine-qemu\\x2dx\\x2dweb1.scope", "" },
        { "machine.slice/machine-qemu\\x2d3.scope", "" },
        { "machine.slice/machine-.scope", "" },
        { "qemu.slice/.scope", "" },
        // A guest's name is what its owner chose.
        { "machine.slice/machine-qemu\\x2d1\\x2d\\x1b\\x0a.scope", "??" },
        { "machine.slice/machine-qemu\\x2d1\\x2da\\x2.scope", "a\\x2" },
        { "machine.slice/machine-qemu\\x2d1\\x2d" LONG LONG ".scope",
          LONG "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa..." },
        { "machine.slice/machine-qemu\\x2d1\\x2d" LONG LONG LONG LONG ".scope", "" },
        { "//qemu.slice//7.scope", "7" },
};

static void test_the_guest_is_the_one_in_the_path(void **state _unused_) {
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                char guest[GUEST_NAME_MAX];

                assert_string_equal(guest_from_cgroup(cases[i].path, guest), cases[i].guest);
        }
}

int main(void) {
        static const struct CMUnitTest tests[] = { cmocka_unit_test(test_the_guest_is_the_one_in_the_path) };
        return cmocka_run_group_tests(tests, NULL, NULL);
}
