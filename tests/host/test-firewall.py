#!/usr/bin/python3
# The isolation ruleset in a real kernel: loading it, finding and repairing drift, and what two hosts and a stranger can do
# SPDX-License-Identifier: GPL-2.0-or-later
#
#     test-firewall.py [TEST...]        needs root; FIREWALL_TOOL is the tool, build/tests/firewall-tool otherwise
#
# One wire (a bridge in a namespace of its own) carries the plane: alpha and beta are peers, eve is on the wire and no
# peer. A second link, lan0, joins alpha and eve.

import contextlib
import ipaddress
import os
import re
import socket
import subprocess
import sys
import time

from firewall_lab import Host, Plane, Skip, check, heard, open_socket, plane_text, run_all
from frames import (ARP, BROADCAST, ETH_P_ALL, IPV4, IPV6, LLDP, NOBODY, SYN, TCP, VLAN, arp, eth, icmp, ip, mac_bytes,
                    ping, tcp, udp)

RELOADS = 100 if os.environ.get('QUICK') else 1000
PORT = 49152
ARP_REQUEST, ARP_REPLY = (bytes.fromhex('080600010800060400') + bytes([operation]) for operation in (1, 2))


class Lab:
    """alpha and beta on the plane's wire as peers, eve there too; alpha and eve on lan0."""

    def __init__(self, prefix='10.77.0.', length=24, peers='10.77.0.0/28', eve='200'):
        self.wire, self.alpha, self.beta, self.eve = Host(), Host(), Host(), Host()
        self.alpha_address, self.beta_address, self.eve_address = f'{prefix}1', f'{prefix}2', f'{prefix}{eve}'
        self.planes = []
        self.wire.run('sysctl -qw net.ipv6.conf.default.disable_ipv6=1')
        for family in 'ip', 'ip6':  # with br_netfilter a bridge is no mere wire: it drops what is malformed
            self.wire.call(f'sysctl -qw net.bridge.bridge-nf-call-{family}tables=0')
        self.wire.run('ip link add wire type bridge mcast_snooping 0')
        self.wire.run('ip link set wire up')
        for name in 'alpha', 'beta', 'eve':
            self.wire.run(f'ip link add {name} type veth peer name mig0')
            self.wire.run(f'ip link set {name} master wire up')
            self.wire.give('mig0', getattr(self, name))
        self.eve.run('ip link add lan0 type veth peer name lan1')
        self.eve.give('lan0', self.alpha)
        for host in self.alpha, self.beta, self.eve:
            host.run(f'sysctl -qw net.ipv6.conf.mig0.disable_ipv6={int(":" not in prefix)}')
        for name in 'alpha', 'beta':
            host, address = getattr(self, name), getattr(self, name + '_address')
            plane = Plane(host, plane_text(f'{address}/{length}', peers))
            plane.load()
            self.planes.append(plane)
            self.address(host, 'mig0', f'{address}/{length}')
        self.address(self.alpha, 'lan0', '192.0.2.1/24')
        self.address(self.eve, 'lan1', '192.0.2.9/24')
        self.address(self.eve, 'mig0', f'{self.eve_address}/{length}')
        self.plane = self.planes[0]

    @staticmethod
    def address(host, link, address):
        host.run(f'ip address add {address} dev {link}' + (' nodad' if ':' in address else ''))
        host.run(f'ip link set {link} up')

    def end(self):
        for plane in self.planes:
            plane.forget()
        for host in self.wire, self.alpha, self.beta, self.eve:
            os.close(host.fd)


@contextlib.contextmanager
def lab(**values):
    made = Lab(**values)
    try:
        yield made
    finally:
        made.end()


# --- Traffic ----------------------------------------------------------------------------------------------------------


def listen(host, address, port):
    with host.inside():
        server = socket.socket(socket.AF_INET6 if ':' in address else socket.AF_INET)
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind((address, port))
        server.listen()
        return server


def connect(host, address, port, source_port=0, source=None):
    """'open', 'closed' (a reset came) or 'silent'."""
    with host.inside():
        client = socket.socket(socket.AF_INET6 if ':' in address else socket.AF_INET)
    with client:
        client.settimeout(0.7)
        if source_port or source:
            client.bind((source or '', source_port))
        try:
            client.connect((address, port))
            return 'open'
        except ConnectionRefusedError:
            return 'closed'
        except OSError:
            return 'silent'


def answers(host, link, frame, to_mac, seconds=0.3):
    """Frames that come back to a MAC after one was sent."""
    with open_socket(host, ETH_P_ALL, link) as raw:
        raw.send(frame)
        return [answer for answer in heard(raw, seconds) if answer[:6] == mac_bytes(to_mac)]


def arp_answers(host, link, target, sender):
    mac = host.mac(link)
    request = eth(BROADCAST, mac, ARP, arp(1, mac, sender, NOBODY, target))
    return [answer for answer in answers(host, link, request, mac) if answer[12:22] == ARP_REPLY]


# --- Tests ------------------------------------------------------------------------------------------------------------


def test_drift_is_found_and_repaired():
    chain = 'netdev migplane mig0-in'

    def handles(host, where):
        return [line.split()[-1] for line in host.run(f'nft -a list chain {where}').splitlines()
                if ' handle ' in line and 'chain' not in line]

    def with_rule(command, index, rule=''):
        return lambda host: host.nft(f'{command} rule {chain} handle {handles(host, chain)[index]} {rule}')

    def rehook(host):
        host.nft(f'delete chain {chain}\nadd chain {chain} {{ type filter hook ingress device "mig0" priority 7; }}')

    def recreate(host):
        host.run('ip link delete mig0')
        host.run('ip link add mig0 type veth peer name other')

    def rename(host):
        host.run('ip link set mig0 name former')
        host.run('ip link add mig0 type veth peer name another')

    changes = {
        'a rule deleted': with_rule('delete', 3),
        'the last rule deleted': with_rule('delete', -1),
        'a rule inserted': with_rule('insert', 2, 'accept'),
        'a rule put first': lambda host: host.nft(f'insert rule {chain} accept'),
        'a rule added': lambda host: host.nft(f'add rule {chain} accept'),
        'a rule replaced': with_rule('replace', 4, 'accept'),
        'a rule deleted and another added': lambda host: (with_rule('delete', 3)(host), with_rule('insert', 5,
                                                                                                  'accept')(host)),
        'a chain flushed': lambda host: host.nft(f'flush chain {chain}'),
        'a chain of arp flushed': lambda host: host.nft('flush chain arp migplane input'),
        'a chain that hangs elsewhere': rehook,
        'a policy of drop': lambda host: host.nft('add chain inet migplane forward { policy drop; }'),
        'a chain that is not ours': lambda host: host.nft('table inet migplane { chain other { accept; }; }'),
        'a table deleted': lambda host: host.nft('delete table inet migplane'),
        'a table asleep': lambda host: host.nft('add table netdev migplane { flags dormant; }'),
        'everything flushed': lambda host: host.nft('flush ruleset'),
        'the device made anew': recreate,
        'the device renamed, and another made': rename,
    }
    host = Host()
    host.run('ip link add mig0 type veth peer name other')
    plane = Plane(host, plane_text('10.77.0.1/24', '10.77.0.0/24'))
    plane.load()
    for what, change in changes.items():
        change(host)
        # Linux 6.18 hangs the chain on the new device by itself; then only the MAC tells.
        check(plane.drift() != '', f'{what}: not found')
        plane.load()
        check(plane.drift() == '', f'{what}: not repaired: {plane.drift()}')
    plane.forget()


def test_tables_are_removed_with_the_last_plane():
    host = Host()
    host.run('ip link add mig0 type veth peer name other')
    host.nft('table inet foreign {\n chain x {\n counter\n }\n}')
    before = host.run('nft list ruleset')
    plane = Plane(host, plane_text('10.77.0.1/24', '10.77.0.0/24'))
    plane.load()
    os.unlink(f'{plane.folder}/blue.plane')
    plane.load()
    check(host.run('nft list ruleset') == before, host.run('nft list ruleset'))
    plane.forget()


def test_a_table_that_another_program_filled_is_taken_over():
    host = Host()
    host.run('ip link add mig0 type veth peer name other')
    host.nft('''
        table inet migplane {
            set theirs { type ipv4_addr; elements = { 192.0.2.1 }; }
            counter mig0-in-forward { packets 7 bytes 700 }
            chain mig0-in { accept; }
            chain theirs { type filter hook input priority 0; policy drop; ip saddr @theirs jump mig0-in; jump also_theirs; }
            chain also_theirs { accept; }
            chain prerouting { type filter hook prerouting priority 5; accept; }
        }
        table netdev migplane {
            flags dormant
            chain theirs { type filter hook ingress device "mig0" priority 0; accept; }
        }''')
    plane = Plane(host, plane_text('10.77.0.1/24', '10.77.0.0/24'))
    check(plane.drift() != '', 'it is taken for ours')
    plane.load()
    check(not re.search(r'chain \w*theirs|dormant', host.run('nft list ruleset')), host.run('nft list ruleset'))
    os.unlink(f'{plane.folder}/blue.plane')
    plane.load()
    check(host.run('nft list ruleset') == '', host.run('nft list ruleset'))
    plane.forget()


def refused(plane, words):
    done = plane.call('load')
    check(done.returncode == 3 and words in done.stderr, f'{words!r} is not in {done.stderr!r}')


def test_a_refused_transaction_changes_nothing_and_is_told_with_its_command():
    host = Host()
    host.run('ip link add mig0 type veth peer name other')
    plane = Plane(host, plane_text('10.77.0.1/24', '10.77.0.0/24'))
    # A map that we do not know of leads to a chain that is to be removed.
    host.nft('table inet migplane { chain theirs { accept; }\n map m { type ipv4_addr : verdict; '
             'elements = { 192.0.2.1 : jump theirs }; }; }')
    before = host.run('nft list ruleset')
    refused(plane, 'nftables: Could not process rule: Device or resource busy: "delete chain inet migplane theirs"')
    check(host.run('nft list ruleset') == before, host.run('nft list ruleset'))
    host.nft('delete table inet migplane')

    # Another process owns the table, and with it goes the table.
    with host.inside():
        owner = subprocess.Popen(['nft', '-i'], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    owner.stdin.write('add table inet migplane { flags owner; }\n')
    owner.stdin.flush()
    deadline = time.monotonic() + 10
    while 'owner' not in host.run('nft list ruleset') and time.monotonic() < deadline:
        pass
    refused(plane, 'Operation not permitted: "add table inet migplane"')
    check('netdev' not in host.run('nft list tables'), 'a part of the transaction is there')
    owner.stdin.close()
    owner.wait()
    plane.load()
    plane.forget()


def test_a_device_that_appears_and_disappears():
    host = Host()
    plane = Plane(host, plane_text('10.77.0.1/24', '10.77.0.0/24'))
    plane.load()
    check('netdev' not in host.run('nft list tables'), 'a netdev table without a device')
    host.run('ip link add mig0 type veth peer name other')
    check('mig0-in' in plane.drift(), 'the new device is not seen')
    plane.load()
    host.run('ip link delete mig0')
    plane.load()
    check('netdev' not in host.run('nft list tables'), 'the netdev table stays')
    plane.forget()


def test_any_name_of_a_link_loads():
    host = Host()
    name = '@' * 15
    host.run(f'ip link add {name} type veth peer name other')
    plane = Plane(host, plane_text('10.77.0.1/24', '10.77.0.0/24', 'LogDrops=yes').replace('Name=mig0', f'Name={name}'))
    plane.load()
    plane.forget()


def test_10000_peers_load():
    host = Host()
    host.run('ip link add mig0 type veth peer name other')
    peers = ' '.join(str(ipaddress.ip_address('10.0.0.0') + 2 * i) for i in range(10000))
    plane = Plane(host, plane_text('10.77.0.1/24', peers))
    plane.load()
    plane.forget()


def test_peers_reach_each_other():
    with lab() as l, listen(l.alpha, l.alpha_address, PORT), listen(l.beta, l.beta_address, PORT + 63):
        check(l.alpha.ping(l.beta_address) and l.beta.ping(l.alpha_address), 'no answer to a ping')
        check(connect(l.beta, l.alpha_address, PORT) == 'open', 'beta cannot migrate to alpha')
        check(connect(l.alpha, l.beta_address, PORT + 63) == 'open', 'alpha cannot migrate to beta')
        check(connect(l.alpha, l.alpha_address, PORT) == 'open', 'alpha cannot talk to itself')


def test_other_ports_are_silent():
    with lab() as l, listen(l.alpha, l.alpha_address, 22), listen(l.alpha, l.alpha_address, PORT + 64):
        check(l.beta.ping(l.alpha_address), 'no answer to a ping')
        check(connect(l.beta, l.alpha_address, 22) == 'silent', 'port 22 answers')
        check(connect(l.beta, l.alpha_address, PORT + 64) == 'silent', 'the port after the range answers')
        # From beta without its ruleset, so that alpha alone decides.
        l.beta.nft('flush ruleset')
        before = l.alpha.counter('mig0-in-port')
        check(connect(l.beta, l.alpha_address, 22, source_port=PORT) == 'silent', 'port 22 answers a migration port')
        check(l.alpha.counter('mig0-in-port') > before, 'it is not counted')


def test_ipv6_peers_reach_each_other():
    with lab(prefix='fd00:77::', length=64, peers='fd00:77::/124', eve='200') as l, listen(l.alpha, l.alpha_address,
                                                                                           PORT), \
            listen(l.alpha, l.alpha_address, 22):
        check(l.beta.ping(l.alpha_address), 'no answer to a ping')
        check(connect(l.beta, l.alpha_address, PORT) == 'open', 'beta cannot migrate to alpha')
        check(connect(l.beta, l.alpha_address, 22) == 'silent', 'port 22 answers')
        check(not l.eve.ping(l.alpha_address, seconds=1), 'a stranger is answered')
        check('REACHABLE' in l.beta.run(f'ip neighbour show to {l.alpha_address}'), 'no neighbour')
        # A solicitation on the other link for the plane's address
        l.eve.run('ip address add fd00:77::2:9/64 dev lan1 nodad')
        l.eve.run('ip link set mig0 down')
        check(not l.eve.ping(l.alpha_address, seconds=1), 'the plane answers on the other link')


def strange_frames(l, mac):
    """What eve can think of; to alpha, unless it says so."""
    eve = l.eve.mac('mig0')
    me, you, peer = l.eve_address, l.alpha_address, l.beta_address
    beta = l.beta.mac('mig0')
    return {
        'arp': (eth(BROADCAST, eve, ARP, arp(1, eve, me, NOBODY, you)), 'arp'),
        'arp unicast': (eth(mac, eve, ARP, arp(1, eve, me, NOBODY, you)), 'arp'),
        'arp for the other link': (eth(BROADCAST, eve, ARP, arp(1, eve, peer, NOBODY, '192.0.2.1')), 'arp'),
        'arp probe': (eth(BROADCAST, eve, ARP, arp(1, eve, '0.0.0.0', NOBODY, you)), 'arp'),
        'arp announcing our address': (eth(BROADCAST, eve, ARP, arp(1, eve, you, NOBODY, you)), 'conflict'),
        'ping': (eth(mac, eve, IPV4, ping(me, you, b'')), 'peer'),
        'ping from our address': (eth(mac, eve, IPV4, ping(you, you, b'')), 'peer'),
        'ping to the group': (eth(BROADCAST, eve, IPV4, ping(peer, you, b'')), 'mac'),
        'ping to the other link': (eth(mac, beta, IPV4, ping(peer, '192.0.2.1', b'')), 'address'),
        'connection': (eth(mac, eve, IPV4, tcp(me, you, PORT, SYN)), 'peer'),
        'options': (eth(mac, beta, IPV4, ping(peer, you, b'', options=b'\x07\x07\x04\0\0\0\0\0')), 'options'),
        'first fragment': (eth(mac, beta, IPV4, ping(peer, you, b'', fragment=0x2000)), 'fragment'),
        'later fragment': (eth(mac, beta, IPV4, ip(peer, you, TCP, b'x' * 8, fragment=1)), 'fragment'),
        'timestamp request': (eth(mac, beta, IPV4, icmp(peer, you, 13, 0, 0, bytes(12))), 'icmp'),
        'datagram': (eth(mac, beta, IPV4, udp(peer, you, PORT, b'')), 'other'),
        'ipv6': (eth(mac, eve, IPV6, b'\x60' + bytes(39)), 'ethertype'),
        'lldp': (eth('01:00:5e:00:00:01', eve, LLDP, bytes(40)), 'ethertype'),
        'tag 5': (eth(mac, eve, IPV4, ping(peer, you, b''), (VLAN, 5)), 'ethertype'),
    }


def test_strangers_get_no_answer_and_are_counted():
    with lab() as l, listen(l.alpha, l.alpha_address, PORT):
        check(l.beta.ping(l.alpha_address), 'no answer to a ping')
        mac = l.alpha.mac('mig0')
        neighbours = l.alpha.run('ip neighbour show dev mig0')
        with open_socket(l.wire, ETH_P_ALL, 'alpha') as tap, open_socket(l.eve, ETH_P_ALL, 'mig0') as raw:
            for what, (frame, reason) in strange_frames(l, mac).items():
                list(heard(tap, 0))
                before = l.alpha.counter(f'mig0-in-{reason}')
                raw.send(frame)
                # That alpha confirms beta's address now and then is no answer.
                sent = [f for f in heard(tap, 0.15) if f[6:12] == mac_bytes(mac) and f[12:22] != ARP_REQUEST]
                check(not sent, f'{what}: answered with {sent}')
                check(l.alpha.counter(f'mig0-in-{reason}') == before + 1, f'{what}: not counted as {reason}')
        after = l.alpha.run('ip neighbour show dev mig0')
        check([n.split()[:3] for n in neighbours.splitlines()] == [n.split()[:3] for n in after.splitlines()], after)


def test_priority_tags_are_accepted():
    with lab() as l:
        check(l.beta.ping(l.alpha_address), 'no answer to a ping')
        l.beta.nft('flush ruleset')  # beta's own would not let it out
        mac, beta = l.alpha.mac('mig0'), l.beta.mac('mig0')
        frame = eth(mac, beta, IPV4, ping(l.beta_address, l.alpha_address, b''), (VLAN, 3 << 13))
        check(answers(l.beta, 'mig0', frame, beta), 'a priority tag is dropped')


def test_a_pinned_peer_has_one_mac():
    with lab() as l:
        beta = l.beta.mac('mig0')
        l.plane.write(plane_text(f'{l.alpha_address}/24', '10.77.0.0/28',
                                 f'[Peer]\nAddress={l.beta_address}\nMACAddress={beta}'))
        l.plane.load()
        check(l.beta.ping(l.alpha_address), 'no answer to a ping')
        mac, eve, peer, you = l.alpha.mac('mig0'), l.eve.mac('mig0'), l.beta_address, l.alpha_address
        forged = [eth(mac, eve, IPV4, ping(peer, you, b'')),
                  eth(mac, eve, ARP, arp(2, eve, peer, mac, you)),
                  eth(mac, beta, ARP, arp(2, eve, peer, mac, you)),
                  eth(mac, eve, ARP, arp(2, beta, peer, mac, you))]
        with open_socket(l.eve, ETH_P_ALL, 'mig0') as raw:
            for frame in forged:
                before = l.alpha.counter('mig0-in-mac')
                raw.send(frame)
                time_out = time.monotonic() + 2
                while l.alpha.counter('mig0-in-mac') == before and time.monotonic() < time_out:
                    pass
                check(l.alpha.counter('mig0-in-mac') == before + 1, f'taken: {frame.hex()}')
        check(beta in l.alpha.run(f'ip neighbour show to {peer}'), 'the neighbour was rewritten')


def test_plane_traffic_is_dropped_on_other_links():
    with lab() as l, listen(l.alpha, '0.0.0.0', PORT), listen(l.alpha, '0.0.0.0', 22):
        check(l.eve.ping('192.0.2.1'), 'the other link does not work')
        check(connect(l.eve, '192.0.2.1', 22) == 'open', 'the other link does not work')
        check(connect(l.eve, '192.0.2.1', PORT) == 'closed', 'a migration port is open there, or says nothing')
        check(l.alpha.counter('mig0-in-fallback') > 0, 'it is not counted')
        check(arp_answers(l.eve, 'lan1', '192.0.2.1', '192.0.2.9'), 'the other link does not answer ARP')
        check(not arp_answers(l.eve, 'lan1', l.alpha_address, '192.0.2.9'), 'ARP for the plane is answered elsewhere')
        check(not arp_answers(l.eve, 'lan1', '192.0.2.1', l.eve_address), 'ARP from the plane is answered elsewhere')
        mac, eve = l.alpha.mac('lan0'), l.eve.mac('lan1')
        for what, source, to in (('to the plane', '192.0.2.9', l.alpha_address),
                                 ('from the plane', l.beta_address, '192.0.2.1')):
            before = l.alpha.counter('mig0-in-elsewhere')
            frame = eth(mac, eve, IPV4, tcp(source, to, PORT, SYN))
            check(not answers(l.eve, 'lan1', frame, eve), f'{what}: answered')
            check(l.alpha.counter('mig0-in-elsewhere') == before + 1, f'{what}: not counted')
        # The plane's address as a source elsewhere
        before = l.alpha.counter('mig0-out-elsewhere')
        check(connect(l.alpha, '192.0.2.9', PORT, source=l.alpha_address) == 'silent', 'the plane is seen elsewhere')
        check(l.alpha.counter('mig0-out-elsewhere') > before, 'it is not counted')


def test_nothing_is_forwarded():
    with lab() as l:
        l.alpha.run('sysctl -qw net.ipv4.ip_forward=1')
        l.eve.run(f'ip route add {l.beta_address}/32 via 192.0.2.1')
        check(not l.eve.ping(l.beta_address, seconds=1), 'forwarded')
        check(l.alpha.counter('mig0-in-elsewhere') > 0, 'it is not counted')


def test_only_plane_traffic_is_sent():
    with lab() as l:
        l.alpha.run('ip link set mig0 down')
        l.alpha.run('sysctl -qw net.ipv6.conf.mig0.disable_ipv6=0')
        mac, strange = l.alpha.mac('mig0'), '02:00:00:00:00:77'
        with open_socket(l.wire, ETH_P_ALL, 'alpha') as tap, open_socket(l.alpha, ETH_P_ALL, 'mig0') as raw:
            l.alpha.run('sysctl -qw net.ipv4.conf.mig0.arp_notify=1')
            l.alpha.run('ip link set mig0 up')
            raw_frames = [
                eth(BROADCAST, mac, 0x88b5, b'x'),
                eth(BROADCAST, strange, ARP, arp(1, strange, l.alpha_address, NOBODY, l.beta_address)),
                eth(BROADCAST, mac, ARP, arp(1, strange, l.alpha_address, NOBODY, l.beta_address)),
                eth(BROADCAST, mac, ARP, arp(1, mac, '192.0.2.1', NOBODY, l.beta_address)),
                eth(BROADCAST, mac, IPV4, ping(l.alpha_address, '10.77.0.15', b'')),
                eth(BROADCAST, mac, IPV4, udp(l.alpha_address, '255.255.255.255', PORT, b'')),
                # Said to be ARP, and is IP
                eth(l.beta.mac('mig0'), mac, IPV4, arp(1, mac, l.alpha_address, NOBODY, l.beta_address)),
            ]
            for frame in raw_frames:
                with contextlib.suppress(OSError):
                    raw.sendto(frame, ('mig0', ARP if frame is raw_frames[-1] else 0))
            time.sleep(4)  # DAD and router solicitations are a timer's; there is no event that says that there are none
            sent = [frame for frame in heard(tap, 0.1) if len(frame) > 0]
        check(not sent, f'sent: {[f.hex() for f in sent]}')
        check(l.alpha.counter('mig0-out-other') + l.alpha.counter('mig0-out-ethertype') > 0, 'nothing was counted')
        check(l.beta.ping(l.alpha_address), 'no answer to a ping afterwards')


def test_only_the_users_named_may_send():
    with lab() as l, listen(l.beta, l.beta_address, PORT) as server:
        l.plane.write(plane_text(f'{l.alpha_address}/24', '10.77.0.0/28', 'Users=1234'))
        l.plane.load()

        def connect_as(user):
            child = os.fork()
            if child == 0:
                os.setuid(user)
                os._exit(0 if connect_here() == 'open' else 1)
            return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0

        def connect_here():
            with socket.socket() as client:
                client.settimeout(0.7)
                try:
                    client.connect((l.beta_address, PORT))
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
                    client.sendall(b'x' * 400000)  # more than is on its way when the socket is closed
                    return 'open'
                except OSError:
                    return 'silent'

        server.settimeout(5)
        with l.alpha.inside():
            check(not connect_as(4321), 'another user may send')
            check(connect_as(1234), 'the user may not send')
        peer = server.accept()[0]
        peer.settimeout(5)
        received = 0
        while part := peer.recv(65536):
            received += len(part)
        check(received == 400000, f'what was in flight at the close is lost: {received} bytes came')
        check(l.alpha.counter('mig0-out-user') > 0, 'it is not counted')


def test_traffic_through_an_ifb_is_filtered():
    with lab() as l, listen(l.alpha, l.alpha_address, PORT):
        if l.alpha.call('ip link add ifb0 type ifb').returncode != 0:
            raise Skip('this kernel has no ifb')
        l.alpha.run('ip link set ifb0 up')
        l.alpha.run('tc qdisc add dev mig0 clsact')
        l.alpha.run('tc filter add dev mig0 ingress protocol ip u32 match u32 0 0 '
                    'action mirred egress redirect dev ifb0')
        check(l.beta.ping(l.alpha_address), 'no answer to a ping')
        check(connect(l.beta, l.alpha_address, PORT) == 'open', 'a peer is dropped')
        check(connect(l.eve, l.alpha_address, PORT) == 'silent', 'a stranger is answered')
        check(not l.eve.ping(l.alpha_address, seconds=1), 'a stranger is answered')


def test_tags_within_tags_are_dropped_on_the_parent():
    with lab() as l:
        l.plane.write(plane_text(f'{l.alpha_address}/24', '10.77.0.0/28', kind='vlan',
                                 parent='Parent=lan0\nVLANId=100'))
        l.plane.load()
        eve, mac = l.eve.mac('lan1'), l.alpha.mac('lan0')
        tags = {(0, 100): 1, (100, 0): 1, (0, 0): 1, (200, 100): 0}
        with open_socket(l.eve, ETH_P_ALL, 'lan1') as raw:
            for (outer, inner), drops in tags.items():
                before = l.alpha.counter('lan0-in-tags')
                raw.send(eth(mac, eve, IPV4, bytes(40), (VLAN, outer), (VLAN, inner)))
                check(l.alpha.counter('lan0-in-tags') == before + drops, f'{outer} around {inner}')
        check(l.eve.ping('192.0.2.1'), 'the parent is cut off')


def reload_under_attack(l, plane, link, frame, counters):
    """eve sends the frame all the while. A chain right behind ours counts those that pass."""
    sender = socket.inet_ntoa(frame[26:30])
    l.alpha.nft(f'table ip spy {{\n chain in {{\n type filter hook prerouting priority -449;\n'
                f' ip saddr {sender} counter\n }}\n}}')
    before = sum(map(l.alpha.counter, counters))
    attacker = os.fork()
    if attacker == 0:
        raw = open_socket(l.eve, ETH_P_ALL, link)
        raw.setblocking(True)
        while True:
            raw.send(frame)
    try:
        plane.tool('reload', RELOADS)
    finally:
        os.kill(attacker, 9)
        os.waitpid(attacker, 0)
    dropped = sum(map(l.alpha.counter, counters)) - before
    print(f'# {dropped} frames dropped over {RELOADS} reloads')
    check(dropped > 10000, 'the attack was none')
    check('packets 0 bytes 0' in l.alpha.run('nft list table ip spy'), l.alpha.run('nft list table ip spy'))
    check(plane.drift() == '', plane.drift())


def test_reloading_under_attack_lets_nothing_through():
    with lab() as l:
        mac, eve = l.alpha.mac('mig0'), l.eve.mac('mig0')
        frame = eth(mac, eve, IPV4, ping(l.eve_address, l.alpha_address, b''))
        reload_under_attack(l, l.plane, 'mig0', frame, ['mig0-in-peer', 'mig0-in-arp'])


# A map from the addresses of several planes is empty for a moment, for packets that still meet the rules of before.
def test_reloading_several_planes_under_attack_lets_nothing_through():
    with lab() as l:
        l.plane.write(plane_text('10.78.0.1/24', '10.78.0.0/28').replace('mig0', 'mig1'), 'green')
        l.plane.load()
        mac, eve = l.alpha.mac('lan0'), l.eve.mac('lan1')
        frame = eth(mac, eve, IPV4, ping('192.0.2.9', l.alpha_address, b''))
        reload_under_attack(l, l.plane, 'lan1', frame, ['mig0-in-elsewhere'])


if __name__ == '__main__':
    sys.exit(run_all(globals(), sys.argv[1:]))
