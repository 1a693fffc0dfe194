# For test-rules.py: a host that only counts, the ways to send to it and from it, and the rules of one hook
# SPDX-License-Identifier: GPL-2.0-or-later

import collections
import ctypes
import re
import socket
import time

from firewall_lab import Host, Plane, check, open_socket
from frames import ETH_P_ALL, IPV6, PACKET_QDISC_BYPASS, SOL_PACKET, eth, ethertype, libc, version

MAC, PEER_MAC, OTHER_MAC = '02:00:00:00:00:01', '02:00:00:00:00:02', '02:00:00:00:00:66'
LINKS = PLANE, GREEN_PLANE, MANAGEMENT_LINK = 'mig0', 'mig1', 'lan0'

# text: what is sent
# end: the counter that counts it: the reason of the rule that drops it, as 'mig0-in-peer', or 'passed'
# way: the method of Lab that sends it, with the arguments
Shot = collections.namedtuple('Shot', 'text end way arguments')


def shot(text, end, way, *arguments):
    return Shot(text, end, way, arguments)


class Nft:
    """nft in a host, without a process for each command."""

    library = ctypes.CDLL('libnftables.so.1')
    for function in library.nft_ctx_new, library.nft_ctx_get_output_buffer, library.nft_ctx_get_error_buffer:
        function.restype = ctypes.c_void_p

    def __init__(self, host):
        self.host = host
        with host.inside():
            self.context = ctypes.c_void_p(self.library.nft_ctx_new(0))
        self.library.nft_ctx_buffer_output(self.context)
        self.library.nft_ctx_buffer_error(self.context)

    def run(self, text):
        with self.host.inside():  # where it looks up the names of links
            r = self.library.nft_run_cmd_from_buffer(self.context, text.encode())
        error = ctypes.string_at(self.library.nft_ctx_get_error_buffer(self.context)).decode()
        check(r == 0, f'{error}in:\n{text}')
        return ctypes.string_at(self.library.nft_ctx_get_output_buffer(self.context)).decode()

    def counters(self):
        """{name: packets}"""
        return {name: int(n) for name, n in re.findall(r'counter (\S+) \{\s+packets (\d+)', self.run('list counters'))}


class Lab:
    """A host with the devices of two planes and a management link, whose other ends are in another namespace. The host's
    addresses are on lo: IPv6 sends nothing by itself on a link without addresses."""

    def __init__(self, addresses, routes):
        """addresses: of the host; routes: (network, link)"""
        self.host, self.wire = Host(), Host()
        for host in self.host, self.wire:
            host.run('sysctl -qw net.ipv6.conf.default.disable_ipv6=1')
        for link in LINKS:
            self.wire.run(f'ip link add {link} type veth peer name host-{link}')
            self.wire.give(f'host-{link}', self.host)
            self.host.run(f'ip link set host-{link} name {link}')
            self.host.run(f'sysctl -qw net.ipv6.conf.{link}.addr_gen_mode=1 net.ipv6.conf.{link}.disable_ipv6=0 '
                          f'net.ipv6.conf.{link}.accept_ra=0 net.ipv4.conf.{link}.rp_filter=0 '
                          f'net.ipv4.neigh.{link}.mcast_solicit=1 net.ipv4.conf.{link}.arp_notify=1')
            self.host.run(f'ip link set {link} address {MAC} up')
            self.wire.run(f'ip link set {link} up')
        self.host.run('sysctl -qw net.ipv4.conf.all.rp_filter=0')
        self.source6 = next(address for address in addresses if ':' in address)
        for address in addresses:
            self.host.run(f'ip address add {address} dev lo')
        for network, link in routes:
            self.host.run(f'ip route add {network} dev {link}')
        for i, link in enumerate(LINKS):
            self.host.run(f'ip -6 route add default dev {link} metric {5000 + i}')
        self.nft = Nft(self.host)
        self.sockets = {(host, link): open_socket(host, ETH_P_ALL, link) for host in (self.host, self.wire)
                        for link in LINKS}

    def forward(self):
        """Lets the host forward. From here on IPv6 sends reports of groups by itself."""
        self.host.run('sysctl -qw net.ipv4.ip_forward=1 net.ipv6.conf.all.forwarding=1')

    def rules(self, *planes):
        """{'FAMILY CHAIN': [hook or '', rule...]} of planes that are in force together."""
        plane, chains = Plane(self.host, planes[0]), {}
        for i, text in enumerate(planes[1:]):
            plane.write(text, f'plane-{i}')
        for line in plane.tool('print').splitlines():
            if re.fullmatch(r'(netdev|inet|arp|bridge) \S+', line):
                chain = chains[line] = ['']
            elif line.startswith('type '):
                chain[0] = line
            else:
                chain.append(line.partition(' comment "migplane')[0])
        plane.forget()
        return chains

    # --- Ways to send

    def arrive(self, frame, link=PLANE):
        self.sockets[self.wire, link].send(frame)

    def leave(self, frame, said_type=None, bypass=False):
        """From a packet socket. said_type: what it gives as the frame's type; bypass: past the qdiscs."""
        raw = self.sockets[self.host, PLANE]
        raw.setsockopt(SOL_PACKET, PACKET_QDISC_BYPASS, bypass)
        try:
            raw.sendto(frame, (PLANE, said_type or ethertype(frame)))
        except OSError:
            pass  # the sender is told that the frame was dropped

    def send(self, packet, link=PLANE, user=0):
        """From a raw socket that the user has opened."""
        six = version(packet) == IPV6
        with self.host.inside():
            libc.setfsuid(user)
            raw = socket.socket(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
            libc.setfsuid(0)
        with raw:
            if six:
                raw.bind((self.source6, 0))  # else the kernel wants an address on the link before it sends to a group
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, link.encode())
            to = socket.inet_ntop(socket.AF_INET6, packet[24:40]) if six else socket.inet_ntoa(packet[16:20])
            try:
                raw.sendto(packet, (to, 0))
            except OSError:
                pass

    def send_without_socket(self, packet):
        """A rule of COPIES sends a copy of what arrives on the management link."""
        self.arrive(eth(MAC, OTHER_MAC, version(packet), packet), MANAGEMENT_LINK)

    def resolve(self, target, link, source):
        """Makes the kernel send one ARP request."""
        self.host.run(f'ip neighbour flush dev {link}')
        with self.host.inside():
            asker = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        with asker:
            asker.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, link.encode())
            asker.bind((source, 0))
            asker.sendto(b'', (target, 9))

    def announce(self, address):
        """Makes the kernel announce an address on the plane."""
        self.host.run(f'ip address add {address}/32 dev {PLANE}')
        self.host.run(f'ip link set {PLANE} address {MAC}')
        self.host.run(f'ip address delete {address}/32 dev {PLANE}')


COPIES = ''.join(f'''
add table {family} copies
add chain {family} copies copy {{ type filter hook prerouting priority -1000; }}
add rule {family} copies copy iifname "{MANAGEMENT_LINK}" dup to {to} device "{PLANE}"
add rule {family} copies copy iifname "{MANAGEMENT_LINK}" drop
''' for family, to in (('ip', '10.77.0.2'), ('ip6', 'fd00:77::2')))

# Rules that no frame can miss: a set matches what the map before it has matched, except while a reload empties the map;
# and no dispatcher sends anything to the last rule of its chain.
SPARE = r' == \{.* drop$|^drop$'


class Hook:
    """The chains of one hook, loaded alone, so that no other chain hides what they do. A chain behind them counts what
    passes, and drops it, so that the host answers nothing."""

    def __init__(self, lab, chains, names, shots, tried=None, only='', more=''):
        """names: the chains; tried: those whose rules are left out, of these only what matches; more: other rules"""
        self.lab, self.shots, self.only, self.more = lab, list(shots), only, more
        self.chains = {name: chains[name] for name in names}
        self.tried = tried or names
        self.family = names[0].split()[0]

    def behind(self):
        hook = next(chain[0] for chain in self.chains.values() if chain[0])
        yield f'add table {self.family} behind'
        yield from (f'add counter {self.family} behind {name}' for name in ('passed', 'tracked'))
        after = re.sub(r'priority (-?\d+)', lambda priority: f'priority {int(priority[1]) + 1}', hook)
        yield f'add chain {self.family} behind last {{ {after} }}'
        for way, link in ('prerouting', 'iifname'), ('output', 'oifname'):
            if self.family == 'inet' and f' {way} ' in hook:
                yield f'add rule inet behind last {link} {PLANE} ct state != untracked counter name tracked drop'
        yield f'add rule {self.family} behind last counter name passed drop'

    def load(self, without=None):
        """without: the name of a chain, and the number of the rule that is left out"""
        text = ['flush ruleset', f'add table {self.family} migplane']
        rules = ' '.join(rule for chain in self.chains.values() for rule in chain)
        for name in sorted(set(re.findall(r'"(\S+-(?:in|out)-[a-z]+)"', rules))):
            text.append(f'add counter {self.family} migplane {name}')
        for name, chain in self.chains.items():
            text.append(f'add chain {name.replace(" ", " migplane ")} ' + (f'{{ {chain[0]} }}' if chain[0] else ''))
        for name, chain in self.chains.items():
            text += [f'add rule {name.replace(" ", " migplane ")} {rule}' for i, rule in enumerate(chain) if i
                     and (name, i) != without]
        self.lab.nft.run('\n'.join([*text, *self.behind()]) + self.more + '\n')

    def ends(self, shots):
        """{end: how often}, once all shots have met one, or after two seconds"""
        before = self.lab.nft.counters()
        for one in shots:
            getattr(self.lab, one.way)(*one.arguments)
        deadline = time.monotonic() + 2
        while True:
            after = self.lab.nft.counters()
            met = {name: after[name] - before[name] for name in after if after[name] != before[name]}
            if sum(met.values()) >= len(shots) or time.monotonic() > deadline:
                return met

    def try_frames(self):
        self.load()
        for one in self.shots:
            met = self.ends([one])
            check(met == {one.end: 1}, f'{one.text}: {met or "nothing"}, and not {one.end}')

    def try_rules(self):
        self.load()
        whole, tried, unnoticed = self.ends(self.shots), 0, []
        for name in self.tried:
            for i, rule in enumerate(self.chains[name][1:], 1):
                if not re.search(self.only, rule) or re.search(SPARE, rule):
                    continue
                self.load(without=(name, i))
                tried += 1
                if self.ends(self.shots) == whole:
                    unnoticed.append(f'{name}: {rule}')
        print(f'# {len(self.shots)} frames; {tried} rules left out, one at a time')
        check(not unnoticed, 'no frame notices that one of these is missing:\n' + '\n'.join(unnoticed))


def try_hook(*arguments, **more):
    hook = Hook(*arguments, **more)
    hook.try_frames()
    hook.try_rules()
