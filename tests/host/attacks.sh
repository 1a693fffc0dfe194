# The attacked hosts, with and without migplane, and the tool that attacks them
# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
#
# To be read after lib.sh. The switches' ports to an attacked host are in no bridge, so neither host receives the other's attacks.

attacker=$(realpath "${BASH_SOURCE[0]%/*}")/attacker.py

# A host with the kernel's defaults, with IPv6 and listening sockets.
modest() {                              # HOST
    host_run "$1" sysctl -qw net.ipv4.icmp_ratelimit=0 net.ipv6.icmp.ratelimit=0 net.ipv4.tcp_synack_retries=0 # no answer is missed
    host_run "$1" ip address add "fd00:192::${HOST_NUMBER[$1]}/64" dev mgmt0 nodad
    host_daemon "$1" busybox nc -ll -p 49200 -e cat
}

flows_offloaded() {                     # HOST: whether its kernel has flowtables, which pass flows around the rules
    host_run "$1" nft 'table inet open { flowtable past { hook ingress priority 0; devices = { mgmt0, eno2 }; }; }' 2>/dev/null
}

# A host that forwards, answers for other hosts and trusts everything, as far as the kernel allows that for all
# interfaces. Its own firewall accepts everything. migplane is responsible for the plane only, and the plane must be
# isolated nevertheless.
gullible() {                            # HOST
    host_run "$1" sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.{all,default}.forwarding=1 \
        net.ipv4.conf.{all,default,mgmt0,eno2}.{rp_filter,secure_redirects,drop_gratuitous_arp}=0 \
        net.ipv4.conf.{all,default,mgmt0,eno2}.{accept_local,accept_redirects,accept_source_route,arp_accept,route_localnet}=1 \
        net.ipv4.conf.{all,mgmt0}.bc_forwarding=1 net.ipv4.conf.{all,mgmt0}.proxy_arp=1 \
        net.ipv6.conf.mgmt0.proxy_ndp=1 net.ipv6.conf.{all,default,mgmt0,eno2}.accept_ra=2 \
        net.ipv6.conf.{all,default,mgmt0,eno2}.{accept_redirects,accept_source_route}=1 \
        net.ipv4.icmp_echo_ignore_broadcasts=0
    modest "$1"
    open_rules "$1"
    host_run "$1" sysctl -qw net.ipv{4,6}.neigh.{mgmt0,eno2}.proxy_delay=0
    host_run "$1" sysctl -qw net.ipv6.conf.{all,mgmt0,eno2}.seg6_enabled=1 2>/dev/null || true
    host_run "$1" ip -6 neighbour add proxy fd00:198::14 dev mgmt0
    # Another network with the plane's VLAN id, if the kernel has VLANs.
    host_run "$1" ip link add mgmt0.100 link mgmt0 up type vlan id 100 2>/dev/null || true
}

open_rules() {                          # HOST
    host_run "$1" nft -f - <<-RULES
	table inet open {
	    chain prerouting { type filter hook prerouting priority -1000; policy accept; accept; }
	    chain forward {
	        type filter hook forward priority -1000; policy accept;
	        $(flows_offloaded "$1" && echo 'ct state established meta l4proto tcp flow add @past')
	        accept
	    }
	    chain output { type filter hook output priority -1000; policy accept; accept; }
	    chain handed_on {
	        type nat hook prerouting priority -100
	        iifname "mgmt0" tcp dport 8049 dnat ip to $PLANE_NET.14:49200
	        iifname "mgmt0" tcp dport 8049 dnat ip6 to [fd00:198::14]:49200
	        iifname "mgmt0" tcp dport 8050 dnat ip to $PLANE_NET.${HOST_NUMBER[$1]}:49200
	        iifname "mgmt0" tcp dport 8050 dnat ip6 to [fd00:198::${HOST_NUMBER[$1]}]:49200
	        iifname { "eno2", "mig0" } tcp dport 8051 dnat ip to $MGMT_NET.66:49200
	        iifname { "eno2", "mig0" } tcp dport 8051 dnat ip6 to [fd00:192::66]:49200
	    }
	    chain handed_on_as_ours { type nat hook postrouting priority 100; oifname { "eno2", "mig0" } ct status dnat masquerade; }
	}
	RULES
}

# IPv6 sends frames by itself for a second after link-up, which would look like an answer.
quiet() { [[ -z $(host_run "$1" ip -6 address show tentative) ]]; }

plane_file() {                          # NUMBER KIND [capped|both|pinned]...
    local words=" ${*:3} "
    case $2 in
    device) printf '%s\n' '[Interface]' Kind=device Name=eno2 ;;
    macvlan) printf '%s\n' '[Interface]' Kind=macvlan Name=mig0 Parent=eno2 ;;
    vlan) printf '%s\n' '[Interface]' Kind=vlan Name=mig0 Parent=eno2 VLANId=100 ;;
    esac
    printf '%s\n' MTUBytes=1400 '[Address]' "Address=$PLANE_NET.$1/24" '[Route]' Destination=203.0.113.0/24 "Gateway=$PLANE_NET.15"
    printf '%s\n' '[Isolation]' Ports=49152-49215 "Peers=$PLANE_NET.8/29" Peers=203.0.113.10
    [[ $words != *\ capped\ * ]] || printf '%s\n' '[Bandwidth]' Egress=1G Ingress=1G
    [[ $words != *\ pinned\ * ]] || printf '%s\n' '[Peer]' "Address=$PLANE_NET.14" MACAddress=52:54:00:00:0b:0e \
        '[Peer]' "Address=$PLANE_NET.15" MACAddress=52:54:00:00:0b:0f
    [[ $words == *\ both\ * ]] || return 0
    printf '%s\n' '[Address]' "Address=fd00:198::$1/64" '[Isolation]' Peers=fd00:198::10/125
    [[ $words != *\ pinned\ * ]] || printf '%s\n' '[Peer]' Address=fd00:198::14 MACAddress=52:54:00:00:0b:0e
}

# The same without migplane, with both families.
plain_plane() {                         # HOST KIND
    local link=mig0 number=${HOST_NUMBER[$1]}
    host_run "$1" ip address flush dev eno2 scope global
    case $2 in
    device) link=eno2 ;;
    macvlan) host_run "$1" ip link add mig0 link eno2 address 52:54:00:00:0b:aa type macvlan ;;
    vlan) host_run "$1" ip link add mig0 link eno2 type vlan id 100 ;;
    esac
    host_run "$1" sysctl -qw "net.ipv4.neigh.$link.locktime=0" "net.ipv6.neigh.$link.locktime=0" \
        "net.ipv6.conf.$link.router_solicitations=0" "net.ipv4.neigh.$link.proxy_delay=0"
    host_run "$1" ip link set "$link" mtu 1400 up
    host_run "$1" ip address add "$PLANE_NET.$number/24" dev "$link"
    host_run "$1" ip address add "fd00:198::$number/64" dev "$link" nodad
    host_run "$1" ip route replace 203.0.113.0/24 via "$PLANE_NET.15"
    lab_wait "$PATIENCE" quiet "$1"
}

link_of() { if [[ $1 == device ]]; then echo eno2; else echo mig0; fi; }
mac_of() { host_run "$1" cat "/sys/class/net/$2/address"; }

# Runs the tool against a host: attacks COMMAND HOST KIND OPTION...
attacks() {
    local command=$1 host=$2 kind=$3 link
    shift 3
    link=$(link_of "$kind")
    case $kind in
    device) set -- --guest-mac "$(mac_of "$host" guest0)" "$@" ;;
    vlan) set -- --vlan 100 "$@" ;;&
    *) set -- --parent-mac "$(mac_of "$host" eno2)" "$@" ;;
    esac
    [[ -z ${PIECE_ONLY-} ]] || set -- --piece "$PIECE_ONLY" "$@"
    [[ $host != alpha ]] || set -- --peer-mac "$(mac_of beta "$link")" "$@"
    python3 -B "$attacker" "$command" --host "$host" --number "${HOST_NUMBER[$host]}" --pid "${HOST_PID[$host]}" \
        --link "$link" --mac "$(mac_of "$host" "$link")" --management-mac "$(mac_of "$host" mgmt0)" "$@"
}
