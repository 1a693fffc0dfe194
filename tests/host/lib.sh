# The commands of the scripts in tests/host, and the host that they test
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
#     . "${0%/*}/lib.sh"
#     enter "$@"                  # enters namespaces, or skips the whole script; the commands below run inside
#     host_start alpha 11         # see ../lib/hosts.sh
#     check TEXT COMMAND...       # prints one line of result
#     await TEXT COMMAND...       # the same, and waits until the command succeeds
#     skip TEXT WHY
#
# The last line, `N passed, N failed, N skipped`, is printed automatically. The exit code is 0, 1, or 77 if everything
# was skipped. A command that fails outside of a check ends the script as a failure. Scripts wait for events, and assert
# no times.
#
# Most commands are for one host, alpha, and its plane blue. `on COMMAND...` runs on alpha.

set -euo pipefail
export LC_ALL=C.UTF-8
. "$(dirname "${BASH_SOURCE[0]}")/../lib/hosts.sh"

unset WATCHDOG_PID NOTIFY_SOCKET

: "${PATIENCE:=60}"                     # seconds; only a failure takes this long
passed=0 failed=0 skipped=0

ok() { passed=$((passed + 1)); echo "ok - $1"; }
not_ok() { failed=$((failed + 1)); echo "not ok - $1"; }
skip() { skipped=$((skipped + 1)); echo "ok - $1 # SKIP $2"; }

indent() { sed 's/^/    # /'; }

check() {
    local output
    if output=$("${@:2}" 2>&1); then
        ok "$1"
    else
        not_ok "$1"
        indent <<<"${output:-${*:2}}"
    fi
}

await() {
    if lab_wait "$PATIENCE" "${@:2}" 2>/dev/null; then
        ok "$1"
    else
        not_ok "$1"
        { "${@:2}" || true; on migplanectl status || true; on migplanectl plan || true; } 2>&1 | indent
    fi
}

# Conditions on a command for a check. They print its output, which is shown if the check fails.
not() { ! "$@"; }
prints() { local all; all=$("${@:2}" 2>&1); echo "$all"; [[ $all == "$1" ]]; }    # exactly this
says() { local all; all=$("${@:2}" 2>&1) && echo "$all" && [[ $all =~ $1 ]]; }    # succeeds, with something that matches
lacks() { local all; all=$("${@:2}" 2>&1) && echo "$all" && [[ ! $all =~ $1 ]]; } # succeeds, with nothing that matches
refuses() {                                                                       # fails, with something that matches
    local all status=0
    all=$("${@:2}" 2>&1) || status=$?
    echo "$all"
    ((status != 0)) && [[ $all =~ $1 ]]
}
exits() { local status=0; "${@:2}" >/dev/null 2>&1 || status=$?; ((status == $1)); }

enter() {
    local tool
    if [[ $EUID -ne 0 ]]; then skip_all "needs root, for network namespaces"; fi
    for tool in busctl busybox dbus-daemon ip nft setpriv tc unshare "$BUILD_DIR/migplaned"; do
        command -v "$tool" >/dev/null || skip_all "there is no $tool"
    done
    lab_enter "$@"
    trap finish EXIT
}

skip_all() { trap - EXIT; skip "${0##*/}" "$1"; echo "0 passed, 0 failed, 1 skipped"; exit 77; }

# A process writes gcov's counters when it exits; the end of the lab kills it.
write_coverage() {
    local daemons
    daemons=$(pgrep -x migplaned) || return 0
    # shellcheck disable=SC2086 # a list of numbers
    kill -TERM $daemons && kill -CONT $daemons && lab_wait 10 not pgrep -x migplaned || true
}

finish() {
    local status=$?
    ((status == 0)) || not_ok "${0##*/} ran to its end (exit status $status)"
    [[ -z ${COVERAGE-} ]] || write_coverage
    # For a daemon that is built with sanitizers. LeakSanitizer cannot work under strace.
    if grep -hE '(ERROR|SUMMARY): .*Sanitizer|runtime error:' "$LAB"/*/*.log | grep -v 'LeakSanitizer has encountered a fatal'; then
        not_ok "no sanitizer complains"
    fi
    if ((failed)); then
        tail -n 30 "$LAB"/*/migplaned.log | indent || true
        [[ ! -e $LAB/peer.log ]] || tail -n 30 "$LAB"/peer.{log,errors} | indent
    fi
    echo "$passed passed, $failed failed, $skipped skipped"
    if ((failed)); then exit 1; elif ((passed)); then exit 0; else exit 77; fi
}

# --- The host ---------------------------------------------------------------------------------------------------------

on() { host_run alpha "$@"; }

# Writes a plane's file from standard input.
plane() { cat >"$LAB/alpha/etc/migplane/$1.plane"; }
edit() { sed -i "$2" "$LAB/alpha/etc/migplane/$1.plane"; }      # PLANE SED-SCRIPT
reload() { on migplanectl reload; }

# A plane with one object of each kind that every kernel has.
plane_blue() {
    plane blue <<-'FILE'
	[Plane]
	Description=Blue
	Default=yes
	[Interface]
	Name=mig0
	Kind=macvlan
	Parent=eno2
	MTUBytes=1400
	[Address]
	Address=198.51.100.11/24
	[Route]
	Destination=203.0.113.0/24
	Gateway=198.51.100.1
	[Peer]
	Address=198.51.100.12
	MACAddress=52:54:00:00:0b:0c
	[Bandwidth]
	Egress=400M
	Ingress=300M
	[Isolation]
	Ports=49152-49215
	FILE
}

# The daemon, its process in $DAEMON. Audits, which find what no notification tells, come twice in AUDIT_USEC, by
# default in a second, and at least every five seconds; or `never`.
daemon_start() {
    local lines
    lines=$(log_lines)
    if [[ ${AUDIT_USEC-} == never ]]; then
        LD_PRELOAD=$BUILD_DIR/tests/libno-audit.so ASAN_OPTIONS=verify_asan_link_order=0 host_migplaned alpha
    else
        WATCHDOG_USEC=${AUDIT_USEC:-1000000} host_migplaned alpha
    fi
    DAEMON=$!
    lab_wait "$PATIENCE" on migplanectl list
    [[ ${AUDIT_USEC-} != never ]] || logged_since "$lines" '^no audit'
}

daemon_stop() {                         # [SIGNAL]
    kill -"${1-TERM}" "$DAEMON"
    lab_wait "$PATIENCE" gone "$DAEMON"
}

# A fake networkd, NetworkManager or polkitd, its process in $PEER: see fake-peer.py.
peer_start() {                          # networkd|networkmanager|polkit
    mkdir -p "$LAB/alpha/run/peer"
    rm -f "$LAB/peer.log"
    local program
    program=$(realpath "${BASH_SOURCE[0]%/*}")/fake-peer.py
    (host_exec alpha python3 -B "$program" "$1" /run/peer) >>"$LAB/peer.log" 2>>"$LAB/peer.errors" &
    PEER=$!
    disown
    lab_wait "$PATIENCE" grep -qx ready "$LAB/peer.log"
}
peer_stop() { kill "$PEER"; lab_wait "$PATIENCE" gone "$PEER"; }
peer_answers() {                        # MEMBER ANSWER
    echo "${*:2}" >"$LAB/alpha/run/peer-new"
    mv "$LAB/alpha/run/peer-new" "$LAB/alpha/run/peer/$1"
}
peer_by_default() { rm -f "$LAB/alpha/run/peer/$1"; }   # MEMBER
peer_calls() { grep -cE -- "$1" "$LAB/peer.log" || true; }  # REGEX: how many calls
peer_called() { grep -qE -- "$1" "$LAB/peer.log"; }     # REGEX
peer_forget() { : >"$LAB/peer.log"; }

# For the output of durations. No test asserts them.
milliseconds() { local now=${EPOCHREALTIME/[.,]/}; echo $((now / 1000)); }

gone() { ! kill -0 "$1" 2>/dev/null; }

log_lines() { touch "$LAB/alpha/migplaned.log"; wc -l <"$LAB/alpha/migplaned.log"; }
logged_since() { grep -Eq -- "$2" <(tail -n +"$(($1 + 1))" "$LAB/alpha/migplaned.log"); }    # LINES REGEX; no pipe: grep ends early

# --- The daemon's answers ---------------------------------------------------------------------------------------------

property() {                            # NAME [PLANE]: the value without its type
    local value
    value=$(on busctl get-property org.migplane1 "/org/migplane1/plane/${2-blue}" org.migplane1.Plane "$1") || return
    value=${value#* }
    value=${value#\"}
    echo "${value%\"}"
}

health_is() { [[ $(property Health "${2-blue}") == "$1" ]]; }
has_reason() { [[ $(property HealthReasons "${2-blue}") == *"\"$1\""* ]]; }
is_index() { [[ $(on cat "/sys/class/net/$2/ifindex") == "$1" ]]; }
has_link() { [[ -n $(on ip -o link show dev "$1" 2>/dev/null) ]]; }

# Verifies the whole host: the kernel is as configured.
nothing_to_do() { [[ -z $(on migplanectl plan 2>/dev/null || echo failed) ]]; }
settled() { nothing_to_do && health_is healthy "${1-blue}"; }

# A plane that is up has its isolation and its caps. A device that was up before counts as a plane once it has the plane's address.
safe() {
    on bash -c '
	for link in mig0 mig1 eno3; do
	    case $link in
	    eno3) ip -oneline address show dev eno3 2>/dev/null | grep -q 198.51.100.11 || continue ;;
	    *) ip -oneline link show dev $link up 2>/dev/null | grep -q . || continue ;;
	    esac
	    for chain in "netdev migplane $link-in" "netdev migplane $link-out" "inet migplane $link-in" "inet migplane $link-out" \
		"arp migplane $link-in" "arp migplane $link-out"; do
		nft list chain $chain | grep -q "drop comment" || { echo "$link is up, and there is no chain $chain"; exit 1; }
	    done
	    for chain in "inet migplane prerouting" "inet migplane output" "inet migplane forward" "arp migplane input"; do
		nft list chain $chain | grep -q "\"$link\"" || { echo "$link is up, and unknown to chain $chain"; exit 1; }
	    done
	    for link in $link ifb-$link; do
		tc qdisc show dev $link | grep -q "htb 6d70: root .*default 0x10" || { echo "$link has no htb"; exit 1; }
		[ "$(tc class show dev $link | grep -c "6d70:1.* rate")" = 2 ] || { echo "$link has no classes"; exit 1; }
	    done
	    tc filter show dev ${link#ifb-} ingress | grep -q "Redirect to device ifb" || { echo "$link has no filter"; exit 1; }
	done'
}

# Prints everything in the kernel that could belong to a plane, with handles and indices and without counters. Other
# links may get link-local addresses in the meantime.
kernel_state() {
    # shellcheck disable=SC2016 # for the inner shell
    on bash -ec '
	nft --stateless --handle list ruleset
	ip -oneline -details link
	ip -oneline address
	ip route show table all
	ip -6 route show table all
	ip neighbour show nud permanent
	for what in qdisc class filter; do
	    for link in /sys/class/net/*; do tc $what show dev ${link##*/}; done
	done
	tc filter show dev mig0 ingress' 2>&1 | grep -vE 'fe80|^$'
}

# Runs tc monitor on a host, with its output in $LAB/HOST/tc.log. tc_heard waits until all earlier changes are in there.
tc_monitor() {                          # HOST
    : >"$LAB/$1/tc.log"                 # before tc_marks counts its lines; the daemon's shell may open it later
    host_daemon "$1" tc monitor
    tc_heard "$1"
    : >"$LAB/$1/tc.log"
}
tc_heard() { lab_wait "$PATIENCE" tc_tells "$1" "$(tc_marks "$1")"; }
tc_tells() { host_run "$1" tc qdisc replace dev lo root handle 77: pfifo; (($(tc_marks "$1") > $2)); }
tc_marks() { grep -c 'pfifo 77:' "$LAB/$1/tc.log" || true; }

# --- Changes by other programs ----------------------------------------------------------------------------------------

# drift TEXT OPERATION COMMAND...: after the command (a function, or a command on the host) that operation is carried
# out and logged. $by: the program that the log names as its cause.
drifts=() by=''

drift() {
    local repairs lines
    # After a sixth repair within ten seconds the daemon would pause its repairs, so it is restarted before.
    if ((${#drifts[@]} >= 4 && SECONDS - drifts[-4] < 12)); then
        daemon_stop; daemon_start; lab_wait "$PATIENCE" settled
        drifts=()
    fi
    drifts+=("$SECONDS")
    repairs=$(property Repairs) lines=$(log_lines)
    if [[ $(type -t "$3") == function ]]; then "${@:3}"; else on "${@:3}"; fi
    if lab_wait "$PATIENCE" repaired "$repairs" "$lines" "$2" 2>/dev/null; then
        ok "$1"
    else
        not_ok "$1"
        { echo "Repairs: $repairs, now $(property Repairs)"; property HealthReasons; on migplanectl plan
          tail -n +"$((lines + 1))" "$LAB/alpha/migplaned.log"; } 2>&1 | indent
    fi
}
repaired() {
    logged_since "$2" "^will: $3" && logged_since "$2" "drifted, changed by $by" &&
        (($(property Repairs) > $1)) && has_reason repaired && settled
}
