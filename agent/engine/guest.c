// The name of a guest, as the cgroup of its QEMU tells it.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "engine/guest.h"

#include <ctype.h>

#include "base/util.h"

// A component of a path is PREFIX NAME SUFFIX.
static const struct {
        const char *parent, *prefix, *suffix;
        bool is_libvirt; // the name is "qemu-NUMBER-NAME", and what systemd does not allow in a unit's name is "\xHH"
} forms[] = {
        { NULL, "machine-", ".scope", true }, // libvirt, with systemd-machined
        { NULL, "", ".libvirt-qemu", true },  // libvirt, without
        { "qemu.slice", "", ".scope", false } // Proxmox: the guest's number
};

static int hex_digit(char c) {
        return isxdigit((unsigned char)c) ? (isdigit((unsigned char)c) ? c - '0' : (c | 0x20) - 'a' + 10) : -1;
}

static void unescape(char *text) {
        char *to = text;

        for (const char *from = text; *from; from++) {
                bool is_escaped =
                        from[0] == '\\' && from[1] == 'x' && hex_digit(from[2]) >= 0 && hex_digit(from[3]) >= 0;

                *to++ = is_escaped ? (char)(hex_digit(from[2]) << 4 | hex_digit(from[3])) : *from;
                if (is_escaped)
                        from += 3;
        }
        *to = '\0';
}

// What follows "qemu-NUMBER-"; NULL for another kind of machine.
static const char *libvirt_name(const char *name) {
        if (strncmp(name, "qemu-", 5) != 0)
                return NULL;
        size_t digits = strspn(name + 5, "0123456789");
        return digits > 0 && name[5 + digits] == '-' && name[6 + digits] ? name + 6 + digits : NULL;
}

static bool component_read(const char *component, const char *parent, char ret[static GUEST_NAME_MAX]) {
        for (size_t i = 0; i < ELEMENTSOF(forms); i++) {
                size_t n_prefix = strlen(forms[i].prefix), n = strlen(component);
                char name[256];

                if (strncmp(component, forms[i].prefix, n_prefix) != 0 || !has_suffix(component, forms[i].suffix) ||
                    n <= n_prefix + strlen(forms[i].suffix) || n >= sizeof(name) ||
                    (forms[i].parent && !streq(parent, forms[i].parent)))
                        continue;
                (void)snprintf(name, sizeof(name), "%.*s", (int)(n - n_prefix - strlen(forms[i].suffix)),
                               component + n_prefix);
                if (forms[i].is_libvirt)
                        unescape(name);
                const char *found = forms[i].is_libvirt ? libvirt_name(name) : name;
                if (!found)
                        continue;
                text_copy(ret, GUEST_NAME_MAX, found);
                (void)text_make_printable(ret);
                return true;
        }
        return false;
}

// Users make cgroups there, with any name.
static bool is_users(const char *path) {
        path += strspn(path, "/");
        return strncmp(path, "user.slice/", strlen("user.slice/")) == 0;
}

const char *guest_from_cgroup(const char *path, char ret[static GUEST_NAME_MAX]) {
        char component[256], parent[256] = "";

        ret[0] = '\0';
        if (is_users(path))
                return ret;
        while (*path) {
                size_t n = strcspn(path, "/");
                if (n > 0 && n < sizeof(component)) {
                        (void)snprintf(component, sizeof(component), "%.*s", (int)n, path);
                        if (component_read(component, parent, ret))
                                break;
                        memcpy(parent, component, sizeof(parent));
                }
                path += n + (path[n] == '/');
        }
        return ret;
}

bool guest_is_libvirt(const char *path) {
        return !is_users(path) && (has_suffix(path, "/libvirtd.service") || has_suffix(path, "/virtqemud.service"));
}
