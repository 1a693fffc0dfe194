// Values of the configuration and the command line, to and from text.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "base/parse.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <net/if.h>
#include <strings.h>

#include "base/names.h"
#include "base/util.h"

enum { EVENT_RATE_MAX = 100 };

// Powers of ten that the letters stand for, the largest first.
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

static int hex_value(char c) {
        if (is_digit(c))
                return c - '0';
        if (c >= 'a' && c <= 'f')
                return c - 'a' + 10;
        return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -EINVAL;
}

// A number that does not fit stays UINT64_MAX, which is out of every range we have.
static void push_digit(uint64_t *number, char digit) {
        if (__builtin_mul_overflow(*number, UINT64_C(10), number) ||
            __builtin_add_overflow(*number, (uint64_t)(digit - '0'), number))
                *number = UINT64_MAX;
}

// Appends the decimal digits at *text to *number and moves *text behind them; returns how many there were.
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

// Reads what is behind the decimal point, without trailing zeros, which say nothing; returns how many digits count.
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

// "2.50G" is read as 25, of which one digit stands behind the point, and as 10^9.
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

int parse_address(const char *text, Address *ret) {
        Address address = { .family = strchr(text, ':') ? AF_INET6 : AF_INET };

        if (inet_pton(address.family, text, address.bytes) != 1)
                return -EINVAL;

        *ret = address;
        return 0;
}

int parse_prefix(const char *text, Prefix *ret) {
        const char *slash = strchrnul(text, '/');
        char address[ADDRESS_TEXT_MAX];
        uint64_t length;
        Prefix prefix;

        size_t n = (size_t)(slash - text);
        if (n >= sizeof(address))
                return -EINVAL;
        memcpy(address, text, n);
        address[n] = '\0';
        int r = parse_address(address, &prefix.address);
        if (r < 0)
                return r;

        length = address_bits(prefix.address.family);
        if (*slash == '/') {
                r = parse_unsigned(slash + 1, 0, length, &length);
                if (r < 0)
                        return r;
        }

        prefix.length = (uint8_t)length;
        *ret = prefix;
        return 0;
}

int parse_mac(const char *text, MacAddress *ret) {
        MacAddress mac;

        for (size_t i = 0; i < sizeof(mac.bytes); i++, text += 3) {
                int high = hex_value(text[0]), low = high < 0 ? -EINVAL : hex_value(text[1]);
                if (low < 0 || text[2] != (i + 1 < sizeof(mac.bytes) ? ':' : '\0'))
                        return -EINVAL;
                mac.bytes[i] = (uint8_t)(high << 4 | low);
        }

        *ret = mac;
        return 0;
}

int parse_port_range(const char *text, PortRange *ret) {
        uint64_t first = 0, last = 0;

        if (scan_digits(&text, &first) == 0)
                return -EINVAL;
        last = first;
        if (*text == '-') {
                text++;
                last = 0;
                if (scan_digits(&text, &last) == 0)
                        return -EINVAL;
        }
        if (*text != '\0')
                return -EINVAL;
        if (first < 1 || first > last || last > UINT16_MAX)
                return -ERANGE;

        *ret = (PortRange){ (uint16_t)first, (uint16_t)last };
        return 0;
}

bool interface_name_is_valid(const char *name) {
        // "all" and "default" stand for every device below /proc/sys/net, where we must never write.
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

// The rate in one unit: "2.5G"; the unit must not be larger than the rate.
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

const char *format_address(const Address *address, char ret[static ADDRESS_TEXT_MAX]) {
        if (!inet_ntop(address->family, address->bytes, ret, ADDRESS_TEXT_MAX))
                (void)snprintf(ret, ADDRESS_TEXT_MAX, "none"); // AF_UNSPEC
        return ret;
}

const char *format_prefix(const Prefix *prefix, char ret[static PREFIX_TEXT_MAX]) {
        char address[ADDRESS_TEXT_MAX];

        (void)snprintf(ret, PREFIX_TEXT_MAX, "%s/%u", format_address(&prefix->address, address), prefix->length);
        return ret;
}

const char *format_mac(const MacAddress *mac, char ret[static MAC_TEXT_MAX]) {
        const uint8_t *b = mac->bytes;

        (void)snprintf(ret, MAC_TEXT_MAX, "%02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3], b[4], b[5]);
        return ret;
}

int address_compare(const Address *a, const Address *b) {
        if (a->family != b->family)
                return a->family < b->family ? -1 : 1;
        return memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

int prefix_compare(const Prefix *a, const Prefix *b) {
        int r = address_compare(&a->address, &b->address);

        return r != 0 ? r : (int)a->length - (int)b->length;
}

// The network of this length that the address is in.
static Address address_mask(const Address *address, unsigned length) {
        Address masked = *address;

        for (unsigned i = 0; i < sizeof(masked.bytes); i++) {
                unsigned bits = length > i * 8 ? length - i * 8 : 0;
                if (bits < 8)
                        masked.bytes[i] &= (uint8_t)(0xff00U >> bits);
        }
        return masked;
}

Prefix prefix_network(const Prefix *prefix) {
        return (Prefix){ address_mask(&prefix->address, prefix->length), prefix->length };
}

static bool networks_equal(const Address *a, const Address *b, unsigned length) {
        Address network_a = address_mask(a, length), network_b = address_mask(b, length);

        return address_compare(&network_a, &network_b) == 0;
}

bool prefix_contains(const Prefix *prefix, const Address *address) {
        return networks_equal(&prefix->address, address, prefix->length);
}

bool prefix_overlaps(const Prefix *a, const Prefix *b) {
        return networks_equal(&a->address, &b->address, a->length < b->length ? a->length : b->length);
}
