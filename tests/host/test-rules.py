#!/usr/bin/python3
# Each frame meets the rule that is for it, and each rule has such a frame: without the rule, the counters differ
# SPDX-License-Identifier: GPL-2.0-or-later
#
#     test-rules.py [TEST...]           needs root; FIREWALL_TOOL is the tool, build/tests/firewall-tool otherwise
#
# See rules_lab.py. The bridge's rules need kernel support that is often missing: tests/vm has them.

import struct
import sys

from firewall_lab import Skip, plane_text, run_all
from frames import (ACK, ARP, BROADCAST, ICMP, ICMPV6, IPV4, IPV6, LLDP, NOBODY, RST, SERVICE_VLAN, SYN, VLAN, arp,
                    eth, icmp, ip, ip_bytes, neighbour, ping, solicited_node, tcp, udp, version)
from rules_lab import COPIES, GREEN_PLANE, MAC, MANAGEMENT_LINK, OTHER_MAC, PEER_MAC, PLANE, Lab, shot, try_hook

PORT, LAST_PORT, SINGLE_PORT, SERVICE, HIGH = 49152, 49215, 16514, 22, 40000
USER, OTHER_USER = 1234, 4321


class Ends:
    """The addresses of one family."""

    def __init__(self, name, net, green, management, routed):
        """net, green, management: the start of the addresses of each network"""
        self.name, self.routed, self.six = name, routed, ':' in net
        self.own, self.peer, self.pinned, self.router, self.stranger = (net + last for last in ('1', '2', '3', '9',
                                                                                                '99'))
        self.near_router = net + '5'  # within Peers=
        self.green, self.green_peer, self.green_stranger = (green + last for last in ('1', '2', '99'))
        self.management, self.manager = (management + last for last in ('1', '9'))
        self.unrelated = management + '8'

    def of(self, way, remote=None, local=None):
        """Sender and receiver."""
        ends = (remote or self.peer, local or self.own)
        return ends if way == 'in' else ends[::-1]


IPV4_ENDS = Ends('IPv4', '10.77.0.', '10.88.0.', '192.0.2.', '203.0.113.9')
IPV6_ENDS = Ends('IPv6', 'fd00:77::', 'fd00:88::', 'fd00:2::', '2001:db8::9')
BOTH = IPV4_ENDS, IPV6_ENDS

BLUE = plane_text(f'{IPV4_ENDS.own}/24', f'10.77.0.0/29 {IPV4_ENDS.routed} fd00:77::/125 {IPV6_ENDS.routed}', f'''
Ports={PORT}-{LAST_PORT} {SINGLE_PORT}
[Address]
Address={IPV6_ENDS.own}/64
[Route]
Destination=203.0.113.0/24
Gateway={IPV4_ENDS.router}
[Route]
Destination=2001:db8::/32
Gateway={IPV6_ENDS.router}
[Route]
Destination=203.0.114.0/24
Gateway={IPV4_ENDS.near_router}
[Route]
Destination=2001:db9::/32
Gateway={IPV6_ENDS.near_router}
[Peer]
Address={IPV4_ENDS.pinned}
MACAddress={PEER_MAC}
[Peer]
Address={IPV6_ENDS.pinned}
MACAddress={PEER_MAC}
''')
BLUE_VLAN = BLUE.replace('Kind=device', f'Kind=vlan\nParent={MANAGEMENT_LINK}\nVLANId=100')
BLUE_OF_OTHERS = BLUE.replace('Kind=device', 'Kind=device\nManagedBy=other')  # without its addresses so far
BLUE_FOR_USERS = BLUE + f'[Isolation]\nUsers={USER}\n'
GREEN = plane_text(f'{IPV4_ENDS.green}/24', '10.88.0.0/29 fd00:88::/125', f'[Address]\nAddress={IPV6_ENDS.green}/64')
GREEN = GREEN.replace(PLANE, GREEN_PLANE)


def lab():
    addresses = [address for ends in BOTH for address in (ends.own, ends.green, ends.management)]
    routes = (('default', PLANE), ('10.88.0.0/24', GREEN_PLANE), ('fd00:88::/64', GREEN_PLANE),
              ('192.0.2.0/24', MANAGEMENT_LINK), ('fd00:2::/64', MANAGEMENT_LINK))
    return Lab(addresses, routes)


# --- Packets, each with its end ---------------------------------------------------------------------------------------


def errors(sender, to, about):
    """(kind, packet): unreachable; IPv4: redirect, time exceeded, parameter problem; IPv6: too big, and the same two"""
    for kind in (1, 2, 3, 4) if ':' in sender else (3, 5, 11, 12):
        yield kind, icmp(sender, to, kind, 0, 0, about)


def error(sender, to, about):
    return next(errors(sender, to, about))[1]


def error_in_fragments(sender, to):
    return ip(sender, to, 44, struct.pack('!BBHI', ICMPV6, 0, 1, 7) + error(sender, to, bytes(40))[40:])


def transport(way, ends):
    """(text, packet, reason of the drop or 'passed')"""
    both, back = ends.of(way), ends.of(way)[::-1]
    yield 'a SYN to a migration port', tcp(*both, PORT, SYN), 'passed'
    yield 'a segment from a migration port', tcp(*both, HIGH, ACK, PORT), 'passed'
    yield 'a SYN to a single port', tcp(*both, SINGLE_PORT, SYN), 'passed'
    yield 'a segment from a single port', tcp(*both, HIGH, ACK, SINGLE_PORT), 'passed'
    yield 'a SYN to the port after the range', tcp(*both, LAST_PORT + 1, SYN), 'port'
    yield 'a SYN from a migration port', tcp(*both, HIGH, SYN, PORT), 'port'
    yield 'a SYN and RST from a migration port', tcp(*both, HIGH, SYN | RST, PORT), 'port'
    yield 'a segment of no connection from a migration port', tcp(*both, HIGH, 0, PORT), 'port'
    yield 'a segment from a migration port to a service', tcp(*both, SERVICE, ACK, PORT), 'port'
    yield 'a SYN from a service to a migration port', tcp(*both, PORT, SYN, SERVICE), 'port'
    yield 'a SYN to a service', tcp(*both, SERVICE, SYN), 'port'
    yield 'a ping', ping(*both, b''), 'passed'
    yield 'the answer to a ping', icmp(*both, 129 if ends.six else 0, 0, 1, b''), 'passed'
    yield 'another ICMP message', icmp(*both, 130 if ends.six else 13, 0, 0, bytes(12)), 'icmp'
    for kind, packet in errors(*both, tcp(*back, PORT, ACK)):
        is_allowed = kind in ((1, 2, 3) if ends.six else (3, 11))
        yield f'an error about TCP, of type {kind}', packet, 'passed' if is_allowed else 'icmp'
    yield 'an error about UDP', error(*both, udp(*back, PORT, b'')), 'icmp'
    yield 'an error about another host', error(*both, tcp(*ends.of(way, local=ends.stranger)[::-1], PORT, ACK)), 'icmp'
    yield 'a datagram', udp(*both, PORT, b''), 'other'


def addresses(way, ends):
    yield 'another address of the host', ping(*ends.of(way, local=ends.stranger), b''), 'address'
    yield 'its own address at both ends', ping(ends.own, ends.own, b''), 'peer'
    yield 'a stranger', ping(*ends.of(way, remote=ends.stranger), b''), 'peer'
    # A router within Peers= is no peer either.
    router = ends.of(way, remote=ends.near_router)
    yield 'a router: a SYN to a migration port', tcp(*router, PORT, SYN), 'peer'
    yield 'a router: a segment from a migration port', tcp(*router, HIGH, ACK, PORT), 'peer'
    yield 'a router: a ping', ping(*router, b''), 'peer'
    yield 'a router: an error about TCP', error(*router, tcp(*ends.of(way)[::-1], PORT, ACK)), 'passed'
    yield 'a router: an error about UDP', error(*router, udp(*ends.of(way)[::-1], PORT, b'')), 'peer'


def only_ipv4(way, ends):
    yield 'options', ping(*ends.of(way), b'', options=b'\x07\x07\x04\0\0\0\0\0'), 'options'
    yield 'a packet that must not be fragmented', ping(*ends.of(way), b'', fragment=0x4000), 'passed'
    yield 'the reserved bit beside it', ping(*ends.of(way), b'', fragment=0x8000), 'fragment'
    yield 'a first fragment', ping(*ends.of(way), b'', fragment=0x2000), 'fragment'
    yield 'a later fragment', ip(*ends.of(way), ICMP, bytes(8), fragment=1), 'fragment'
    with_options = tcp(*ends.of(way)[::-1], PORT, ACK, options=b'\x07\x07\x04\0\0\0\0\0')
    yield 'an error about a segment with options', error(*ends.of(way), with_options), 'icmp'


def only_ipv6(way, ends):
    other, target = ends.of(way)
    group, _ = solicited_node(target)
    sender, receiver = ends.of(way, remote=ends.router)
    not_to_group = 'address' if way == 'in' else 'peer'
    yield 'a solicitation to the group', neighbour(135, other, group, target), 'passed'
    at_router = neighbour(135, sender, solicited_node(receiver)[0], receiver)
    yield 'a solicitation between router and host', at_router, 'passed'
    yield 'a solicitation to the group, of another sender', neighbour(135, ends.stranger, group, target), 'address'
    if way == 'in':
        yield 'a solicitation to the group, of its own address', neighbour(135, ends.own, group, target), 'address'
    yield 'a solicitation to the group, for another target', neighbour(135, other, group, other), not_to_group
    yield 'another message to the group', ping(other, group, b''), not_to_group
    if way == 'out':
        own, own_group = ends.own, solicited_node(ends.own)[0]
        yield 'a probe', neighbour(135, '::', own_group, own), 'passed'
        yield 'a probe for another target', neighbour(135, '::', own_group, target), 'address'
        yield 'a probe to another group', neighbour(135, '::', group, own), 'address'
        yield 'a probe from afar', icmp('::', own_group, 135, 0, 0, ip_bytes(own), hops=64), 'address'
    else:
        yield 'a probe of another host', neighbour(135, '::', group, target), 'address'
    yield 'a solicitation', neighbour(135, other, target, target), 'passed'
    yield 'a solicitation for another target', neighbour(135, other, target, other), 'icmp'
    yield 'a solicitation from afar', icmp(other, target, 135, 0, 0, ip_bytes(target), hops=64), 'icmp'
    yield 'an advertisement', neighbour(136, other, target, other), 'passed'
    yield 'an advertisement of another target', neighbour(136, other, target, target), 'icmp'
    yield 'a fragment', ip(other, target, 44, struct.pack('!BBHI', ICMPV6, 0, 1, 7) + bytes(8)), 'other'


def packets(way):
    """Of the network layer: (text, packet, end)"""
    for ends in BOTH:
        for packet_of in transport, addresses, only_ipv6 if ends.six else only_ipv4:
            for text, packet, reason in packet_of(way, ends):
                yield f'{ends.name}: {text}', packet, reason if reason == 'passed' else f'{PLANE}-{way}-{reason}'


def in_frame(packet, sender=PEER_MAC, to=MAC):
    if version(packet) == IPV6 and packet[24:26] == b'\xff\x02':
        to = '33:33:' + packet[36:40].hex(':')
    return eth(to, sender, version(packet), packet)


def arriving(packet, text, end, link=PLANE, sender=PEER_MAC):
    return shot(text, end, 'arrive', in_frame(packet, sender), link)


def on_management(packet, text, end):
    return arriving(packet, text, end, MANAGEMENT_LINK, OTHER_MAC)


# --- Shots of whole hooks ---------------------------------------------------------------------------------------------


# At the device, where MAC addresses can be compared, these tell of another host with the plane's address.
CONFLICTS = 'a probe of another host', 'an advertisement of another target', 'a claim', 'a claim by another address'


def conflict(text, end, at_device):
    return 'mig0-in-conflict' if at_device and end != 'passed' and text.removeprefix('IPv6: ') in CONFLICTS else end


def arriving_packets(at_device):
    for text, packet, end in packets('in'):
        yield arriving(packet, text, conflict(text, end, at_device))
    for ends in BOTH:
        packet = ping(ends.pinned, ends.own, b'')
        yield arriving(packet, f'{ends.name}: a pinned peer', 'passed')
        yield arriving(packet, f'{ends.name}: a pinned peer with another MAC', 'mig0-in-mac', sender=OTHER_MAC)


def claims(is_heard):
    """Of the plane's IPv6 address. At the device the MAC address of all nodes gives the others away."""
    own, peer = IPV6_ENDS.own, IPV6_ENDS.peer
    yield 'a claim', neighbour(136, own, 'ff02::1', own), is_heard
    yield 'a claim of another address', neighbour(136, own, 'ff02::1', peer), False
    yield 'a claim by another address', neighbour(136, peer, 'ff02::1', own), False
    yield 'a claim from afar', icmp(own, 'ff02::1', 136, 0, 0, ip_bytes(own), hops=64), False


def arriving_claims(reason, is_heard=True):
    for text, packet, passes in claims(is_heard):
        end = conflict(text, 'passed' if passes else f'mig0-in-{reason}', at_device=reason == 'mac')
        yield arriving(packet, text, end, sender=OTHER_MAC)


def arp_claim(sender=IPV4_ENDS.own, target='0.0.0.0', to=MAC, operation=2):
    return eth(to, OTHER_MAC, ARP, arp(operation, OTHER_MAC, sender, MAC, target))


def arriving_arp_claims():
    yield shot('ARP: a claim', 'passed', 'arrive', arp_claim())
    yield shot('ARP: a claim to everybody', 'mig0-in-conflict', 'arrive', arp_claim(to=BROADCAST))
    yield shot('ARP: a claim as a request', 'mig0-in-conflict', 'arrive', arp_claim(operation=1))
    yield shot('ARP: an announced claim', 'mig0-in-conflict', 'arrive', arp_claim(target=IPV4_ENDS.own))
    yield shot('ARP: a claim of another address', 'mig0-in-arp', 'arrive', arp_claim(IPV4_ENDS.stranger))
    for text, frame in malformed_arp(arp_claim()):
        yield shot(f'{text} in a claim', 'mig0-in-arp', 'arrive', frame)


def leaving_packets():
    for text, packet, end in packets('out'):
        yield shot(text, end, 'send', packet)
    yield shot('a solicitation to all nodes', 'mig0-out-peer', 'send', solicitation_to_all())


def solicitation_to_all():
    return neighbour(135, IPV6_ENDS.own, 'ff02::1', IPV6_ENDS.peer)


def arp_request(sender=IPV4_ENDS.peer, target=IPV4_ENDS.own, to=BROADCAST, mac=PEER_MAC, frame_mac=None, operation=1):
    return eth(to, frame_mac or mac, ARP, arp(operation, mac, sender, NOBODY, target))


def arriving_arp(conflict='mig0-in-conflict'):
    ends = IPV4_ENDS
    yield shot('ARP: a request', 'passed', 'arrive', arp_request())
    yield shot('ARP: a request to the host alone', 'passed', 'arrive', arp_request(to=MAC))
    yield shot('ARP: a reply', 'passed', 'arrive', arp_request(to=MAC, operation=2))
    yield shot('ARP: a router', 'passed', 'arrive', arp_request(ends.router))
    yield shot('ARP: the host\'s own address', conflict, 'arrive', arp_request(ends.own))
    yield shot('ARP: the host\'s own address and MAC', 'mig0-in-arp', 'arrive', arp_request(ends.own, mac=MAC))
    if conflict == 'mig0-in-conflict':
        yield shot('ARP: the host\'s own MAC', conflict, 'arrive', arp_request(mac=MAC))
        yield shot('ARP: the host\'s own probe', 'mig0-in-arp', 'arrive', arp_request('0.0.0.0', mac=MAC))
    yield shot('ARP: a stranger', 'mig0-in-arp', 'arrive', arp_request(ends.stranger))
    yield shot('ARP: another address of the host', 'mig0-in-arp', 'arrive', arp_request(target=ends.management))
    yield shot('ARP: another operation', 'mig0-in-arp', 'arrive', arp_request(operation=8))


def malformed_arp(frame):
    """(text, frame) of another kind of address, or with another length."""
    fields = ('hardware', 1, 6), ('protocol', 2, 0x86), ('length of a MAC', 4, 8), ('length of an address', 5, 16)
    for text, at, byte in fields:
        yield f'ARP: another {text}', frame[:14 + at] + bytes([byte]) + frame[15 + at:]


def arriving_frames():
    """Those that their link layer gives away, and those that only the rules at the device see."""
    ends, ends6 = BOTH
    packet, packet6 = ping(ends.peer, ends.own, b''), ping(ends6.peer, ends6.own, b'')
    solicitation = neighbour(135, ends6.peer, solicited_node(ends6.own)[0], ends6.own)
    yield shot('a priority tag', 'passed', 'arrive', eth(MAC, PEER_MAC, IPV4, packet, (VLAN, 3 << 13)))
    yield shot('another VLAN', 'mig0-in-ethertype', 'arrive', eth(MAC, PEER_MAC, IPV4, packet, (VLAN, 5)))
    yield shot('a service tag', 'mig0-in-ethertype', 'arrive', eth(MAC, PEER_MAC, IPV4, packet, (SERVICE_VLAN, 0)))
    yield shot('LLDP', 'mig0-in-ethertype', 'arrive', eth('01:80:c2:00:00:0e', PEER_MAC, LLDP, bytes(40)))
    yield shot('IPv4 to everybody', 'mig0-in-mac', 'arrive', eth(BROADCAST, PEER_MAC, IPV4, packet))
    yield shot('IPv4 to another host', 'mig0-in-mac', 'arrive', eth(OTHER_MAC, PEER_MAC, IPV4, packet))
    yield shot('IPv6 to another host', 'mig0-in-mac', 'arrive', eth(OTHER_MAC, PEER_MAC, IPV6, packet6))
    yield shot('a solicitation to everybody', 'mig0-in-mac', 'arrive', eth(BROADCAST, PEER_MAC, IPV6, solicitation))
    for text, frame in malformed_arp(arp_request()):
        yield shot(text, 'mig0-in-arp', 'arrive', frame)
    yield shot('ARP: another host', 'mig0-in-mac', 'arrive', arp_request(to=OTHER_MAC))
    yield shot('ARP: a pinned peer', 'passed', 'arrive', arp_request(ends.pinned))
    yield shot('ARP: a pinned peer, another MAC', 'mig0-in-mac', 'arrive', arp_request(ends.pinned, mac=OTHER_MAC))
    yield shot('ARP: a pinned peer, a frame of another MAC', 'mig0-in-mac', 'arrive', arp_request(ends.pinned,
                                                                                                  frame_mac=OTHER_MAC))
    yield shot('ARP: a pinned peer, in its frame another MAC', 'mig0-in-mac', 'arrive',
               arp_request(ends.pinned, mac=OTHER_MAC, frame_mac=PEER_MAC))


def leaving_frames():
    ends, ends6 = BOTH
    packet, packet6 = ping(ends.own, ends.peer, b''), ping(ends6.own, ends6.peer, b'')
    for text, leaving, end in packets('out'):
        yield shot(text, end, 'leave', in_frame(leaving, MAC, PEER_MAC))
    for each in BOTH:
        pinned = ping(each.own, each.pinned, b'')
        yield shot(f'{each.name}: a pinned peer', 'passed', 'leave', in_frame(pinned, MAC, PEER_MAC))
        yield shot(f'{each.name}: a pinned peer at another MAC', 'mig0-out-mac', 'leave', in_frame(pinned, MAC,
                                                                                                   OTHER_MAC))
    request = arp_request(ends.own, ends.peer, mac=MAC)
    solicitation = neighbour(135, ends6.own, solicited_node(ends6.peer)[0], ends6.peer)
    yield shot('LLDP', 'mig0-out-ethertype', 'leave', eth('01:80:c2:00:00:0e', MAC, LLDP, bytes(40)))
    yield shot('ARP that is said to be IPv4', 'mig0-out-ethertype', 'leave', request, IPV4)
    yield shot('IPv4 that is said to be ARP', 'mig0-out-ethertype', 'leave', eth(PEER_MAC, MAC, IPV4, packet), ARP)
    yield shot('another sender', 'mig0-out-mac', 'leave', eth(PEER_MAC, OTHER_MAC, IPV4, packet))
    yield shot('IPv4 to everybody', 'mig0-out-mac', 'leave', eth(BROADCAST, MAC, IPV4, packet))
    yield shot('IPv6 to everybody', 'mig0-out-mac', 'leave', eth(BROADCAST, MAC, IPV6, packet6))
    yield shot('a solicitation to all nodes', 'mig0-out-mac', 'leave', in_frame(solicitation_to_all(), MAC))
    yield shot('ARP: a request', 'passed', 'leave', request)
    for text, frame in malformed_arp(request):
        yield shot(text, 'mig0-out-arp', 'leave', frame)
    yield shot('ARP: for a router', 'passed', 'leave', arp_request(ends.own, ends.router, mac=MAC))
    yield shot('ARP: another MAC', 'mig0-out-arp', 'leave', arp_request(ends.own, ends.peer, mac=OTHER_MAC,
                                                                        frame_mac=MAC))
    yield shot('ARP: another address', 'mig0-out-arp', 'leave', arp_request(ends.management, ends.peer, mac=MAC))
    yield shot('ARP: for a stranger', 'mig0-out-arp', 'leave', arp_request(ends.own, ends.stranger, mac=MAC))
    yield shot('ARP: an announcement', 'mig0-out-arp', 'leave', arp_request(ends.own, ends.own, mac=MAC))
    probe = arp_request('0.0.0.0', ends.own, mac=MAC)
    yield shot('ARP: a probe', 'passed', 'leave', probe)
    for text, frame in malformed_arp(probe):
        yield shot(f'{text} in a probe', 'mig0-out-arp', 'leave', frame)
    yield shot('ARP: a probe for a peer', 'mig0-out-arp', 'leave', arp_request('0.0.0.0', ends.peer, mac=MAC))
    yield shot('ARP: a probe to one host', 'mig0-out-arp', 'leave', arp_request('0.0.0.0', ends.own, PEER_MAC, MAC))
    yield shot('ARP: a probe as a reply', 'mig0-out-arp', 'leave', arp_request('0.0.0.0', ends.own, mac=MAC,
                                                                               operation=2))
    yield shot('ARP: a probe of another MAC', 'mig0-out-arp', 'leave', arp_request('0.0.0.0', ends.own, mac=OTHER_MAC,
                                                                                   frame_mac=MAC))
    yield shot('past the qdiscs: a probe', 'mig0-out-arp', 'leave', probe, None, True)
    for text, frame, reason in (('ARP', request, 'arp'), ('a ping', eth(PEER_MAC, MAC, IPV4, packet), 'icmp'),
                                ('an IPv6 ping', eth(PEER_MAC, MAC, IPV6, packet6), 'icmp'),
                                ('a solicitation to a group', in_frame(solicitation, MAC), 'peer')):
        yield shot(f'past the qdiscs: {text}', f'mig0-out-{reason}', 'leave', frame, None, True)
    for each in BOTH:
        frame = in_frame(tcp(each.own, each.peer, PORT, SYN), MAC, PEER_MAC)
        yield shot(f'past the qdiscs: {each.name}', 'mig0-out-port', 'leave', frame, None, True)


def elsewhere_in(ends, own, peer, link):
    """On the management link, what belongs to the plane."""
    yield on_management(ping(ends.manager, own, b''), f'from management to {own}', f'{link}-in-elsewhere')
    yield on_management(ping(ends.manager, peer, b''), f'from management to {peer}', f'{link}-in-elsewhere')
    yield on_management(ping(peer, ends.management, b''), f'on management from {peer}', f'{link}-in-elsewhere')
    yield shot(f'{own} to itself', 'passed', 'send', ping(own, own, b''), 'lo')
    for target in (own, peer, *([ends.routed] if own == ends.own else [])) if ends.six else ():
        yield on_management(neighbour(135, ends.manager, solicited_node(target)[0], target),
                            f'a solicitation for {target}',
                            f'{link}-in-elsewhere')


def unrelated_in():
    for ends in BOTH:
        yield on_management(ping(ends.manager, ends.management, b''), f'{ends.name} on management', 'passed')
    yield on_management(neighbour(135, ends.manager, solicited_node(ends.management)[0], ends.management),
                        'a solicitation', 'passed')


def elsewhere_input(ends, own, peer, link):
    yield on_management(ping(ends.manager, own, b''), f'from management to {own}', f'{link}-in-elsewhere')
    yield shot(f'{own} to itself', 'passed', 'send', tcp(own, own, PORT, SYN), 'lo')
    yield arriving(tcp(peer, own, PORT, SYN), f'{peer} to {own}', 'passed', link)
    for sender, to in (own, ends.manager), (ends.management, peer):
        for kind, packet in errors(ends.manager, ends.management, udp(sender, to, PORT, b'')):
            yield on_management(packet, f'an error of type {kind} about {sender} to {to}', f'{link}-in-elsewhere')


def blue_input():
    for ends in BOTH:
        yield on_management(tcp(ends.manager, ends.management, PORT, SYN), f'{ends.name}: a SYN to a migration port',
                            'mig0-in-fallback')
        yield on_management(tcp(ends.manager, ends.management, PORT, SYN | ACK),
                            f'{ends.name}: the answer to the host\'s SYN', 'passed')
        yield on_management(tcp(ends.manager, ends.management, PORT, ACK), f'{ends.name}: a later segment', 'passed')
        yield on_management(tcp(ends.manager, ends.management, SINGLE_PORT, SYN),
                            f'{ends.name}: a SYN to a single port', 'passed')
        yield on_management(tcp(ends.manager, ends.management, SERVICE, SYN), f'{ends.name}: a SYN to a service',
                            'passed')
        for text, to, end in ('to a routed peer', ends.routed, 'mig0-in-elsewhere'), ('of management', ends.manager,
                                                                                      'passed'):
            packet = error(ends.manager, ends.management, udp(ends.management, to, PORT, b''))
            yield on_management(packet, f'{ends.name}: an error about a packet {text}', end)
    yield on_management(error_in_fragments(ends.manager, ends.management), 'an IPv6 error in fragments',
                        'mig0-in-elsewhere')


def elsewhere_out(ends, own, peer, link):
    yield shot(f'{own} elsewhere', f'{link}-out-elsewhere', 'send', ping(own, ends.manager, b''), MANAGEMENT_LINK)
    yield shot(f'to {peer} elsewhere', f'{link}-out-elsewhere', 'send', ping(ends.management, peer, b''),
               MANAGEMENT_LINK)
    yield shot(f'{own} to itself', 'passed', 'send', ping(own, own, b''), 'lo')


def unrelated_out():
    for ends in BOTH:
        yield shot(f'{ends.name} on management', 'passed', 'send', ping(ends.management, ends.manager, b''),
                   MANAGEMENT_LINK)
        yield shot(f'{ends.routed} elsewhere', 'mig0-out-elsewhere', 'send', ping(ends.management, ends.routed, b''),
                   MANAGEMENT_LINK)


def forwarded(ends, stranger, link):
    yield on_management(ping(ends.manager, stranger, b''), f'from management to {stranger}', f'{link}-out-forward')
    yield arriving(ping(stranger, ends.manager, b''), f'from {stranger} to management', f'{link}-in-forward', link)


def of_users():
    for ends in BOTH:
        for port in PORT, SINGLE_PORT:
            for text, packet, opens in (('a SYN to', tcp(ends.own, ends.peer, port, SYN), True),
                                        ('a SYN and ACK from', tcp(ends.own, ends.peer, HIGH, SYN | ACK, port), True),
                                        ('a segment to', tcp(ends.own, ends.peer, port, ACK), False),
                                        ('a segment from', tcp(ends.own, ends.peer, HIGH, RST, port), False)):
                text = f'{ends.name}: {text} {port}'
                yield shot(f'{text} of a user', 'passed', 'send', packet, PLANE, USER)
                yield shot(f'{text} of another user', 'mig0-out-user', 'send', packet, PLANE, OTHER_USER)
                yield shot(f'{text} of no socket', 'mig0-out-user' if opens else 'passed', 'send_without_socket',
                           packet)
        packet = ping(ends.own, ends.peer, b'')
        yield shot(f'{ends.name}: a ping of another user', 'mig0-out-user', 'send', packet, PLANE, OTHER_USER)


# --- Tests ------------------------------------------------------------------------------------------------------------


def test_netdev_in():
    made = lab()
    shots = [*arriving_packets(True), *arriving_frames(), *arriving_arp(), *arriving_arp_claims()]
    try_hook(made, made.rules(BLUE), ['netdev mig0-in'], [*shots, *arriving_claims('mac', is_heard=False)])
    chains = made.rules(BLUE_OF_OTHERS)
    try_hook(made, chains, ['netdev mig0-in'], [*arriving_arp_claims(), *arriving_claims('mac')],
             only=r'(0\.0\.0\.0|ff02::1) .*accept')


def test_netdev_in_on_a_vlan():
    made, packet = lab(), ping(*IPV4_ENDS.of('in'), b'')
    shots = [shot('no tag', 'passed', 'arrive', eth(MAC, PEER_MAC, IPV4, packet)),
             shot('a priority tag', 'mig0-in-ethertype', 'arrive', eth(MAC, PEER_MAC, IPV4, packet, (VLAN, 0))),
             shot('a service tag', 'mig0-in-ethertype', 'arrive', eth(MAC, PEER_MAC, IPV4, packet, (SERVICE_VLAN, 0)))]
    try_hook(made, made.rules(BLUE_VLAN), ['netdev mig0-in'], shots, only='^@ll,96,16')


def test_netdev_out():
    made = lab()
    try_hook(made, made.rules(BLUE), ['netdev mig0-out'], leaving_frames())


def test_netdev_guard_of_a_parent():
    made, shots = lab(), []
    for inner in (VLAN, 100), (SERVICE_VLAN, 100):
        for outer, end in (((VLAN, 0), 'lan0-in-tags'), ((VLAN, 100), 'lan0-in-tags'), ((SERVICE_VLAN, 0),
                                                                                        'lan0-in-tags'),
                           ((VLAN, 200), 'passed'), ((SERVICE_VLAN, 100), 'passed')):
            frame = eth(MAC, OTHER_MAC, IPV4, ping(*IPV4_ENDS.of('in'), b''), outer, inner)
            shots.append(shot(f'{outer} around {inner}', end, 'arrive', frame, MANAGEMENT_LINK))
    try_hook(made, made.rules(BLUE_VLAN), ['netdev lan0-guard'], shots)


def test_inet_prerouting():
    made = lab()
    shots = [*arriving_packets(False), *unrelated_in(), *(one for ends in BOTH for one in elsewhere_in(ends, ends.own,
                                                                                                  ends.peer, PLANE))]
    chains = ['inet prerouting', 'inet mig0-in']
    try_hook(made, made.rules(BLUE), chains, [*shots, *arriving_claims('address', is_heard=False)])
    try_hook(made, made.rules(BLUE_OF_OTHERS), chains, arriving_claims('address'), tried=chains[1:], only=r'ff02::1 ')


def test_inet_input():
    made = lab()
    shots = [*blue_input(), *(one for ends in BOTH for one in elsewhere_input(ends, ends.own, ends.peer, PLANE))]
    try_hook(made, made.rules(BLUE), ['inet input'], shots)


def test_inet_forward():
    made = lab()
    made.forward()
    shots = [one for ends in BOTH for one in forwarded(ends, ends.stranger, PLANE)]
    shots += [on_management(ping(ends.manager, ends.unrelated, b''), f'{ends.name} of others', 'passed')
              for ends in BOTH]
    try_hook(made, made.rules(BLUE), ['inet forward'], shots)


def test_inet_output():
    made = lab()
    shots = [*leaving_packets(), *unrelated_out(), *(one for ends in BOTH for one in elsewhere_out(ends, ends.own,
                                                                                                   ends.peer, PLANE))]
    try_hook(made, made.rules(BLUE), ['inet output', 'inet mig0-out'], shots)


def test_inet_output_for_users():
    made = lab()
    try:
        made.nft.run(COPIES)
    except AssertionError as why:
        raise Skip(f'this kernel cannot copy packets: {str(why).splitlines()[0]}') from why
    chains = ['inet output', 'inet mig0-out']
    try_hook(made, made.rules(BLUE_FOR_USERS), chains, [*leaving_packets(), *of_users()], tried=chains[1:], more=COPIES)


def test_arp_input():
    made, ends = lab(), IPV4_ENDS
    shots = [*arriving_arp('mig0-in-arp'), shot('a claim', 'mig0-in-arp', 'arrive', arp_claim())]
    for text, frame in list(malformed_arp(arp_request()))[:2]:  # the stack itself drops the others
        shots.append(shot(text, 'mig0-in-arp', 'arrive', frame))
    for text, sender, target, end in (('on management', ends.manager, ends.management, 'passed'),
                                      ('on management for a peer', ends.manager, ends.peer, 'mig0-in-elsewhere'),
                                      ('on management from a peer', ends.peer, ends.management, 'mig0-in-elsewhere'),
                                      ('on management for a routed peer', ends.manager, ends.routed,
                                       'mig0-in-elsewhere'),
                                      ('on management from a routed peer', ends.routed, ends.management,
                                       'mig0-in-elsewhere')):
        shots.append(shot(text, end, 'arrive', arp_request(sender, target, mac=OTHER_MAC), MANAGEMENT_LINK))
    try_hook(made, made.rules(BLUE), ['arp input', 'arp mig0-in'], shots)


def test_arp_output():
    made, ends = lab(), IPV4_ENDS
    shots = [shot('for a peer', 'passed', 'resolve', ends.peer, PLANE, ends.own),
             shot('for a router', 'passed', 'resolve', ends.router, PLANE, ends.own),
             shot('for a stranger', 'mig0-out-arp', 'resolve', ends.stranger, PLANE, ends.own),
             shot('an announcement', 'mig0-out-arp', 'announce', ends.own),
             shot('on management', 'passed', 'resolve', ends.manager, MANAGEMENT_LINK, ends.management),
             shot('on management for a peer', 'mig0-out-elsewhere', 'resolve', ends.peer, MANAGEMENT_LINK,
                  ends.management),
             shot('on management from the plane', 'mig0-out-elsewhere', 'resolve', ends.manager, MANAGEMENT_LINK,
                  ends.own)]
    try_hook(made, made.rules(BLUE), ['arp output', 'arp mig0-out'], shots)


def planes():
    for ends in BOTH:
        yield ends, ends.own, ends.peer, PLANE
        yield ends, ends.green, ends.green_peer, GREEN_PLANE


def test_several_planes():
    made = lab()
    chains = made.rules(BLUE, GREEN)

    shots = [*unrelated_in()]
    for ends, own, peer, link in planes():
        shots += [*elsewhere_in(ends, own, peer, link), arriving(ping(peer, own, b''), f'{peer} to {own}', 'passed',
                                                                 link),
                  arriving(ping(peer, ends.manager, b''), f'{peer} to management', f'{link}-in-address', link)]
    dispatchers = ['inet prerouting', 'inet arriving']
    try_hook(made, chains, [*dispatchers, 'inet mig0-in', 'inet mig1-in'], shots, tried=dispatchers)

    shots = [*blue_input(), *(one for plane in planes() for one in elsewhere_input(*plane))]
    try_hook(made, chains, ['inet input'], shots)

    shots = [*unrelated_out()]
    for ends, own, peer, link in planes():
        shots += [*elsewhere_out(ends, own, peer, link), shot(f'{own} to {peer}', 'passed', 'send', ping(own, peer,
                                                                                                         b''), link),
                  shot(f'{own} to management', f'{link}-out-peer', 'send', ping(own, ends.manager, b''), link)]
    dispatchers = ['inet output', 'inet leaving']
    try_hook(made, chains, [*dispatchers, 'inet mig0-out', 'inet mig1-out'], shots, tried=dispatchers)

    made.forward()
    shots = [one for ends in BOTH for stranger, link in ((ends.stranger, PLANE), (ends.green_stranger, GREEN_PLANE))
             for one in forwarded(ends, stranger, link)]
    try_hook(made, chains, ['inet forward'], shots)


if __name__ == '__main__':
    sys.exit(run_all(globals(), sys.argv[1:]))
