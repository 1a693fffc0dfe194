# The common part of the benchmarks that are shell scripts
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash

. "$(dirname "${BASH_SOURCE[0]}")/../lib/hosts.sh"

# Sets KIND: a VLAN if the kernel has VLANs, otherwise another kind.
plane_kind_find() {
    KIND=macvlan
    if ip link add link mgmt name probe type vlan id 100 2>/dev/null; then
        ip link delete probe
        KIND=vlan
    fi
}

# plane_file HOST NUMBER MTU [KEY=VALUE of [Bandwidth]]...: plane NUMBER is on mig NUMBER.
plane_file() {
    local octet=${HOST_NUMBER[$1]} number=$2 mtu=$3 vlan=
    [[ $KIND != vlan ]] || vlan=VLANId=$((100 + number))
    shift 3
    printf '%s\n' '[Interface]' "Name=mig$number" "Kind=$KIND" Parent=eno2 "$vlan" "MTUBytes=$mtu" \
        '[Address]' "Address=172.150.$((number + 1)).$octet/24" \
        '[Bandwidth]' "$@" \
        '[Isolation]' Ports=49152-49215
}

plane_is_up() { host_run "$1" migplanectl uri "$2"; }

# Turns lines "KEY VALUE" into one line for each key: minimum, median, maximum.
spread() {
    sort -k1,1 -k2,2g | awk -v format="%-44s %3d %10.4g %10.4g %10.4g\n" '
        BEGIN { printf "%-44s %3s %10s %10s %10s\n", "", "n", "min", "median", "max" }
        $1 != key { show(); key = $1; n = 0 }
        { values[++n] = $2 }
        function show() {
            if (!n) return
            gsub("_", " ", key)
            printf format, key, n, values[1], values[int((n + 1) / 2)], values[n]
        }
        END { show() }'
}
