#!/usr/bin/python3
# The isolation ruleset in a real kernel: what it lets pass, what it drops, and whether drift is seen and mended.
# SPDX-License-Identifier: GPL-2.0-or-later
#
#     test-firewall.py [TEST...]        needs root; FIREWALL_TOOL is the tool, build/tests/firewall-tool otherwise
#
# Hosts are network namespaces without a name: they end with this process. One wire (a bridge in a namespace of its own) carries
# the plane: alpha and beta are peers, eve is on the wire and no peer. A second link, lan0, joins alpha and eve.

import contextlib
import ctypes
import ipaddress
import os
import select
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import time

RELOADS = 100 if os.environ.get('QUICK') else 1000

libc = ctypes.CDLL(None, use_errno=True)
CLONE_NEWNET = 0x40000000
ETH_P_ALL, ETH_P_IP, ETH_P_ARP, ETH_P_IPV6, ETH_P_8021Q = 0x0003, 0x0800, 0x0806, 0x86dd, 0x8100
BROADCAST = 'ff:ff:ff:ff:ff:ff'
PORT = 49152
ARP_REQUEST, ARP_REPLY = (bytes.fromhex('080600010800060400') + bytes([operation]) for operation in (1, 2))

BUILD_DIR = os.environ.get('BUILD_DIR') or os.path.realpath(f'{os.path.dirname(__file__)}/../../build')
TOOL = os.environ.get('FIREWALL_TOOL') or f'{BUILD_DIR}/tests/firewall-tool'
HOME = os.open('/proc/self/ns/net', os.O_RDONLY)


class Skip(Exception):
    pass


def check(what, message):
    if not what:
        raise AssertionError(message)


# --- Hosts ----------------------------------------------------------------------------------------------------------------


class Host:
    def __init__(self):
        check(libc.unshare(CLONE_NEWNET) == 0, 'cannot make a network namespace')
        self.fd = os.open('/proc/self/ns/net', os.O_RDONLY)
        libc.setns(HOME, CLONE_NEWNET)
        self.run('ip link set lo up')

    @contextlib.contextmanager
    def inside(self):
        libc.setns(self.fd, CLONE_NEWNET)
        try:
            yield
        finally:
            libc.setns(HOME, CLONE_NEWNET)

    def call(self, command, **more):
        return subprocess.run(command if isinstance(command, list) else command.split(), text=True, capture_output=True,
                              preexec_fn=lambda: libc.setns(self.fd, CLONE_NEWNET), check=False, **more)

    def run(self, command, **more):
        done = self.call(command, **more)
        check(done.returncode == 0, f'{command}: {done.stdout}{done.stderr}')
        return done.stdout

    def nft(self, text):
        return self.run(['nft', '-f', '-'], input=text)

    def give(self, link, other):
        self.run(f'ip link set {link} netns /proc/{os.getpid()}/fd/{other.fd}')

    def mac(self, link):
        with open_socket(self, ETH_P_ALL, link) as raw:
            return raw.getsockname()[4]

    def ping(self, address, seconds=5):
        """Whether an echo is answered; the answer is told by its identifier and payload."""
        six = ':' in address
        with self.inside():
            raw = socket.socket(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_RAW, 58 if six else 1)
        request, answer_type = echo_request(128 if six else 8), 129 if six else 0
        with raw:
            raw.sendto(request, (address, 0))
            while select.select([raw], [], [], seconds)[0]:
                answer = raw.recv(65536)
                answer = answer if six else answer[20:]
                if answer[0] == answer_type and answer[4:] == request[4:]:
                    return True
        return False

    def counter(self, name):
        listed = self.run('nft list counters').split()
        return sum(int(listed[i + 3]) for i, word in enumerate(listed) if word == name)


def open_socket(host, protocol, link):
    with host.inside():
        raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(protocol))
        raw.bind((link, protocol))
        raw.setblocking(False)
        return raw


def frames(raw, seconds):
    """What arrives, until nothing has for that long; frames that the host itself sends are left out."""
    while select.select([raw], [], [], seconds)[0]:
        frame, sender = raw.recvfrom(65536)
        if sender[2] != socket.PACKET_OUTGOING:
            yield frame


class Plane:
    """A NAME.plane of one host, and the tool that loads it."""

    def __init__(self, host, text):
        self.host = host
        self.scratch = tempfile.TemporaryDirectory(prefix='migplane-')
        self.folder = self.scratch.name
        self.write(text)

    def write(self, text):
        with open(f'{self.folder}/blue.plane', 'w', encoding='ascii') as file:
            file.write(text)

    def tool(self, *arguments):
        done = self.host.call([TOOL, arguments[0], self.folder, *map(str, arguments[1:])])
        check(done.returncode in (0, 1), f'{arguments}: {done.stderr}')
        return done.stdout

    def load(self):
        self.tool('load')
        check(self.drift() == '', f'does not read back as it was loaded: {self.drift()}')

    def drift(self):
        return self.tool('check')

    def forget(self):
        shutil.rmtree(self.folder)


PLANE = '''
[Interface]
Name=mig0
Kind={kind}
{parent}
[Address]
Address={address}
[Isolation]
Peers={peers}
{more}
'''


def plane_text(address, peers, more='', kind='device', parent=''):
    return PLANE.format(address=address, peers=peers, more=more, kind=kind, parent=parent)


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


# --- Traffic --------------------------------------------------------------------------------------------------------------


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


def raw_mac(text):
    return bytes.fromhex(text.replace(':', ''))


def ethernet(to, source, kind, payload):
    return (raw_mac(to) + raw_mac(source) + struct.pack('!H', kind) + payload).ljust(60, b'\0')


def arp(operation, mac, sender, target, target_mac='00:00:00:00:00:00'):
    return struct.pack('!HHBBH6s4s6s4s', 1, ETH_P_IP, 6, 4, operation, raw_mac(mac), ipaddress.ip_address(sender).packed,
                       raw_mac(target_mac), ipaddress.ip_address(target).packed)


def checksum(data):
    total = sum(struct.unpack(f'!{len(data) // 2}H', data))
    return ~((total & 0xffff) + (total >> 16)) & 0xffff


def ipv4(source, to, protocol, payload, fragment=0, options=b''):
    def header(value):
        return struct.pack('!BBHHHBBH4s4s', 0x40 + 5 + len(options) // 4, 0, 20 + len(options) + len(payload), 1, fragment, 64,
                           protocol, value, ipaddress.ip_address(source).packed, ipaddress.ip_address(to).packed) + options
    return header(checksum(header(0))) + payload


def echo_request(kind=8):
    # The kernel fills in the checksum of ICMPv6.
    return struct.pack('!BBHHH', kind, 0, checksum(struct.pack('!BBHHH', kind, 0, 0, 1, 1)), 1, 1)


def syn(source, to, source_port, port):
    segment = struct.pack('!HHIIBBHHH', source_port, port, 1, 0, 0x50, 0x02, 65535, 0, 0)
    pseudo = ipaddress.ip_address(source).packed + ipaddress.ip_address(to).packed + struct.pack('!BBH', 0, 6, 20)
    return segment[:16] + struct.pack('!H', checksum(pseudo + segment)) + segment[18:]


def answers(host, link, frame, to_mac, seconds=0.3):
    """Frames that come back to a MAC after one was sent."""
    with open_socket(host, ETH_P_ALL, link) as raw:
        raw.send(frame)
        return [answer for answer in frames(raw, seconds) if answer[:6] == raw_mac(to_mac)]


def arp_answers(host, link, target, sender):
    mac = host.mac(link).hex(':')
    request = ethernet(BROADCAST, mac, ETH_P_ARP, arp(1, mac, sender, target))
    return [answer for answer in answers(host, link, request, mac) if answer[12:22] == ARP_REPLY]


# --- Tests ----------------------------------------------------------------------------------------------------------------


def test_drift_is_seen_and_mended():
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
        'a rule deleted and another added': lambda host: (with_rule('delete', 3)(host), with_rule('insert', 5, 'accept')(host)),
        'a chain flushed': lambda host: host.nft(f'flush chain {chain}'),
        'a chain of arp flushed': lambda host: host.nft('flush chain arp migplane input'),
        'a chain that hangs elsewhere': rehook,
        'a policy of drop': lambda host: host.nft('add chain inet migplane forward { policy drop; }'),
        'a chain that is not ours': lambda host: host.nft('add chain inet migplane other\nadd rule inet migplane other accept'),
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
        check(plane.drift() != '', f'{what}: not seen')
        plane.load()
        check(plane.drift() == '', f'{what}: not mended: {plane.drift()}')
    plane.forget()


def test_our_tables_go_with_the_planes():
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


def test_the_device_may_come_and_go():
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
    with lab(prefix='fd00:77::', length=64, peers='fd00:77::/124', eve='200') as l, listen(l.alpha, l.alpha_address, PORT), \
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
    eve = l.eve.mac('mig0').hex(':')
    me, you, peer = l.eve_address, l.alpha_address, l.beta_address
    beta = l.beta.mac('mig0').hex(':')
    return {
        'arp': (ethernet(BROADCAST, eve, ETH_P_ARP, arp(1, eve, me, you)), 'arp'),
        'arp unicast': (ethernet(mac, eve, ETH_P_ARP, arp(1, eve, me, you)), 'arp'),
        'arp for the other link': (ethernet(BROADCAST, eve, ETH_P_ARP, arp(1, eve, peer, '192.0.2.1')), 'arp'),
        'arp probe': (ethernet(BROADCAST, eve, ETH_P_ARP, arp(1, eve, '0.0.0.0', you)), 'arp'),
        'arp announcing our address': (ethernet(BROADCAST, eve, ETH_P_ARP, arp(1, eve, you, you)), 'arp'),
        'ping': (ethernet(mac, eve, ETH_P_IP, ipv4(me, you, 1, echo_request())), 'peer'),
        'ping from our address': (ethernet(mac, eve, ETH_P_IP, ipv4(you, you, 1, echo_request())), 'peer'),
        'ping to the group': (ethernet(BROADCAST, eve, ETH_P_IP, ipv4(peer, you, 1, echo_request())), 'mac'),
        'ping to the other link': (ethernet(mac, beta, ETH_P_IP, ipv4(peer, '192.0.2.1', 1, echo_request())), 'address'),
        'connection': (ethernet(mac, eve, ETH_P_IP, ipv4(me, you, 6, syn(me, you, 40000, PORT))), 'peer'),
        'options': (ethernet(mac, beta, ETH_P_IP, ipv4(peer, you, 1, echo_request(), options=b'\x07\x07\x04\0\0\0\0\0')), 'options'),
        'first fragment': (ethernet(mac, beta, ETH_P_IP, ipv4(peer, you, 1, echo_request(), fragment=0x2000)), 'fragment'),
        'later fragment': (ethernet(mac, beta, ETH_P_IP, ipv4(peer, you, 6, b'x' * 8, fragment=1)), 'fragment'),
        'timestamp request': (ethernet(mac, beta, ETH_P_IP, ipv4(peer, you, 1, bytes([13]) + bytes(19))), 'icmp'),
        'datagram': (ethernet(mac, beta, ETH_P_IP, ipv4(peer, you, 17, bytes.fromhex('9c40c00000080000'))), 'other'),
        'ipv6': (ethernet(mac, eve, ETH_P_IPV6, b'\x60' + bytes(39)), 'ethertype'),
        'lldp': (ethernet('01:00:5e:00:00:01', eve, 0x88cc, bytes(40)), 'ethertype'),
        'tag 5': (ethernet(mac, eve, ETH_P_8021Q, struct.pack('!HH', 5, ETH_P_IP) + ipv4(peer, you, 1, echo_request())), 'ethertype'),
    }


def test_strangers_get_no_answer_and_are_counted():
    with lab() as l, listen(l.alpha, l.alpha_address, PORT):
        check(l.beta.ping(l.alpha_address), 'no answer to a ping')
        mac = l.alpha.mac('mig0').hex(':')
        neighbours = l.alpha.run('ip neighbour show dev mig0')
        with open_socket(l.wire, ETH_P_ALL, 'alpha') as tap, open_socket(l.eve, ETH_P_ALL, 'mig0') as raw:
            for what, (frame, reason) in strange_frames(l, mac).items():
                list(frames(tap, 0))
                before = l.alpha.counter(f'mig0-in-{reason}')
                raw.send(frame)
                # That alpha confirms beta's address now and then is no answer.
                sent = [f for f in frames(tap, 0.15) if f[6:12] == raw_mac(mac) and f[12:22] != ARP_REQUEST]
                check(not sent, f'{what}: answered with {sent}')
                check(l.alpha.counter(f'mig0-in-{reason}') == before + 1, f'{what}: not counted as {reason}')
        after = l.alpha.run('ip neighbour show dev mig0')
        check([n.split()[:3] for n in neighbours.splitlines()] == [n.split()[:3] for n in after.splitlines()], after)


def test_priority_tags_are_taken():
    with lab() as l:
        check(l.beta.ping(l.alpha_address), 'no answer to a ping')
        l.beta.nft('flush ruleset')  # beta's own would not let it out
        mac, beta = l.alpha.mac('mig0').hex(':'), l.beta.mac('mig0').hex(':')
        payload = struct.pack('!HH', 3 << 13, ETH_P_IP) + ipv4(l.beta_address, l.alpha_address, 1, echo_request())
        check(answers(l.beta, 'mig0', ethernet(mac, beta, ETH_P_8021Q, payload), beta), 'a priority tag is dropped')


def test_a_known_peer_has_one_mac():
    with lab() as l:
        beta = l.beta.mac('mig0').hex(':')
        l.plane.write(plane_text(f'{l.alpha_address}/24', '10.77.0.0/28',
                                 f'[Peer]\nAddress={l.beta_address}\nMACAddress={beta}'))
        l.plane.load()
        check(l.beta.ping(l.alpha_address), 'no answer to a ping')
        mac, eve, peer, you = l.alpha.mac('mig0').hex(':'), l.eve.mac('mig0').hex(':'), l.beta_address, l.alpha_address
        forged = [ethernet(mac, eve, ETH_P_IP, ipv4(peer, you, 1, echo_request())),
                  ethernet(mac, eve, ETH_P_ARP, arp(2, eve, peer, you, mac)),
                  ethernet(mac, beta, ETH_P_ARP, arp(2, eve, peer, you, mac)),
                  ethernet(mac, eve, ETH_P_ARP, arp(2, beta, peer, you, mac))]
        with open_socket(l.eve, ETH_P_ALL, 'mig0') as raw:
            for frame in forged:
                before = l.alpha.counter('mig0-in-mac')
                raw.send(frame)
                time_out = time.monotonic() + 2
                while l.alpha.counter('mig0-in-mac') == before and time.monotonic() < time_out:
                    pass
                check(l.alpha.counter('mig0-in-mac') == before + 1, f'taken: {frame.hex()}')
        check(beta in l.alpha.run(f'ip neighbour show to {peer}'), 'the neighbour was rewritten')


def test_the_plane_is_only_on_the_plane():
    with lab() as l, listen(l.alpha, '0.0.0.0', PORT), listen(l.alpha, '0.0.0.0', 22):
        check(l.eve.ping('192.0.2.1'), 'the other link does not work')
        check(connect(l.eve, '192.0.2.1', 22) == 'open', 'the other link does not work')
        check(connect(l.eve, '192.0.2.1', PORT) == 'silent', 'a migration port is open there')
        check(l.alpha.counter('mig0-in-fallback') > 0, 'it is not counted')
        check(arp_answers(l.eve, 'lan1', '192.0.2.1', '192.0.2.9'), 'the other link does not answer ARP')
        check(not arp_answers(l.eve, 'lan1', l.alpha_address, '192.0.2.9'), 'ARP for the plane is answered elsewhere')
        check(not arp_answers(l.eve, 'lan1', '192.0.2.1', l.eve_address), 'ARP from the plane is answered elsewhere')
        mac, eve = l.alpha.mac('lan0').hex(':'), l.eve.mac('lan1').hex(':')
        for what, source, to in (('to the plane', '192.0.2.9', l.alpha_address), ('from the plane', l.beta_address, '192.0.2.1')):
            before = l.alpha.counter('mig0-in-elsewhere')
            frame = ethernet(mac, eve, ETH_P_IP, ipv4(source, to, 6, syn(source, to, 40000, PORT)))
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


def test_nothing_but_the_plane_is_sent():
    with lab() as l:
        l.alpha.run('ip link set mig0 down')
        l.alpha.run('sysctl -qw net.ipv6.conf.mig0.disable_ipv6=0')
        mac = l.alpha.mac('mig0')
        with open_socket(l.wire, ETH_P_ALL, 'alpha') as tap, open_socket(l.alpha, ETH_P_ALL, 'mig0') as raw:
            l.alpha.run('sysctl -qw net.ipv4.conf.mig0.arp_notify=1')
            l.alpha.run('ip link set mig0 up')
            raw_frames = [
                ethernet(BROADCAST, mac.hex(':'), 0x88b5, b'x'),
                ethernet(BROADCAST, '02:00:00:00:00:77', ETH_P_ARP, arp(1, '02:00:00:00:00:77', l.alpha_address, l.beta_address)),
                ethernet(BROADCAST, mac.hex(':'), ETH_P_ARP, arp(1, '02:00:00:00:00:77', l.alpha_address, l.beta_address)),
                ethernet(BROADCAST, mac.hex(':'), ETH_P_ARP, arp(1, mac.hex(':'), '192.0.2.1', l.beta_address)),
                ethernet(BROADCAST, mac.hex(':'), ETH_P_IP, ipv4(l.alpha_address, '10.77.0.15', 1, echo_request())),
                ethernet(BROADCAST, mac.hex(':'), ETH_P_IP, ipv4(l.alpha_address, '255.255.255.255', 17, bytes(8))),
                # Said to be ARP, and is IP
                ethernet(l.beta.mac('mig0').hex(':'), mac.hex(':'), ETH_P_IP, arp(1, mac.hex(':'), l.alpha_address, l.beta_address)),
            ]
            for frame in raw_frames:
                with contextlib.suppress(OSError):
                    raw.sendto(frame, ('mig0', ETH_P_ARP if frame is raw_frames[-1] else 0))
            time.sleep(4)  # DAD and router solicitations are a timer's; there is no event that says that there are none
            sent = [frame for frame in frames(tap, 0.1) if len(frame) > 0]
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


def test_the_way_through_an_ifb_is_guarded():
    with lab() as l, listen(l.alpha, l.alpha_address, PORT):
        if l.alpha.call('ip link add ifb0 type ifb').returncode != 0:
            raise Skip('this kernel has no ifb')
        l.alpha.run('ip link set ifb0 up')
        l.alpha.run('tc qdisc add dev mig0 clsact')
        l.alpha.run('tc filter add dev mig0 ingress protocol ip u32 match u32 0 0 action mirred egress redirect dev ifb0')
        check(l.beta.ping(l.alpha_address), 'no answer to a ping')
        check(connect(l.beta, l.alpha_address, PORT) == 'open', 'a peer is dropped')
        check(connect(l.eve, l.alpha_address, PORT) == 'silent', 'a stranger is answered')
        check(not l.eve.ping(l.alpha_address, seconds=1), 'a stranger is answered')


def test_tags_within_tags_are_dropped_on_the_parent():
    with lab() as l:
        l.plane.write(plane_text(f'{l.alpha_address}/24', '10.77.0.0/28', kind='vlan', parent='Parent=lan0\nVLANId=100'))
        l.plane.load()
        eve, mac = l.eve.mac('lan1').hex(':'), l.alpha.mac('lan0').hex(':')
        tags = {(0, 100): 1, (100, 0): 1, (0, 0): 1, (200, 100): 0}
        with open_socket(l.eve, ETH_P_ALL, 'lan1') as raw:
            for (outer, inner), drops in tags.items():
                before = l.alpha.counter('lan0-in-tags')
                raw.send(ethernet(mac, eve, ETH_P_8021Q, struct.pack('!HHHH', outer, ETH_P_8021Q, inner, ETH_P_IP) + bytes(40)))
                check(l.alpha.counter('lan0-in-tags') == before + drops, f'{outer} around {inner}')
        check(l.eve.ping('192.0.2.1'), 'the parent is cut off')


def test_reloading_under_attack_lets_nothing_through():
    with lab() as l:
        # Right after our chains: whatever of eve's reaches it has passed.
        l.alpha.nft(f'table ip spy {{\n chain in {{\n type filter hook prerouting priority -449;\n'
                    f' ip saddr {l.eve_address} counter\n }}\n}}')
        mac, eve = l.alpha.mac('mig0').hex(':'), l.eve.mac('mig0').hex(':')
        before = sum(l.alpha.counter(f'mig0-in-{reason}') for reason in ('peer', 'arp'))
        attacker = os.fork()
        if attacker == 0:
            raw = open_socket(l.eve, ETH_P_ALL, 'mig0')
            raw.setblocking(True)
            frame = ethernet(mac, eve, ETH_P_IP, ipv4(l.eve_address, l.alpha_address, 1, echo_request()))
            while True:
                raw.send(frame)
        try:
            l.plane.tool('reload', RELOADS)
        finally:
            os.kill(attacker, 9)
            os.waitpid(attacker, 0)
        dropped = sum(l.alpha.counter(f'mig0-in-{reason}') for reason in ('peer', 'arp')) - before
        print(f'# {dropped} frames dropped over {RELOADS} reloads')
        check(dropped > 10000, 'the attack was none')
        check('packets 0 bytes 0' in l.alpha.run('nft list table ip spy'), l.alpha.run('nft list table ip spy'))
        check(l.plane.drift() == '', l.plane.drift())


def run(name, test):
    """'passed', 'failed' or 'skipped'."""
    try:
        test()
    except Skip as why:
        print(f'ok - {name} # SKIP {why}', flush=True)
        return 'skipped'
    except (AssertionError, OSError) as error:
        print(f'not ok - {name}', *str(error).splitlines(), sep='\n    # ', flush=True)
        return 'failed'
    print(f'ok - {name}', flush=True)
    return 'passed'


def main(names):
    results = []
    for name, test in list(globals().items()):
        if name.startswith('test_') and (not names or name in names):
            missing = 'needs root' if os.geteuid() != 0 else '' if os.access(TOOL, os.X_OK) else f'no {TOOL}'
            name = name.removeprefix('test_').replace('_', ' ')
            if missing:
                print(f'ok - {name} # SKIP {missing}')
            results.append('skipped' if missing else run(name, test))
    counts = {result: results.count(result) for result in ('passed', 'failed', 'skipped')}
    print(', '.join(f'{count} {result}' for result, count in counts.items()))
    return 1 if counts['failed'] else 0 if counts['passed'] else 77


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
