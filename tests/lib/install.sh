# Get the packages that building, the demo and the tests need; only those that are missing
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
#     . tests/lib/install.sh
#     machine_can || exit                # tells in one line why neither demo nor tests can run here
#     install_sets build host            # needs root if a package is missing
#
# INSTALL_SETS has tools; they are installed. UNPACK_SETS has services, and install_kernel_wanted kernels; these would
# change the machine, above all its next boot, so they are only unpacked, into the folder $UNPACKED. Hosts in namespaces
# (hosts.sh) and virtual machines (tests/vm) see this folder as a layer above the machine's own files. All packages are
# listed first; on a terminal the script asks before it goes on.
#
# libvirt-daemon-system is left out on purpose: two hosts in namespaces need only libvirtd and its QEMU driver.

declare -A INSTALL_SETS=(
    [build]="gcc libc6-dev meson ninja-build pkg-config libnl-3-dev libnl-route-3-dev libmnl-dev libnftables-dev
             libsystemd-dev libcmocka-dev libjansson-dev libsmartcols-dev scdoc"
    [clang]="clang libclang-rt-dev"
    [coverage]="gcovr"
    [host]="busybox-static dbus-daemon iperf3 iproute2 iptables nftables procps python3 strace systemd tcpdump util-linux"
    [demo]="cpio qemu-system-x86"
    [vm]="cpio dbus kmod qemu-system-x86 systemd"
    [vm-debian-13]="mmdebstrap"
    [package-deb]="debhelper dpkg-dev fakeroot lintian"
    [package-rpm]="checkpolicy gawk m4 make rpm semodule-utils"
    [package-arch]="fakeroot libarchive-tools makepkg pacman-package-manager"
)
declare -A UNPACK_SETS=(
    [host]="firewalld prometheus"
    [demo]="libvirt-clients libvirt-daemon libvirt-daemon-driver-qemu"
    [package-rpm]="selinux-policy-dev"
    [vm]="ansible-core ifupdown network-manager openvswitch-switch polkitd python3-apt udev"
)
: "${UNPACKED:=$(realpath "$(dirname "${BASH_SOURCE[0]}")/../..")/build-unpacked}"

machine_can() {
    local why
    if [[ $EUID -ne 0 ]]; then why="it needs root, for network namespaces: sudo $0"
    elif [[ ! -e /proc/self/ns/net ]]; then why="/proc is not mounted"
    elif ! why=$(unshare --net --mount --pid --fork --mount-proc true 2>&1); then why="this is a chroot or a container without namespaces: $why"
    else return 0; fi
    echo "$0 cannot run: $why" >&2
    return 1
}

# Prints the kernel package for guests, unless the machine has a kernel in /boot. Test machines also need its modules,
# 9p among them, which the cloud flavour does not have.
install_kernel_wanted() {
    local image version
    for image in /boot/vmlinuz-*; do
        version=${image#/boot/vmlinuz-}
        case $1 in
        demo) [[ -e $image ]] && return ;;
        vm) compgen -G "/lib/modules/$version/kernel/fs/9p/9p.ko*" >/dev/null && return ;;
        *) return ;;
        esac
    done
    . /etc/os-release
    [[ " $ID ${ID_LIKE-} " == *" ubuntu "* ]] && echo linux-image-generic || echo "linux-image-$(dpkg --print-architecture)"
}

install_missing() {
    local package
    for package; do
        [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || echo "$package"
    done | sort -u
}

# Prints the packages that apt would install, one a line. Fails if apt needs newer lists.
install_closure() {
    apt-get install --simulate --no-install-recommends "$@" 2>"$install_log" | sed -n 's/^Inst \([^ ]*\) .*/\1/p' | sort
    return "${PIPESTATUS[0]}"
}

# Shows apt's progress on a terminal, in one line.
install_apt() {
    local width=${COLUMNS:-80}
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends -o Dpkg::Use-Pty=0 "$@" 2>&1 | tee "$install_log" |
        if [[ -t 1 ]]; then while read -r line; do printf '\r\e[K%s' "${line:0:width - 1}"; done; printf '\r\e[K'; else cat >/dev/null; fi
    return "${PIPESTATUS[0]}"
}

# No service is started now (policy-rc.d) or enabled for the next boot (a preset of systemd's).
install_tools() (
    policy=/usr/sbin/policy-rc.d preset=/run/systemd/system-preset/00-migplane-tests.preset
    [[ ! -e $policy ]] || policy=$preset
    trap 'rm -f "$policy" "$preset"' EXIT
    mkdir -p "${preset%/*}"
    printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 755 "$policy"
    echo 'disable *' >"$preset"
    install_apt "$@"
)

# Unpacks packages and their dependencies that are not installed. No script of theirs runs.
install_unpacked() {
    local package kernel new=$UNPACKED.new
    rm -rf "$new"
    mkdir -p "$new"/{debs/partial,usr/{bin,sbin,lib}}
    # Debian 12's packages have files in these, where a merged root has links.
    ln -s usr/bin usr/sbin usr/lib "$new/"
    install_apt --download-only -o "Dir::Cache::archives=$new/debs" "$@" || return
    for package in "$new"/debs/*.deb; do
        # Prometheus needs no web pages here; they would be 225 MB.
        dpkg-deb --fsys-tarfile "$package" | tar -xf - -C "$new" --keep-directory-symlink \
            --exclude=./usr/share/javascript --exclude=./usr/share/nodejs || return
    done
    rm -r "$new/debs"
    for kernel in "$new"/lib/modules/*; do
        [[ ! -d $kernel ]] || depmod -b "$new" "${kernel##*/}" || return
    done
    echo "$*" >"$new/packages"
    rm -rf "$UNPACKED"
    mv "$new" "$UNPACKED"
}

install_sets() {
    local set install_log answer closure all status=0
    local -a tools folder
    # shellcheck disable=SC2086,SC2046 # a set is a list of words
    mapfile -t tools < <(install_missing $(for set; do echo ${INSTALL_SETS[$set]-}; done))
    # shellcheck disable=SC2086,SC2046
    mapfile -t folder < <(install_missing $(for set; do echo ${UNPACK_SETS[$set]-}; install_kernel_wanted "$set"; done) \
        $(cat "$UNPACKED/packages" 2>/dev/null))
    [[ ${folder[*]} != "$(cat "$UNPACKED/packages" 2>/dev/null)" ]] || folder=()
    ((${#tools[@]} + ${#folder[@]})) || return 0

    [[ $EUID -eq 0 ]] || { echo "Missing, and only root can get them: ${tools[*]} ${folder[*]}" >&2; return 1; }
    install_log=$(mktemp)
    # Get new lists of packages only if those here are missing or outdated.
    if ! all=$(install_closure "${tools[@]}" "${folder[@]}"); then
        echo "Getting the lists of packages"
        apt-get update >"$install_log" 2>&1 || true
        all=$(install_closure "${tools[@]}" "${folder[@]}") || status=$?
    fi
    closure=$(install_closure "${tools[@]}") || status=$?
    if ((${#tools[@]})); then
        echo "To be installed, none of its services enabled or started:"
        fmt -w 100 <<<"$closure"
    fi
    if ((${#folder[@]})); then
        echo "To be unpacked into $UNPACKED, and not installed:"
        comm -13 <(echo "$closure") <(echo "$all") | fmt -w 100
    fi
    if ((status == 0)) && [[ -t 0 && -t 1 ]]; then
        read -rp "Go on? [Y/n] " answer
        [[ $answer != [nN]* ]] || { rm -f "$install_log"; return 1; }
    fi
    ((status != 0 || ${#tools[@]} == 0)) || install_tools "${tools[@]}" || status=$?
    ((status != 0 || ${#folder[@]} == 0)) || install_unpacked "${folder[@]}" || status=$?
    ((status == 0)) || tail -n 20 "$install_log" >&2
    rm -f "$install_log"
    return "$status"
}
