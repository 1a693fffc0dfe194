// Values of the configuration and the command line, to and from text.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "base/parse.h"

#include <inttypes.h>
#include <net/if.h>
#include <strings.h>

#include "base/names.h"
#include "base/util.h"

enum { EVENT_RATE_MAX = 100 };

// The power of ten of each letter, the largest first.
static const struct {
        char letter;
        unsigned exponent;
} rate_units[] = { { 'T', 12 }, { 'G', 9 }, { 'M', 6 }, { 'K', 3 }, { '\0', 0 } };

static bool is_digit(char c) {
        return c >= '0' && c <= '9';
}

static bool is_letter(char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

// A number that does not fit becomes UINT64_MAX, which is out of every range here.
static void push_digit(uint64_t *number, char digit) {
        if (__builtin_mul_overflow(*number, UINT64_C(10), number) ||
            __builtin_add_overflow(*number, (uint64_t)(digit - '0'), number))
                *number = UINT64_MAX;
}

// Appends the decimal digits at *text to *number and moves *text past them; returns their number.
static unsigned scan_digits(const char **text, uint64_t *number) {
        unsigned n = 0;

        for (; is_digit(**text); n++)
                push_digit(number, *(*text)++);
        return n;
}

static uint64_t power_of_ten(unsigned exponent) {
        uint64_t power = 1;

        while (exponent-- > 0)
                power *= 10;
        return power;
}

static int rate_exponent(const char *text) {
        for (size_t i = 0; i < ELEMENTSOF(rate_units); i++)
                if (strncasecmp(text, &rate_units[i].letter, 1) == 0)
                        return text[0] == '\0' || text[1] == '\0' ? (int)rate_units[i].exponent : -EINVAL;
        return -EINVAL;
}

// Reads the digits after the decimal point except for trailing zeros; returns the number of digits read, or -EINVAL.
static int scan_fraction(const char **text, uint64_t *number) {
        size_t n = strspn(*text, "0123456789"), n_significant = n;

        if (n == 0)
                return -EINVAL;
        while (n_significant > 0 && (*text)[n_significant - 1] == '0')
                n_significant--;
        if (n_significant > rate_units[0].exponent)
                return -EINVAL;
        for (size_t i = 0; i < n_significant; i++)
                push_digit(number, (*text)[i]);
        *text += n;
        return (int)n_significant;
}

// "2.50G" is read as the number 25 with one decimal, times 10^9.
int parse_rate(const char *text, uint64_t *ret_bits_per_second) {
        uint64_t number = 0;
        int decimals = 0;

        if (scan_digits(&text, &number) == 0)
                return -EINVAL;
        if (*text == '.') {
                text++;
                decimals = scan_fraction(&text, &number);
                if (decimals < 0)
                        return decimals;
        }

        int exponent = rate_exponent(text);
        if (exponent < 0 || decimals > exponent)
                return -EINVAL;
        if (__builtin_mul_overflow(number, power_of_ten((unsigned)(exponent - decimals)), &number) ||
            number < RATE_MIN_BITS_PER_SECOND || number > RATE_MAX_BITS_PER_SECOND)
                return -ERANGE;

        *ret_bits_per_second = number;
        return 0;
}

int parse_boolean(const char *text, bool *ret) {
        static const struct {
                const char *word;
                bool value;
        } words[] = {
                { "1", true },  { "yes", true }, { "y", true },  { "true", true },   { "t", true },  { "on", true },
                { "0", false }, { "no", false }, { "n", false }, { "false", false }, { "f", false }, { "off", false },
        };

        for (size_t i = 0; i < ELEMENTSOF(words); i++)
                if (strcasecmp(text, words[i].word) == 0) {
                        *ret = words[i].value;
                        return 0;
                }
        return -EINVAL;
}

int parse_unsigned(const char *text, uint64_t min, uint64_t max, uint64_t *ret) {
        uint64_t number = 0;

        if (scan_digits(&text, &number) == 0 || *text != '\0')
                return -EINVAL;
        if (number < min || number > max)
                return -ERANGE;

        *ret = number;
        return 0;
}

static const struct {
        const char *name;
        uint32_t seconds;
} event_rate_units[] = { { "second", 1 }, { "minute", 60 }, { "hour", 60 * 60 }, { "day", 24 * 60 * 60 } };

const char *event_rate_unit(uint32_t seconds) {
        for (size_t i = 0; i < ELEMENTSOF(event_rate_units); i++)
                if (event_rate_units[i].seconds == seconds)
                        return event_rate_units[i].name;
        return NULL;
}

int parse_event_rate(const char *text, uint32_t *ret_count, uint32_t *ret_seconds) {
        uint64_t count = 0;

        if (scan_digits(&text, &count) == 0 || *text != '/')
                return -EINVAL;
        for (size_t i = 0; i < ELEMENTSOF(event_rate_units); i++)
                if (streq(text + 1, event_rate_units[i].name)) {
                        if (count < 1 || count > EVENT_RATE_MAX)
                                return -ERANGE;
                        *ret_count = (uint32_t)count;
                        *ret_seconds = event_rate_units[i].seconds;
                        return 0;
                }
        return -EINVAL;
}

bool interface_name_is_valid(const char *name) {
        // Below /proc/sys/net, "all" and "default" mean every device: never written by the daemon.
        static const char *const reserved[] = { ".", "..", "all", "default" };

        size_t n = strlen(name);
        if (n == 0 || n >= IFNAMSIZ)
                return false;
        for (size_t i = 0; i < n; i++)
                if (name[i] <= ' ' || name[i] > '~' || strchr("/:%\"'*\\", name[i]))
                        return false;
        for (size_t i = 0; i < ELEMENTSOF(reserved); i++)
                if (streq(name, reserved[i]))
                        return false;
        return true;
}

bool plane_name_is_valid(const char *name) {
        size_t n = strlen(name);

        if (n == 0 || n > 64 || name[0] == '.' || name[0] == '-')
                return false;
        for (size_t i = 0; i < n; i++)
                if (!is_letter(name[i]) && !is_digit(name[i]) && !strchr("-_.", name[i]))
                        return false;
        return true;
}

// The rate in one unit, which must not be larger than the rate: "2.5G".
static int format_rate_unit(uint64_t rate, char letter, unsigned exponent, char ret[static RATE_TEXT_MAX]) {
        uint64_t unit = power_of_ten(exponent), fraction = rate % unit;
        unsigned decimals = exponent;

        for (; decimals > 0 && fraction % 10 == 0; decimals--)
                fraction /= 10;
        if (decimals == 0)
                return snprintf(ret, RATE_TEXT_MAX, "%" PRIu64 "%.1s", rate / unit, &letter);
        return snprintf(ret, RATE_TEXT_MAX, "%" PRIu64 ".%0*" PRIu64 "%.1s", rate / unit, (int)decimals, fraction,
                        &letter);
}

const char *format_rate(uint64_t bits_per_second, char ret[static RATE_TEXT_MAX]) {
        int shortest = RATE_TEXT_MAX;

        (void)snprintf(ret, RATE_TEXT_MAX, "%" PRIu64, bits_per_second);
        for (size_t i = 0; i < ELEMENTSOF(rate_units); i++) {
                char text[RATE_TEXT_MAX];
                if (bits_per_second < power_of_ten(rate_units[i].exponent))
                        continue;
                int n = format_rate_unit(bits_per_second, rate_units[i].letter, rate_units[i].exponent, text);
                if (n < shortest) {
                        memcpy(ret, text, sizeof(text));
                        shortest = n;
                }
        }
        return ret;
}
