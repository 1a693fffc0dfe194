// migplanectl: terminals, pagers, colours and numbers for people.
// SPDX-License-Identifier: GPL-2.0-or-later

#include <langinfo.h>
#include <locale.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/log.h"
#include "base/parse.h"
#include "base/util.h"
#include "ctl/ctl.h"

static FILE *pager;
static unsigned columns; // of the terminal, also behind a pager; 0: no terminal

enum {
        KEY_WIDTH = 17,
        TEXT_WIDTH_MIN = 24, // in a narrower terminal no line is wrapped
};

void ctl_output_init(Ctl *ctl) {
        const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
        bool terminal = isatty(STDOUT_FILENO);

        (void)setlocale(LC_CTYPE, ""); // for the dots; numbers keep the form that scripts expect
        ctl->colours = terminal && !(no_color && no_color[0]) && !(term && streq(term, "dumb"));
        ctl->pager = ctl->pager && terminal;

        struct winsize size;
        if (terminal && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0)
                columns = size.ws_col;
}

// How many bytes of the text go into a line: up to the last space that fits, or the first word.
static size_t line_length(const char *text, size_t width) {
        size_t n = strcspn(text, " "), next;

        for (; text[n] == ' '; n = next) {
                next = n + 1 + strcspn(text + n + 1, " ");
                if (next > width)
                        break;
        }
        return n;
}

void ctl_line_print(const char *key, const char *text) {
        size_t width = columns >= KEY_WIDTH + TEXT_WIDTH_MIN ? columns - KEY_WIDTH : SIZE_MAX;

        for (bool first = true; first || text[0]; first = false) {
                size_t n = width == SIZE_MAX ? strlen(text) : line_length(text, width);
                (void)printf("%15s%c %.*s\n", first ? key : "", first && key[0] ? ':' : ' ', (int)n, text);
                text += n + (text[n] == ' ');
        }
}

static struct libscols_table *table_new(const Ctl *ctl, const CtlColumn *titles, size_t n_columns) {
        _cleanup_table_ struct libscols_table *table = scols_new_table();

        if (!table || scols_table_enable_colors(table, ctl->colours) < 0 ||
            scols_table_enable_noheadings(table, !ctl->legend) < 0)
                return NULL;
        // Standard output is the pager's pipe, and the terminal is behind it.
        if (columns > 0 && (scols_table_set_termforce(table, SCOLS_TERMFORCE_ALWAYS) < 0 ||
                            scols_table_set_termwidth(table, columns) < 0))
                return NULL;
        for (size_t i = 0; i < n_columns; i++)
                if (!scols_table_new_column(table, titles[i].title, 0, titles[i].flags))
                        return NULL;
        return TAKE(table);
}

int ctl_table_print(const Ctl *ctl, const CtlColumn *titles, size_t n_columns, const json_t *rows,
                    int (*add_row)(const Ctl *ctl, struct libscols_table *table, const json_t *row)) {
        _cleanup_table_ struct libscols_table *table = table_new(ctl, titles, n_columns);
        size_t i;
        json_t *row;
        int r = table ? 0 : -ENOMEM;

        json_array_foreach(rows, i, row)
                if (r == 0)
                        r = add_row(ctl, table, row);
        return r < 0 ? r : scols_print_table(table);
}

void ctl_pager_open(Ctl *ctl) {
        const char *command = getenv("PAGER");

        if (!ctl->pager || pager || (command && (!command[0] || streq(command, "cat"))))
                return;
        // LESS=F exits at once if the text fits on the screen. LESSSECURE: under sudo, less must not start a shell.
        (void)setenv("LESS", "FRSXMK", false);
        (void)setenv("LESSSECURE", "1", true);
        (void)fflush(stdout);
        pager = popen(command ? command : "command -v less >/dev/null && exec less; exec cat", "we");
        if (!pager)
                return;
        // Ctrl-C is for the pager: if this program died of it, the shell and the pager would both read the terminal.
        (void)signal(SIGINT, SIG_IGN);
        (void)dup2(fileno(pager), STDOUT_FILENO);
}

void ctl_pager_close(void) {
        if (!pager)
                return;
        (void)fflush(stdout);
        (void)close(STDOUT_FILENO);
        (void)pclose(pager);
        pager = NULL;
}

CtlExit ctl_json_print(const Ctl *ctl, const json_t *value) {
        size_t flags = ctl->json == CTL_JSON_PRETTY ? JSON_INDENT(2) : JSON_COMPACT;

        if (!value || json_dumpf(value, stdout, flags | JSON_ENCODE_ANY) < 0 || putchar('\n') == EOF ||
            fflush(stdout) != 0) {
                log_error("Cannot print the result: %s", strerror(value ? errno : ENOMEM));
                return CTL_FAILED;
        }
        return CTL_DONE;
}

const char *ctl_colour(const Ctl *ctl, CtlColour colour) {
        static const char *const sequences[CTL_COLOUR_MAX] = {
                [CTL_PLAIN] = "\033[0m",     [CTL_RED] = "\033[1;31m", [CTL_GREEN] = "\033[1;32m",
                [CTL_YELLOW] = "\033[1;33m", [CTL_GREY] = "\033[90m",
        };

        return ctl->colours ? sequences[colour] : "";
}

static const struct {
        const char *health;
        CtlColour colour;
        const char *dot, *ascii; // shapes differ as well, for people who do not see the colours
} healths[] = {
        { "healthy", CTL_GREEN, "●", "*" }, { "degraded", CTL_YELLOW, "●", "*" }, { "failed", CTL_RED, "×", "x" },
        { "unknown", CTL_GREY, "○", "o" },  { "down", CTL_GREY, "○", "o" },
};

const char *ctl_health_word(const json_t *plane) {
        return client_plane_is_down(plane) ? "down" : client_plane_string(plane, "Health");
}

CtlColour ctl_health_colour(const char *health) {
        for (size_t i = 0; i < ELEMENTSOF(healths); i++)
                if (streq(healths[i].health, health))
                        return healths[i].colour;
        return CTL_PLAIN;
}

const char *ctl_health_dot(const char *health) {
        bool utf8 = streq(nl_langinfo(CODESET), "UTF-8");

        for (size_t i = 0; i < ELEMENTSOF(healths); i++)
                if (streq(healths[i].health, health))
                        return utf8 ? healths[i].dot : healths[i].ascii;
        return "?";
}

const char *ctl_format_rate(uint64_t bits_per_second, char ret[static CTL_NUMBER_MAX]) {
        char text[RATE_TEXT_MAX];

        if (bits_per_second == 0) {
                (void)snprintf(ret, CTL_NUMBER_MAX, "not capped");
                return ret;
        }
        // "2.5G" is the number and its unit.
        (void)format_rate(bits_per_second, text);
        size_t digits = strspn(text, "0123456789.");
        (void)snprintf(ret, CTL_NUMBER_MAX, "%.*s %sbit/s", (int)digits, text, text + digits);
        return ret;
}

const char *ctl_format_bytes(uint64_t bytes, char ret[static CTL_NUMBER_MAX]) {
        static const char *const units[] = { "B", "kB", "MB", "GB", "TB", "PB", "EB" };
        double value = (double)bytes;
        size_t i = 0;

        for (; value >= 999.95 && i + 1 < ELEMENTSOF(units); i++)
                value /= 1000;
        (void)snprintf(ret, CTL_NUMBER_MAX, "%.*f %s", i > 0, value, units[i]);
        return ret;
}
