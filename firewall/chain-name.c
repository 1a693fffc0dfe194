// The names of chains and counters.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "firewall/chain-name.h"

// Stands before a name that does not start with a letter. It is never the start of a spelled character, which is '/'
// and two hex digits.
#define FIRST_LETTER "x//"

static bool is_letter(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_plain(char c) {
        return is_letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

const char *chain_name_spell_link(const char *link, char ret[static LINK_SPELLING_MAX]) {
        size_t n = 0;

        if (!is_letter(link[0]))
                n = (size_t)snprintf(ret, LINK_SPELLING_MAX, FIRST_LETTER);
        for (; *link && n + 3 < LINK_SPELLING_MAX; link++)
                n += (size_t)snprintf(ret + n, LINK_SPELLING_MAX - n, is_plain(*link) ? "%c" : "/%02x",
                                      (unsigned char)*link);
        return ret;
}

const char *chain_name_format(const char *link, const char *suffix, char ret[static CHAIN_NAME_MAX]) {
        char spelling[LINK_SPELLING_MAX];

        (void)snprintf(ret, CHAIN_NAME_MAX, "%s-%s", chain_name_spell_link(link, spelling), suffix);
        return ret;
}

bool chain_name_is_plain(const char *name) {
        if (!is_letter(name[0]) || strlen(name) >= CHAIN_NAME_MAX)
                return false;
        while (is_plain(*name) || *name == '/')
                name++;
        return *name == '\0';
}

static int hex_digit(char c) {
        return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// The inverse of chain_name_spell_link for the first size bytes; false where they are not a spelling.
static bool link_unspell(const char *spelling, size_t size, char ret[static IFNAMSIZ]) {
        const char *end = spelling + size;
        size_t n = 0;
        bool has_start = size >= strlen(FIRST_LETTER) && strncmp(spelling, FIRST_LETTER, strlen(FIRST_LETTER)) == 0;

        if (has_start)
                spelling += strlen(FIRST_LETTER);
        while (spelling < end && n + 1 < IFNAMSIZ) {
                if (*spelling != '/') {
                        ret[n++] = *spelling++;
                        continue;
                }
                int high = end - spelling >= 3 ? hex_digit(spelling[1]) : -1;
                int low = high >= 0 ? hex_digit(spelling[2]) : -1;
                if (low < 0)
                        break;
                ret[n++] = (char)(high << 4 | low);
                spelling += 3;
        }
        ret[n] = '\0';
        // Planes that are unread have no link, and one counter together.
        return (n > 0 || has_start) && spelling == end;
}

bool chain_name_is_guard(const char *name) {
        const char *suffix = strrchr(name, '-');

        return suffix && streq(suffix, "-" CHAIN_GUARD);
}

void chain_name_parse(const char *name, char ret_link[static IFNAMSIZ]) {
        const char *dash = strrchr(name, '-');

        if (!dash || (!streq(dash, "-in") && !streq(dash, "-out")) ||
            !link_unspell(name, (size_t)(dash - name), ret_link))
                ret_link[0] = '\0';
}

// The last '-' before end, or NULL.
static const char *dash_before(const char *name, const char *end) {
        while (end > name)
                if (*--end == '-')
                        return end;
        return NULL;
}

bool chain_name_parse_counter(const char *name, char ret_link[static IFNAMSIZ], bool *ret_is_outgoing,
                              const char **ret_reason) {
        const char *reason = dash_before(name, name + strlen(name));
        const char *way = reason ? dash_before(name, reason) : NULL;
        char link[IFNAMSIZ];

        if (!way || !link_unspell(name, (size_t)(way - name), link))
                return false;

        bool is_outgoing = strncmp(way, "-out-", 5) == 0;
        if (!is_outgoing && strncmp(way, "-in-", 4) != 0)
                return false;

        memcpy(ret_link, link, IFNAMSIZ);
        *ret_is_outgoing = is_outgoing;
        *ret_reason = reason + 1;
        return true;
}
