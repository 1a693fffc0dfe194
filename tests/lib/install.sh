# Install what building, demonstrating and testing migplane needs, and nothing when it is all there
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
#     . tests/lib/install.sh
#     install_sets build host            # root; apt is asked only for what is missing
#
# libvirt-daemon-system is left out on purpose: it brings the "default" network, and with it virbr0 and its firewall rules on
# this machine. libvirtd itself and its QEMU driver are all that two hosts in namespaces need.

declare -A INSTALL_SETS=(
    [build]="gcc libc6-dev meson ninja-build pkg-config libnl-3-dev libnl-route-3-dev libmnl-dev libnftables-dev
             libsystemd-dev libcmocka-dev libjansson-dev libsmartcols-dev scdoc"
    [clang]="clang libclang-rt-dev"
    [coverage]="gcovr"
    [host]="busybox-static dbus-daemon firewalld iperf3 iproute2 iptables nftables procps python3 strace systemd tcpdump
            util-linux"
    [demo]="cpio libvirt-clients libvirt-daemon libvirt-daemon-driver-qemu qemu-system-x86"
    [vm]="cpio dbus ifupdown kmod network-manager openvswitch-switch polkitd qemu-system-x86 systemd udev"
)

# A kernel for guests: whatever the machine has in /boot will do. Test machines also need its modules, 9p among them, which
# the cloud flavour lacks.
install_kernel_wanted() {
    local image version
    for image in /boot/vmlinuz-*; do
        version=${image#/boot/vmlinuz-}
        case $1 in
        demo) [[ -e $image ]] && return ;;
        vm) compgen -G "/lib/modules/$version/kernel/fs/9p/9p.ko*" >/dev/null && return ;;
        esac
    done
    . /etc/os-release
    [[ " $ID ${ID_LIKE-} " == *" ubuntu "* ]] && echo linux-image-generic || echo "linux-image-$(dpkg --print-architecture)"
}

install_missing() {
    local package
    for package; do
        [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || echo "$package"
    done
}

install_apt() {
    apt-get install -y --no-install-recommends -o Dpkg::Use-Pty=0 "$@" >"$install_log" 2>&1
}

# What gets installed serves namespaces only, so no service of it is to start on the machine.
install_without_services() {
    local policy=/usr/sbin/policy-rc.d ours='' status=0
    if [[ ! -e $policy ]]; then
        ours=$policy
        printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 755 "$policy"
    fi
    # The package lists may be absent or outdated; ask for new ones only then.
    install_apt "$@" || { apt-get update >"$install_log" 2>&1 && install_apt "$@"; } || status=$?
    [[ -z $ours ]] || rm -f "$ours"
    return "$status"
}

install_sets() {
    local set install_log status=0
    local -a missing
    # shellcheck disable=SC2086 # a set is a list of words
    mapfile -t missing < <(for set; do
        install_missing ${INSTALL_SETS[$set]}
        case $set in demo | vm) install_kernel_wanted "$set" ;; esac
    done | sort -u)
    ((${#missing[@]})) || return 0

    [[ $EUID -eq 0 ]] || { echo "Missing, and only root can install them: ${missing[*]}" >&2; return 1; }
    echo "Installing ${missing[*]} (this takes a few minutes)"
    install_log=$(mktemp)
    DEBIAN_FRONTEND=noninteractive install_without_services "${missing[@]}" || status=$?
    ((status == 0)) || tail -n 20 "$install_log" >&2
    rm -f "$install_log"
    return "$status"
}
