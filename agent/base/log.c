// Log lines to standard error.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "base/log.h"

#include <stdarg.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "base/util.h"

static int max_level = LOG_INFO;

static const char *const level_names[] = {
        [LOG_EMERG] = "emerg",     [LOG_ALERT] = "alert",   [LOG_CRIT] = "crit", [LOG_ERR] = "err",
        [LOG_WARNING] = "warning", [LOG_NOTICE] = "notice", [LOG_INFO] = "info", [LOG_DEBUG] = "debug",
};

void log_set_max_level(int level) {
        max_level = level;
}

int log_get_max_level(void) {
        return max_level;
}

bool log_is_journal(void) {
        static int is_journal = -1;
        const char *stream = getenv("JOURNAL_STREAM");
        unsigned long long device, inode;
        struct stat status;

        if (is_journal < 0)
                is_journal = stream && sscanf(stream, "%llu:%llu", &device, &inode) == 2 &&
                             fstat(STDERR_FILENO, &status) >= 0 && status.st_dev == device && status.st_ino == inode;
        return is_journal;
}

void log_line(int level, const char *format, ...) {
        if (level > max_level)
                return;

        char line[2048];
        va_list arguments;
        va_start(arguments, format);
        text_vformat(line, sizeof(line), format, arguments);
        va_end(arguments);
        // Names of processes, links and files are what others choose.
        (void)text_make_printable(line);

        if (log_is_journal())
                (void)fprintf(stderr, "<%d>%s\n", level, line);
        else
                (void)fprintf(stderr, "%s\n", line);
}

const char *log_level_to_string(int level) {
        return level >= 0 && level < (int)ELEMENTSOF(level_names) ? level_names[level] : "?";
}

int log_level_from_string(const char *name) {
        for (size_t i = 0; i < ELEMENTSOF(level_names); i++)
                if (strcasecmp(level_names[i], name) == 0 || (name[0] == (char)('0' + i) && !name[1]))
                        return (int)i;
        return -EINVAL;
}
