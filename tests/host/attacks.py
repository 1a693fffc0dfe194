# The attacks, as a table: what is tried against a host by way of its two switch ports, and by programs of its own
# SPDX-License-Identifier: GPL-2.0-or-later
#
# The pieces of the promise that they are about:
#
#  1 ARP and ND for the plane's address are answered on the plane alone, and for no other address of the host there
#  2 what comes for the plane's address by any other way is dropped
#  3 nothing is forwarded to or from the plane, whatever else accepts it; nobody is answered for; no redirect is sent or obeyed
#  4 no frame of the plane's on the management wire, and none of management's on the plane
#  6 who is no peer gets nothing, and moves nothing; nor does who has a peer's address and another MAC than the peer's
#  7 the migration ports are the only ones that are open, to peers too
#  8 what only a router, a switch or nobody at all should say changes nothing
#  9 nothing hops into the plane's VLAN or out of it
#
# There is none here about: 5 and 10-17, which are other tests'.

import attacks_host
import attacks_management
import attacks_plane
from attack import Outside


def wanted(lab, attacks):
    return [attack for attack in attacks if attack.send and lab.options.piece in (None, attack.piece)]


def from_outside(lab):
    out = Outside(lab)
    groups = attacks_management.groups(lab) + attacks_plane.groups(lab)
    return wanted(lab, [attack for group in groups for attack in group(out)])


def from_inside(lab):
    return wanted(lab, [*attacks_host.frames_of_the_host(lab), *attacks_host.sockets_of_the_host(lab)])
