// migplanectl: the command line of migplaned.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "ctl/ctl.h"

#include <getopt.h>
#include <limits.h>
#include <unistd.h>

#include "base/inet.h"
#include "base/log.h"
#include "base/names.h"
#include "base/parse.h"
#include "base/util.h"
#include "config/keys.h"

#ifndef MIGPLANE_VERSION
#define MIGPLANE_VERSION "unknown"
#endif

// What only some verbs do. A verb rejects an option that it would ignore.
enum {
        TAKES_JSON = 1 << 0,
        TAKES_NETWORK = 1 << 1,
        TAKES_RATES = 1 << 2,
        TAKES_HOST = 1 << 3,
        TAKES_WAIT = 1 << 4,
        TAKES_FILES = 1 << 6,
        TAKES_FORCE = 1 << 7,
        TAKES_BITS = 1 << 8,
        TAKES_ALL = 1 << 9,
        MAY_START = 1 << 5, // makes a change: may start the daemon by bus activation, and ask for a password
};

static CtlExit verb_help(Ctl *ctl, int n_arguments, char **arguments);

static const struct Verb {
        const char *name, *arguments;
        int n_min, n_max; // -1: any number
        unsigned takes;
        CtlVerb run;
        const char *help;
} verbs[] = {
        { "list", "", 0, 0, TAKES_HOST | TAKES_JSON | TAKES_BITS, ctl_verb_list,
          "List the planes (also without any verb)" },
        { "status", "[PLANE...]", 0, -1, TAKES_HOST | TAKES_JSON | TAKES_BITS, ctl_verb_status,
          "Show the health of planes, and the reasons" },
        { "address", "[PLANE]", 0, 1, TAKES_HOST | TAKES_NETWORK | TAKES_FORCE, ctl_verb_address,
          "Print this host's bare address on a plane" },
        { "uri", "[PLANE]", 0, 1, TAKES_HOST | TAKES_JSON | TAKES_FORCE, ctl_verb_uri,
          "Print the URI for migrations to this host" },
        { "set-bandwidth", "PLANE", 1, 1, TAKES_HOST | TAKES_RATES | MAY_START, ctl_verb_set_bandwidth,
          "Change the caps of a plane in place" },
        { "plan", "[PLANE]", 0, 1, TAKES_HOST | TAKES_JSON | TAKES_FILES, ctl_verb_plan,
          "Show what would be changed in the kernel now" },
        { "verify", "[PLANE...]", 0, -1, TAKES_HOST | TAKES_JSON, ctl_verb_verify,
          "Audit the isolation of the planes of this host" },
        { "check", "[DIR|FILE...]", 0, -1, TAKES_JSON, ctl_verb_check, "Check the configuration, without the daemon" },
        { "reload", "[PLANE...]", 0, -1, TAKES_HOST | TAKES_JSON | MAY_START, ctl_verb_reload,
          "Reload the configuration" },
        { "down", "PLANE", 1, 1, TAKES_HOST | MAY_START, ctl_verb_down,
          "Remove a plane from the kernel, until up, also over boots" },
        { "release", "PLANE|--all", 0, 1, TAKES_HOST | TAKES_ALL | MAY_START, ctl_verb_release,
          "Take all of a plane off this host, until up" },
        { "up", "PLANE", 1, 1, TAKES_HOST | MAY_START, ctl_verb_up, "Bring a plane up again" },
        { "wait-online", "[PLANE...]", 0, -1, TAKES_HOST | TAKES_WAIT, ctl_verb_wait_online,
          "Wait until planes can be used" },
        { "migrations", "[PLANE]", 0, 1, TAKES_HOST | TAKES_JSON | TAKES_ALL, ctl_verb_migrations,
          "List the migrations that run" },
        { "monitor", "", 0, 0, TAKES_HOST | TAKES_JSON, ctl_verb_monitor, "Print changes until interrupted" },
        { "help", "[VERB]", 0, 1, 0, verb_help, "Show this help, or that of a verb" },
};

// 0: every verb takes the option.
static const struct OptionHelp {
        unsigned takes;
        const char *text;
} options_help[] = {
        { 0, "-h --help               Show this help; after a verb, that of the verb" },
        { 0, "   --version            Show the version" },
        { TAKES_HOST, "-H --host=[USER@]HOST   Talk to the daemon of another host, over SSH" },
        { TAKES_JSON, "   --json=MODE          pretty, short or off" },
        { TAKES_FILES, "   --files              What a reload of the files would do (plan)" },
        { TAKES_BITS, "   --bits               Rates in bits per second, without a unit (list, status)" },
        { TAKES_FORCE, "   --force              Also of a plane that must not be used (address, uri)" },
        { TAKES_NETWORK, "   --network=CIDR       The one address inside this network (address)" },
        { TAKES_RATES, "   --egress=RATE        Cap on what is sent, such as 8G; none: no cap (set-bandwidth)" },
        { TAKES_RATES, "   --ingress=RATE       Cap on what is received (set-bandwidth)" },
        { TAKES_RATES, "   --reset              Back to the caps of the file (set-bandwidth)" },
        { TAKES_RATES, "   --runtime            Only until the next boot (set-bandwidth)" },
        { TAKES_WAIT, "   --timeout=SECONDS    How long to wait; 0: no limit (wait-online)" },
        { TAKES_WAIT, "   --any                One usable plane is enough (wait-online)" },
        { TAKES_ALL, "   --all                All planes (release); also those that have ended (migrations)" },
        { MAY_START, "   --no-ask-password    Never ask for a password" },
        { 0, "   --no-legend          No headings and no totals" },
        { 0, "   --no-pager           No pager" },
};

// takes: of one verb; all bits: every option.
static void options_print(unsigned takes) {
        (void)printf("\nOptions:\n");
        for (size_t i = 0; i < ELEMENTSOF(options_help); i++)
                if (options_help[i].takes == 0 || (options_help[i].takes & takes))
                        (void)printf("  %s\n", options_help[i].text);
        if (takes & TAKES_RATES)
                (void)printf("\nRates are bits per second, base 1000, with K, M, G or T.\n");
}

static void help_print(void) {
        (void)printf(
                "migplanectl [OPTIONS...] [VERB] [ARGUMENTS...]\n\n"
                "Show and change the migration planes of this host.\n\nVerbs:\n");
        for (size_t i = 0; i < ELEMENTSOF(verbs); i++) {
                int width = printf("  %s %s", verbs[i].name, verbs[i].arguments);
                (void)printf("%*s%s\n", 26 - width, "", verbs[i].help);
        }
        options_print(UINT_MAX);
        (void)printf(
                "migplanectl help VERB shows the options of a verb. A verb can be abbreviated.\n"
                "Exit codes: 0 done, 1 failed, 2 usage, 3 timed out, 8 daemon not running, 10 not found.\n");
}

static void verb_help_print(const struct Verb *verb) {
        (void)printf("migplanectl [OPTIONS...] %s%s%s\n\n%s. See %s in migplanectl(1).\n", verb->name,
                     verb->arguments[0] ? " " : "", verb->arguments, verb->help, verb->name);
        options_print(verb->takes);
}

// Exactly the verb, or the only one that begins so. NULL: the reason is printed.
static const struct Verb *verb_find(const char *name) {
        const struct Verb *found = NULL, *similar = NULL;
        size_t n_found = 0;

        for (size_t i = 0; i < ELEMENTSOF(verbs); i++) {
                if (streq(verbs[i].name, name))
                        return &verbs[i];
                if (strncmp(verbs[i].name, name, strlen(name)) == 0) {
                        found = &verbs[i];
                        n_found++;
                }
                if (!similar && config_name_is_similar(name, verbs[i].name))
                        similar = &verbs[i];
        }
        if (n_found == 1)
                return found;
        if (n_found == 0) {
                log_error("Unknown verb %s%s%s; migplanectl help lists the verbs", name,
                          similar ? "; did you mean " : "", similar ? similar->name : "");
                return NULL;
        }
        (void)fprintf(stderr, "The verb %s is ambiguous:", name);
        for (size_t i = 0; i < ELEMENTSOF(verbs); i++)
                if (strncmp(verbs[i].name, name, strlen(name)) == 0)
                        (void)fprintf(stderr, " %s", verbs[i].name);
        (void)fputc('\n', stderr);
        return NULL;
}

static CtlExit verb_help(_unused_ Ctl *ctl, int n_arguments, char **arguments) {
        const struct Verb *verb = n_arguments > 0 ? verb_find(arguments[0]) : NULL;

        if (n_arguments > 0 && !verb)
                return CTL_USAGE;
        if (verb)
                verb_help_print(verb);
        else
                help_print();
        return CTL_DONE;
}

enum {
        OPTION_VERSION = 0x100,
        OPTION_JSON,
        OPTION_BITS,
        OPTION_FORCE,
        OPTION_FILES,
        OPTION_NETWORK,
        OPTION_EGRESS,
        OPTION_INGRESS,
        OPTION_RESET,
        OPTION_RUNTIME,
        OPTION_TIMEOUT,
        OPTION_ANY,
        OPTION_ALL,
        OPTION_NO_ASK_PASSWORD,
        OPTION_NO_LEGEND,
        OPTION_NO_PAGER,
};

static const struct option options[] = {
        { "help", no_argument, NULL, 'h' },
        { "version", no_argument, NULL, OPTION_VERSION },
        { "host", required_argument, NULL, 'H' },
        { "json", required_argument, NULL, OPTION_JSON },
        { "bits", no_argument, NULL, OPTION_BITS },
        { "force", no_argument, NULL, OPTION_FORCE },
        { "files", no_argument, NULL, OPTION_FILES },
        { "network", required_argument, NULL, OPTION_NETWORK },
        { "egress", required_argument, NULL, OPTION_EGRESS },
        { "ingress", required_argument, NULL, OPTION_INGRESS },
        { "reset", no_argument, NULL, OPTION_RESET },
        { "runtime", no_argument, NULL, OPTION_RUNTIME },
        { "timeout", required_argument, NULL, OPTION_TIMEOUT },
        { "any", no_argument, NULL, OPTION_ANY },
        { "all", no_argument, NULL, OPTION_ALL },
        { "no-ask-password", no_argument, NULL, OPTION_NO_ASK_PASSWORD },
        { "no-legend", no_argument, NULL, OPTION_NO_LEGEND },
        { "no-pager", no_argument, NULL, OPTION_NO_PAGER },
        {},
};

static CtlExit option_parse_json(Ctl *ctl, const char *text) {
        static const char *const modes[] = {
                [CTL_JSON_OFF] = "off",
                [CTL_JSON_SHORT] = "short",
                [CTL_JSON_PRETTY] = "pretty",
        };

        for (size_t i = 0; i < ELEMENTSOF(modes); i++)
                if (streq(modes[i], text)) {
                        ctl->json = (CtlJson)i;
                        return CTL_DONE;
                }
        log_error("--json=%s: must be pretty, short or off", text);
        return CTL_USAGE;
}

static CtlExit option_parse_network(Ctl *ctl, const char *text) {
        if (prefix_parse(text, &ctl->network) < 0) {
                log_error("--network=%s: must be a network such as 192.0.2.0/24 or 2001:db8::/64", text);
                return CTL_USAGE;
        }
        ctl->has_network = true;
        return CTL_DONE;
}

static CtlExit option_parse_rate(const char *option, const char *text, CtlRate *rate) {
        char least[RATE_TEXT_MAX], most[RATE_TEXT_MAX];

        *rate = (CtlRate){ .is_given = true };
        int r = streq(text, "none") ? 0 : parse_rate(text, &rate->bits_per_second);
        if (r == 0)
                return CTL_DONE;
        if (r == -ERANGE)
                log_error("--%s=%s: must be between %s and %s bits per second", option, text,
                          format_rate(RATE_MIN_BITS_PER_SECOND, least), format_rate(RATE_MAX_BITS_PER_SECOND, most));
        else
                log_error("--%s=%s: must be a rate in bits per second such as 8G, 2.5G or 400M, or none", option, text);
        return CTL_USAGE;
}

static CtlExit option_parse_timeout(Ctl *ctl, const char *text) {
        uint64_t seconds = 0;

        if (!streq(text, "infinity") && parse_unsigned(text, 0, UINT32_MAX, &seconds) < 0) {
                log_error("--timeout=%s: must be a number of seconds, or 0 or infinity for no limit", text);
                return CTL_USAGE;
        }
        ctl->timeout_usec = seconds * 1000000;
        return CTL_DONE;
}

// Reads one option. *taken collects the options that only some verbs use.
static CtlExit option_parse(Ctl *ctl, int option, const char *argument, unsigned *taken) {
        switch (option) {
        case 'H':
                ctl->client.host = argument;
                *taken |= TAKES_HOST;
                return CTL_DONE;
        case OPTION_JSON:
                *taken |= TAKES_JSON;
                return option_parse_json(ctl, argument);
        case OPTION_BITS:
                *taken |= TAKES_BITS;
                ctl->bits = true;
                return CTL_DONE;
        case OPTION_FORCE:
                *taken |= TAKES_FORCE;
                ctl->force = true;
                return CTL_DONE;
        case OPTION_FILES:
                *taken |= TAKES_FILES;
                ctl->files = true;
                return CTL_DONE;
        case OPTION_NETWORK:
                *taken |= TAKES_NETWORK;
                return option_parse_network(ctl, argument);
        case OPTION_EGRESS:
                *taken |= TAKES_RATES;
                return option_parse_rate("egress", argument, &ctl->egress);
        case OPTION_INGRESS:
                *taken |= TAKES_RATES;
                return option_parse_rate("ingress", argument, &ctl->ingress);
        case OPTION_RESET:
                *taken |= TAKES_RATES;
                ctl->reset = true;
                return CTL_DONE;
        case OPTION_RUNTIME:
                *taken |= TAKES_RATES;
                ctl->runtime = true;
                return CTL_DONE;
        case OPTION_TIMEOUT:
                *taken |= TAKES_WAIT;
                return option_parse_timeout(ctl, argument);
        case OPTION_ANY:
                *taken |= TAKES_WAIT;
                ctl->any = true;
                return CTL_DONE;
        case OPTION_ALL:
                *taken |= TAKES_ALL;
                ctl->all = true;
                return CTL_DONE;
        case OPTION_NO_ASK_PASSWORD:
                ctl->client.ask_password = false;
                return CTL_DONE;
        case OPTION_NO_LEGEND:
                ctl->legend = false;
                return CTL_DONE;
        case OPTION_NO_PAGER:
                ctl->pager = false;
                return CTL_DONE;
        default:
                return CTL_USAGE; // getopt has printed the reason
        }
}

static CtlExit verb_check(const struct Verb *verb, int n_arguments, unsigned taken) {
        static const struct {
                unsigned takes;
                const char *options;
        } names[] = {
                { TAKES_JSON, "--json" },       { TAKES_FILES, "--files" },
                { TAKES_FORCE, "--force" },     { TAKES_BITS, "--bits" },
                { TAKES_NETWORK, "--network" }, { TAKES_RATES, "--egress, --ingress, --reset or --runtime" },
                { TAKES_HOST, "--host" },       { TAKES_WAIT, "--timeout or --any" },
                { TAKES_ALL, "--all" },
        };

        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                if (taken & ~verb->takes & names[i].takes) {
                        log_error("%s does not take %s", verb->name, names[i].options);
                        return CTL_USAGE;
                }
        if (n_arguments < verb->n_min || (verb->n_max >= 0 && n_arguments > verb->n_max)) {
                log_error("Usage: migplanectl %s%s%s; see migplanectl help %s", verb->name,
                          verb->arguments[0] ? " " : "", verb->arguments, verb->name);
                return CTL_USAGE;
        }
        return CTL_DONE;
}

static CtlExit run(Ctl *ctl, int argc, char **argv) {
        unsigned taken = 0;
        bool wants_help = false;
        CtlExit code;
        int option;

        while ((option = getopt_long(argc, argv, "hH:", options, NULL)) >= 0) {
                if (option == 'h') {
                        wants_help = true;
                        continue;
                }
                if (option == OPTION_VERSION)
                        return puts("migplanectl " MIGPLANE_VERSION) < 0 ? CTL_FAILED : CTL_DONE;
                code = option_parse(ctl, option, optarg, &taken);
                if (code != CTL_DONE)
                        return code;
        }

        if (wants_help)
                return verb_help(ctl, optind < argc ? 1 : 0, argv + optind);
        const struct Verb *verb = verb_find(optind < argc ? argv[optind++] : "list");
        if (!verb)
                return CTL_USAGE;
        code = verb_check(verb, argc - optind, taken);
        if (code != CTL_DONE)
                return code;
        ctl->client.may_start = verb->takes & MAY_START;
        if (verb->takes & MAY_START)
                ctl_password_agent_start(ctl);
        return verb->run(ctl, argc - optind, argv + optind);
}

int main(int argc, char **argv) {
        Ctl ctl = {
                .client.ask_password = isatty(STDIN_FILENO),
                .pager = true,
                .legend = true,
                .timeout_usec = 120000000,
        };

        ctl_output_init(&ctl);
        CtlExit code = run(&ctl, argc, argv);
        if (fflush(stdout) != 0 && code == CTL_DONE) {
                log_error("Cannot write the output: %s", strerror(errno));
                code = CTL_FAILED;
        }
        ctl_pager_close();
        ctl_password_agent_stop();
        client_deinit(&ctl.client);
        return (int)code;
}
