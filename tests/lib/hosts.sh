# Hosts in namespaces, on one machine: a management wire, the plane's wire, hypervisors and an engine
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
#     lab_enter "$@"                     # runs the calling script again inside the lab; the commands below run inside
#     lab_wires                          # two switches: management, and the plane's wire
#     host_start NAME NUMBER             # a machine with mgmt0 = $MGMT_NET.NUMBER, and a bare eno2 on the plane's wire
#     host_run NAME COMMAND...           # runs a command on a host
#     host_dbus NAME; host_migplaned NAME; host_libvirtd NAME
#
# A host is a network, mount and UTS namespace, with its own /etc, /run and /var below $LAB/NAME. All hosts are in the
# lab: a network, mount and PID namespace whose first process is the calling script. When that process ends or is
# killed, the kernel removes the whole lab with all daemons, mounts and interfaces. No other cleanup is necessary.

MGMT_NET=192.0.2
# shellcheck disable=SC2034 # hosts have no such address yet; it is for scripts that make a plane
PLANE_NET=198.51.100
declare -A HOST_PID=() HOST_NUMBER=()

# --- The lab ----------------------------------------------------------------------------------------------------------

lab_inside() { [[ -n ${LAB-} && $$ -eq 1 ]]; }

# The end of each process kills the next: the script outside, unshare, the script inside, everything else inside. Even a
# kill -9 leaves only an empty directory.
lab_enter() {
    if lab_inside; then
        mount -t tmpfs -o mode=755 lab "$LAB"
        # Programs that install.sh has unpacked and not installed.
        [[ ! -d $UNPACKED ]] || mount -t overlay -o "lowerdir=$UNPACKED/usr:/usr" overlay /usr
        ip link set lo up
        return
    fi
    LAB=$(mktemp -d /tmp/migplane.XXXXXX)
    trap lab_leave EXIT
    trap 'exit 130' INT TERM HUP
    LAB=$LAB setpriv --pdeathsig KILL \
        unshare --net --mount --pid --fork --kill-child=KILL --mount-proc -- "$0" "$@" <&0 &
    lab_pid=$!
    wait "$lab_pid"
    exit
}

lab_leave() {
    local status=$?
    kill -KILL "$lab_pid" 2>/dev/null || true
    wait "$lab_pid" 2>/dev/null || true
    rmdir "$LAB"
    exit "$status"
}

lab_wires() {
    local wire
    for wire in mgmt plane; do
        ip link add "$wire" type bridge mcast_snooping 0
        sysctl -qw "net.ipv6.conf.$wire.disable_ipv6=1"
        ip link set "$wire" up
    done
}

# Waits until a command succeeds: lab_wait SECONDS COMMAND...
lab_wait() {
    local deadline=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        ((SECONDS <= deadline)) || { echo "Timed out waiting for: $*" >&2; return 1; }
        sleep 0.05
    done
}

# Prints the bytes that a host has sent and received on a wire, counted at the switch: wire_bytes mgmt|plane HOST
wire_bytes() {
    awk -v port="$1-$2:" '$1 == port { print $2, $10 }' /proc/net/dev
}

# --- Hosts ------------------------------------------------------------------------------------------------------------

host_start() {
    local name=$1 number=$2 root=$LAB/$1
    mkdir -p "$root"/{run,var/{lib,cache,log}/libvirt}
    cp -a /etc "$root/"
    [[ ! -d $UNPACKED/etc ]] || cp -a "$UNPACKED/etc" "$root/"
    rm -rf "$root"/etc/{libvirt,migplane,machine-id,hosts}
    mkdir -p "$root"/etc/{libvirt,migplane}
    printf '%032x\n' "$number" >"$root/etc/machine-id"
    printf '127.0.0.1 localhost\n%s.%s %s\n' "$MGMT_NET" "$number" "$name" >"$root/etc/hosts"

    unshare --net --mount --uts sleep infinity &
    HOST_PID[$name]=$!
    HOST_NUMBER[$name]=$number
    # unshare is finished when its process has become sleep.
    lab_wait 30 grep -qx sleep "/proc/$!/comm"

    host_wire "$name" mgmt mgmt0 0a
    host_wire "$name" plane eno2 0b
    host_run "$name" bash -e <<-SETUP
	hostname $name
	mount -t sysfs sysfs /sys
	for dir in /etc /run /var/lib /var/cache /var/log; do mount --bind $root\$dir \$dir; done
	ip link set lo up
	ip address add $MGMT_NET.$number/24 dev mgmt0
	ip link set mgmt0 up
	ip link set eno2 up
	SETUP
}

# Makes a cable between a host and a switch: host_wire HOST WIRE IFNAME OCTET. The switch's end is WIRE-HOST.
host_wire() {
    ip link add "$2-$1" type veth peer name "$3" netns "${HOST_PID[$1]}" \
        address "52:54:00:00:$4:$(printf %02x "${HOST_NUMBER[$1]}")"
    ip link set "$2-$1" master "$2" up
}

host_exec() {
    local pid=${HOST_PID[$1]}
    shift
    exec env PATH="$BUILD_DIR:$PATH" DBUS_SYSTEM_BUS_ADDRESS=unix:path=/run/dbus/system_bus_socket \
        nsenter --target "$pid" --net --mount --uts --root --wd -- "$@"
}

host_run() { (host_exec "$@"); }

# Starts a daemon in the background. Its output is in $LAB/HOST/DAEMON.log, its process in $!: host_daemon HOST COMMAND...
host_daemon() {
    host_exec "$@" </dev/null >>"$LAB/$1/${2##*/}.log" 2>&1 &
    disown
}

# A system bus of its own: the policy of Debian's dbus-daemon, and the policy that migplane installs. Root may also
# stand in for the services that migplaned talks to, with what their own policies allow.
host_dbus() {
    mkdir -p "$LAB/$1/run/dbus"
    cat >"$LAB/$1/etc/lab-bus.conf" <<-CONF
	<busconfig>
	  <type>system</type>
	  <listen>unix:path=/run/dbus/system_bus_socket</listen>
	  <servicedir>/run/dbus/services</servicedir>
	  <auth>EXTERNAL</auth>
	  <policy context="default">
	    <allow user="*"/>
	    <deny own="*"/>
	    <deny send_type="method_call"/>
	    <allow send_type="signal"/>
	    <allow send_requested_reply="true" send_type="method_return"/>
	    <allow send_requested_reply="true" send_type="error"/>
	    <allow receive_type="method_call"/>
	    <allow receive_type="method_return"/>
	    <allow receive_type="error"/>
	    <allow receive_type="signal"/>
	    <allow send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus"/>
	    <allow send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus.Introspectable"/>
	    <allow send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus.Properties"/>
	    <allow send_destination="org.freedesktop.PolicyKit1"/>
	    <allow send_destination="org.freedesktop.network1"/>
	    <allow send_destination="org.freedesktop.NetworkManager"/>
	  </policy>
	  <policy user="root">
	    <allow send_destination="org.freedesktop.DBus" send_interface="org.freedesktop.DBus.Monitoring"/>
	    <allow own_prefix="org.freedesktop"/>
	    <allow own="org.fedoraproject.FirewallD1"/>
	    <allow send_destination="org.fedoraproject.FirewallD1"/>
	  </policy>
	  <include>$(realpath "${BASH_SOURCE[0]%/*}/../..")/units/org.migplane1.conf</include>
	  ${BUS_LIMITS-}
	</busconfig>
	CONF
    host_daemon "$1" dbus-daemon --config-file=/etc/lab-bus.conf --nofork --nopidfile
    lab_wait 30 test -S "$LAB/$1/run/dbus/system_bus_socket"
}

# The directory of the programs under test. They run from there and are not installed.
: "${BUILD_DIR:=$(realpath "${BASH_SOURCE[0]%/*}/../..")/build}"
: "${UNPACKED:=$(realpath "${BASH_SOURCE[0]%/*}/../..")/build-unpacked}"

host_migplaned() { host_daemon "$1" "$BUILD_DIR/migplaned"; }

# Starts libvirtd without a password, and QEMU without a sandbox: only for use inside the lab. Without cgroups, security
# driver and virtlogd, because those of the machine must not be used.
host_libvirtd() {
    local number=${HOST_NUMBER[$1]} etc=$LAB/$1/etc
    # The QEMU driver looks up its default user and group before it reads the configured ones.
    grep -q ^libvirt-qemu: "$etc/passwd" || echo "libvirt-qemu:x:64055:64055::/var/lib/libvirt:/usr/sbin/nologin" >>"$etc/passwd"
    grep -q ^libvirt-qemu: "$etc/group" || echo "libvirt-qemu:x:64055:" >>"$etc/group"
    grep -q ^kvm: "$etc/group" || echo "kvm:x:64056:" >>"$etc/group"
    cat >"$etc/libvirt/libvirtd.conf" <<-CONF
	host_uuid = "$(printf '00000000-0000-4000-8000-%012x' "$number")"
	listen_tls = 0
	listen_tcp = 1
	listen_addr = "$MGMT_NET.$number"
	auth_tcp = "none"
	auth_unix_rw = "none"
	auth_unix_ro = "none"
	unix_sock_group = "root"
	CONF
    cat >"$etc/libvirt/qemu.conf" <<-'CONF'
	user = "root"
	group = "root"
	dynamic_ownership = 0
	remember_owner = 0
	namespaces = []
	cgroup_controllers = []
	security_driver = "none"
	stdio_handler = "file"
	CONF
    host_daemon "$1" libvirtd --listen
    lab_wait 20 virsh_at "$1" version
}

# Runs virsh for a host: virsh_at HOST ARGUMENT...
virsh_at() {
    host_run "$1" virsh --quiet --connect "$(libvirt_uri "$1")" "${@:2}"
}

libvirt_uri() {
    echo "qemu+tcp://$MGMT_NET.${HOST_NUMBER[$1]}/system"
}
