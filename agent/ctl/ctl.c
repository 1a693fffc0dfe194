// migplanectl: the command line of migplaned.
// SPDX-License-Identifier: GPL-2.0-or-later

#include "ctl/ctl.h"

#include <getopt.h>
#include <unistd.h>

#include "base/inet.h"
#include "base/log.h"
#include "base/names.h"
#include "base/parse.h"
#include "base/util.h"

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
        MAY_START = 1 << 5, // the daemon, by bus activation: no verb that reads does
};

static CtlExit verb_help(Ctl *ctl, int n_arguments, char **arguments);

static const struct Verb {
        const char *name, *arguments;
        int n_min, n_max; // -1: any number
        unsigned takes;
        CtlVerb run;
        const char *help;
} verbs[] = {
        { "list", "", 0, 0, TAKES_HOST | TAKES_JSON, ctl_verb_list, "List the planes (also without any verb)" },
        { "status", "[PLANE...]", 0, -1, TAKES_HOST | TAKES_JSON, ctl_verb_status,
          "Show the health of planes, and the reasons" },
        { "address", "[PLANE]", 0, 1, TAKES_HOST | TAKES_NETWORK, ctl_verb_address,
          "Print this host's bare address on a plane" },
        { "uri", "[PLANE]", 0, 1, TAKES_HOST, ctl_verb_uri, "Print the URI for migrations to this host" },
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
        { "up", "PLANE", 1, 1, TAKES_HOST | MAY_START, ctl_verb_up, "Bring a plane up again" },
        { "wait-online", "[PLANE...]", 0, -1, TAKES_HOST | TAKES_WAIT, ctl_verb_wait_online,
          "Wait until planes can be used" },
        { "monitor", "", 0, 0, TAKES_HOST | TAKES_JSON, ctl_verb_monitor, "Print changes until interrupted" },
        { "help", "", 0, 0, 0, verb_help, "Show this help" },
};

static const char options_help[] =
        "\n"
        "Options:\n"
        "  -h --help               Show this help\n"
        "     --version            Show the version\n"
        "  -H --host=[USER@]HOST   Talk to the daemon of another host, over SSH\n"
        "     --json=MODE          pretty, short or off (not address, uri, set-bandwidth)\n"
        "     --files              What a reload of the files would do (plan)\n"
        "     --network=CIDR       The one address inside this network (address)\n"
        "     --egress=RATE        Cap on what is sent, such as 8G; none: no cap (set-bandwidth)\n"
        "     --ingress=RATE       Cap on what is received (set-bandwidth)\n"
        "     --reset              Back to the caps of the file (set-bandwidth)\n"
        "     --runtime            Only until the next boot (set-bandwidth)\n"
        "     --timeout=SECONDS    How long to wait; 0: no limit (wait-online)\n"
        "     --any                One usable plane is enough (wait-online)\n"
        "     --no-ask-password    Never ask for a password\n"
        "     --no-legend          No headings and no totals\n"
        "     --no-pager           No pager\n"
        "\n"
        "Rates are bits per second, base 1000, with K, M, G or T.\n"
        "Exit codes: 0 done, 1 failed, 2 usage, 3 timed out, 8 daemon not running, 10 not found.\n";

static CtlExit verb_help(_unused_ Ctl *ctl, _unused_ int n_arguments, _unused_ char **arguments) {
        (void)printf(
                "migplanectl [OPTIONS...] [VERB] [ARGUMENTS...]\n\n"
                "Show and change the migration planes of this host.\n\nVerbs:\n");
        for (size_t i = 0; i < ELEMENTSOF(verbs); i++) {
                int width = printf("  %s %s", verbs[i].name, verbs[i].arguments);
                (void)printf("%*s%s\n", 26 - width, "", verbs[i].help);
        }
        (void)fputs(options_help, stdout);
        return CTL_DONE;
}

enum {
        OPTION_VERSION = 0x100,
        OPTION_JSON,
        OPTION_FILES,
        OPTION_NETWORK,
        OPTION_EGRESS,
        OPTION_INGRESS,
        OPTION_RESET,
        OPTION_RUNTIME,
        OPTION_TIMEOUT,
        OPTION_ANY,
        OPTION_NO_ASK_PASSWORD,
        OPTION_NO_LEGEND,
        OPTION_NO_PAGER,
};

static const struct option options[] = {
        { "help", no_argument, NULL, 'h' },
        { "version", no_argument, NULL, OPTION_VERSION },
        { "host", required_argument, NULL, 'H' },
        { "json", required_argument, NULL, OPTION_JSON },
        { "files", no_argument, NULL, OPTION_FILES },
        { "network", required_argument, NULL, OPTION_NETWORK },
        { "egress", required_argument, NULL, OPTION_EGRESS },
        { "ingress", required_argument, NULL, OPTION_INGRESS },
        { "reset", no_argument, NULL, OPTION_RESET },
        { "runtime", no_argument, NULL, OPTION_RUNTIME },
        { "timeout", required_argument, NULL, OPTION_TIMEOUT },
        { "any", no_argument, NULL, OPTION_ANY },
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

static const struct Verb *verb_find(const char *name) {
        for (size_t i = 0; i < ELEMENTSOF(verbs); i++)
                if (streq(verbs[i].name, name))
                        return &verbs[i];
        return NULL;
}

static CtlExit verb_check(const struct Verb *verb, int n_arguments, unsigned taken) {
        static const struct {
                unsigned takes;
                const char *options;
        } names[] = {
                { TAKES_JSON, "--json" },       { TAKES_FILES, "--files" },
                { TAKES_NETWORK, "--network" }, { TAKES_RATES, "--egress, --ingress, --reset or --runtime" },
                { TAKES_HOST, "--host" },       { TAKES_WAIT, "--timeout or --any" },
        };

        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                if (taken & ~verb->takes & names[i].takes) {
                        log_error("%s does not take %s", verb->name, names[i].options);
                        return CTL_USAGE;
                }
        if (n_arguments < verb->n_min || (verb->n_max >= 0 && n_arguments > verb->n_max)) {
                log_error("Usage: migplanectl %s%s%s; see migplanectl help", verb->name, verb->arguments[0] ? " " : "",
                          verb->arguments);
                return CTL_USAGE;
        }
        return CTL_DONE;
}

static CtlExit run(Ctl *ctl, int argc, char **argv) {
        unsigned taken = 0;
        CtlExit code;
        int option;

        while ((option = getopt_long(argc, argv, "hH:", options, NULL)) >= 0) {
                if (option == 'h')
                        return verb_help(ctl, 0, NULL);
                if (option == OPTION_VERSION)
                        return puts("migplanectl " MIGPLANE_VERSION) < 0 ? CTL_FAILED : CTL_DONE;
                code = option_parse(ctl, option, optarg, &taken);
                if (code != CTL_DONE)
                        return code;
        }

        const char *name = optind < argc ? argv[optind++] : "list";
        const struct Verb *verb = verb_find(name);
        if (!verb) {
                log_error("Unknown verb %s; migplanectl help lists the verbs", name);
                return CTL_USAGE;
        }
        code = verb_check(verb, argc - optind, taken);
        if (code != CTL_DONE)
                return code;
        ctl->client.may_start = verb->takes & MAY_START;
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
        client_deinit(&ctl.client);
        return (int)code;
}
