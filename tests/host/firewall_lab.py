# For test-firewall.py and test-rules.py: hosts, a plane's rules without the daemon, and a row of tests
# SPDX-License-Identifier: GPL-2.0-or-later
#
# Hosts are network namespaces without a name: they end with this process.

import contextlib
import os
import select
import shutil
import socket
import subprocess
import tempfile

from frames import CLONE_NEWNET, ETH_P_ALL, enter, libc, ping

BUILD_DIR = os.environ.get('BUILD_DIR') or os.path.realpath(f'{os.path.dirname(__file__)}/../../build')
TOOL = os.environ.get('FIREWALL_TOOL') or f'{BUILD_DIR}/tests/firewall-tool'
HOME = os.open('/proc/self/ns/net', os.O_RDONLY)


class Skip(Exception):
    pass


def check(what, message):
    if not what:
        raise AssertionError(message)


class Host:
    def __init__(self):
        check(libc.unshare(CLONE_NEWNET) == 0, 'cannot make a network namespace')
        self.fd = os.open('/proc/self/ns/net', os.O_RDONLY)
        enter(HOME)
        self.run('ip link set lo up')

    @contextlib.contextmanager
    def inside(self):
        enter(self.fd)
        try:
            yield
        finally:
            enter(HOME)

    def call(self, command, **more):
        return subprocess.run(command if isinstance(command, list) else command.split(), text=True, capture_output=True,
                              preexec_fn=lambda: enter(self.fd), check=False, **more)

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
            return raw.getsockname()[4].hex(':')

    def ping(self, address, seconds=5):
        """Whether an echo is answered; the answer is told by its identifier and payload."""
        six = ':' in address
        with self.inside():
            raw = socket.socket(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_RAW, 58 if six else 1)
        request = ping(address, address, b'test-firewall')[40 if six else 20:]
        with raw:
            raw.sendto(request, (address, 0))
            while select.select([raw], [], [], seconds)[0]:
                answer = raw.recv(65536)
                answer = answer if six else answer[20:]
                if answer[0] == (129 if six else 0) and answer[4:] == request[4:]:
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


def heard(raw, seconds):
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

    def write(self, text, name='blue'):
        with open(f'{self.folder}/{name}.plane', 'w', encoding='ascii') as file:
            file.write(text)

    def call(self, *arguments):
        return self.host.call([TOOL, arguments[0], self.folder, *map(str, arguments[1:])])

    def tool(self, *arguments):
        done = self.call(*arguments)
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


# --- The tests --------------------------------------------------------------------------------------------------------


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


def needed():
    if os.geteuid() != 0:
        raise Skip('needs root')
    check(os.access(TOOL, os.X_OK), f'there is no {TOOL}: ninja -C build unit-tests')


def run_all(module, names):
    """Those of these names, or all test_* of the module. The exit status."""
    tests = {name: test for name, test in module.items() if name.startswith('test_') and (not names or name in names)}
    results = [run('the tool is there', needed)]
    if results == ['passed']:
        results = [run(name.removeprefix('test_').replace('_', ' '), test) for name, test in tests.items()]
    counts = {result: results.count(result) for result in ('passed', 'failed', 'skipped')}
    print(', '.join(f'{count} {result}' for result, count in counts.items()))
    return 1 if counts['failed'] else 0 if counts['passed'] else 77
