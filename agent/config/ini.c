// Lines of systemd.syntax(7) text.
// SPDX-License-Identifier: GPL-2.0-or-later
//
// A reader of our own, because no library reads what systemd reads: libinih cuts lines at 200 bytes, treats " ;" within
// a value as a comment and an indented line as a continuation; libeconf crashes on a file that is masked by /dev/null
// and loses repeated sections; GKeyFile and iniparser keep only the last of several assignments. Operators know
// systemd's rules, so these apply to the letter:
//
// * '#' and ';' begin a comment only as the first character of a line, white space aside.
// * A backslash that ends a line (and is not itself behind a backslash) joins the next line to it, with a space instead
//   of the backslash. Comment lines in between are skipped.
// * White space around section, key and value is dropped; nothing is unquoted or unescaped.
//
// A continued line is joined in place: the result is never longer than its parts. The reader is stricter than systemd,
// which warns and goes on: a line that is neither section nor assignment is an error, because half a configuration may
// leave out the isolation.

#include "config/ini.h"

#include "base/error.h"
#include "base/util.h"

#define WHITESPACE " \t\n\r"

static bool is_utf8(const char *text, size_t size) {
        for (size_t i = 0, n; i < size; i += n) {
                n = utf8_sequence_length(text + i, size - i);
                if (n == 0)
                        return false;
        }
        return true;
}

static char *strip(char *text) {
        text += strspn(text, WHITESPACE);
        for (size_t n = strlen(text); n > 0 && strchr(WHITESPACE, text[n - 1]); n--)
                text[n - 1] = '\0';
        return text;
}

void ini_init(Ini *ini, char *text, size_t size) {
        size_t skip = strncmp(text, INI_BOM, strlen(INI_BOM)) == 0 ? strlen(INI_BOM) : 0;

        *ini = (Ini){ .next = text + skip, .end = text + size, .next_line = 1 };
}

// Takes the next line of the file without its end ("\n" or "\r\n"); false at the end of the text.
static bool take_physical_line(Ini *ini, char **ret_line, size_t *ret_length) {
        if (ini->next >= ini->end)
                return false;

        char *line = ini->next, *feed = memchr(line, '\n', (size_t)(ini->end - line));
        size_t length = (size_t)((feed ?: ini->end) - line);
        ini->next = feed ? feed + 1 : ini->end;
        ini->next_line++;

        *ret_line = line;
        *ret_length = length > 0 && line[length - 1] == '\r' ? length - 1 : length;
        return true;
}

static bool is_comment(const char *line, size_t length) {
        while (length > 0 && (*line == ' ' || *line == '\t' || *line == '\r'))
                line++, length--;
        return length > 0 && (*line == '#' || *line == ';');
}

static bool is_continued(const char *line, const char *end) {
        size_t n = 0;

        while (end - n > line && end[-1 - (ptrdiff_t)n] == '\\')
                n++;
        return n % 2 == 1;
}

// Takes the next line that is not a comment, with its continuations; NULL at the end of the text.
static char *take_line(Ini *ini, size_t *ret_length) {
        char *start = NULL, *end = NULL, *line;
        size_t length;

        while (take_physical_line(ini, &line, &length)) {
                if (is_comment(line, length))
                        continue;
                if (!start) {
                        start = end = line;
                        ini->line = ini->next_line - 1;
                }
                memmove(end, line, length);
                end += length;
                if (!is_continued(start, end))
                        break;
                end[-1] = ' ';
        }
        if (!start)
                return NULL;

        *end = '\0';
        *ret_length = (size_t)(end - start);
        return start;
}

static int parse_section(Ini *ini, char *line, Error *ret_error) {
        size_t n = strlen(line);

        if (line[n - 1] != ']')
                return error_set(ret_error, -EBADMSG, "the section header does not end in ']'; write [Section]");
        line[n - 1] = '\0';
        if (line[1] == '\0')
                return error_set(ret_error, -EBADMSG, "the section header has no name; write [Section]");

        ini->name = line + 1;
        ini->value = NULL;
        return INI_SECTION;
}

static int parse_assignment(Ini *ini, char *line, Error *ret_error) {
        char *equals = strchr(line, '=');

        if (!equals)
                return error_set(ret_error, -EBADMSG, "'=' is missing; write Key=Value, a [Section] or a # comment");
        *equals = '\0';
        line = strip(line);
        if (line[0] == '\0')
                return error_set(ret_error, -EBADMSG, "the key before '=' is missing; write Key=Value");

        ini->name = line;
        ini->value = strip(equals + 1);
        return INI_ASSIGNMENT;
}

int ini_next(Ini *ini, Error *ret_error) {
        char *line;
        size_t length;

        while ((line = take_line(ini, &length))) {
                if (memchr(line, '\0', length)) {
                        ini->next = ini->end;
                        return error_set(ret_error, -EBADMSG,
                                         "the line has a NUL byte: this is not a text file, and the rest is not read");
                }
                if (length > INI_LINE_MAX)
                        return error_set(ret_error, -EBADMSG,
                                         "the line is longer than %d bytes; use several assignments", INI_LINE_MAX);
                if (!is_utf8(line, length))
                        return error_set(ret_error, -EBADMSG, "the line is not valid UTF-8; save the file as UTF-8");

                line = strip(line);
                if (line[0] != '\0')
                        return line[0] == '[' ? parse_section(ini, line, ret_error)
                                              : parse_assignment(ini, line, ret_error);
        }
        return INI_END;
}
