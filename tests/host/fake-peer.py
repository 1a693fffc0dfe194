# A fake networkd, NetworkManager or polkitd: logs each call, and answers as a file says
# SPDX-License-Identifier: GPL-2.0-or-later
#
#     fake-peer.py networkd|networkmanager|polkit FOLDER
#
# Prints "ready" once it owns the name, and then one line for each call: "MEMBER PATH ARGUMENTS", the arguments as JSON.
# The line ends in "(may start)" if the call may start the service, and in "(interactive)" if it allows to ask for a password.
# Appends "MEMBER SECONDS" to FOLDER/times for each call. The file FOLDER/MEMBER says how the calls of MEMBER are answered:
#
#     error NAME TEXT     with an error
#     hang                not until the file has changed
#     nonsense            with a reply of another type
#     anything else       see the classes below; they also say what the answer is without a file

import json
import os
import struct
import sys
import time

from rawbus import CALL, DBUS, ERROR, INTERACTIVE, NO_AUTO_START, RETURN
from rawbus import Bus, align, message, string, value_at, values_at


class Refusal(Exception):
    """An error: its name and its text."""


def object_path(path):
    return "o", string(path)


# The body with an empty a{sv} behind it.
def with_empty_dictionary(body):
    return align(align(body, 4) + struct.pack("<I", 0), 8)


# The file Describe has the JSON.
class Networkd:
    name = "org.freedesktop.network1"

    def answer(self, member, path, body, said):
        return ("s", string(said or "{}")) if member == "Describe" else ("", b"")


# Keeps the profiles that it is given. A device exists if there is a file GetDeviceByIpIface.
class NetworkManager:
    name = "org.freedesktop.NetworkManager"
    settings = "/org/freedesktop/NetworkManager/Settings"

    def __init__(self):
        self.profiles = {}              # path: the bytes of a{sa{sv}}, the first argument of the call that wrote it
        self.made = 0

    def keep(self, path, body):
        self.profiles[path] = body[: 8 + struct.unpack_from("<I", body)[0]]

    def uuid(self, path):
        return value_at("a{sa{sv}}", self.profiles[path], 0)[0]["connection"]["uuid"]

    def answer(self, member, path, body, said):
        if path not in self.profiles and path.startswith(self.settings + "/"):
            raise Refusal("org.freedesktop.DBus.Error.UnknownMethod", "no such profile")
        match member:
            case "AddConnection2":
                self.made += 1
                added = f"{self.settings}/{self.made}"
                self.keep(added, body)
                return "oa{sv}", with_empty_dictionary(string(added))
            case "Update2":
                self.keep(path, body)
                return "a{sv}", with_empty_dictionary(b"")
            case "GetSettings":
                return "a{sa{sv}}", self.profiles[path]
            case "Delete":
                del self.profiles[path]
                return "", b""
            case "ListConnections":
                paths = b""
                for known in self.profiles:
                    paths = align(paths, 4) + string(known)
                return "ao", struct.pack("<I", len(paths)) + paths
            case "GetConnectionByUuid":
                for known in self.profiles:
                    if self.uuid(known) == values_at("s", body)[0][0]:
                        return object_path(known)
                raise Refusal(self.name + ".Settings.InvalidConnection", "no such profile")
            case "GetDeviceByIpIface":
                if said is None:
                    raise Refusal(self.name + ".UnknownDevice", "no such device")
                return object_path("/org/freedesktop/NetworkManager/Devices/1")
            case "ActivateConnection":
                return object_path("/org/freedesktop/NetworkManager/ActiveConnection/1")
        return "", b""


# The file CheckAuthorization has "yes" or "challenge"; everything else means no.
class Polkit:
    name = "org.freedesktop.PolicyKit1"

    def answer(self, member, path, body, said):
        return "(bba{ss})", struct.pack("<IIII", said == "yes", said == "challenge", 0, 0)


class Service:
    def __init__(self, kind, folder):
        self.bus, self.kind, self.folder = Bus(), kind, folder
        self.waiting = []
        self.bus.ask(DBUS, "RequestName", "su", align(string(kind.name), 4) + struct.pack("<I", 0))
        print("ready", flush=True)

    def said(self, member):
        try:
            with open(os.path.join(self.folder, member)) as file:
                return file.read().strip()
        except FileNotFoundError:
            return None

    def reply(self, kind, call, signature, body, more=()):
        serial, fields = call[:2]
        self.bus.serial += 1
        header = [(5, "u", serial), (6, "s", fields[7]), *more]
        if signature:
            header.append((8, "g", signature))
        self.bus.socket.sendall(message(kind, self.bus.serial, header, body))

    # False if the call is not answered yet.
    def handle(self, call):
        _, fields, body = call
        said = self.said(fields[3])
        if said == "hang":
            return False
        try:
            if said and said.startswith("error "):
                raise Refusal(*said.split(" ", 2)[1:])
            signature, answer = self.kind.answer(fields[3], fields[1], body, said)
            if said == "nonsense":
                signature, answer = "u", struct.pack("<I", 7)
            self.reply(RETURN, call, signature, answer)
        except Refusal as refusal:
            name, text = refusal.args
            self.reply(ERROR, call, "s", string(text), [(4, "s", name)])
        return True

    def run(self):
        while True:
            received = self.bus.receive(0.05)
            if received and received[0] == CALL:
                _, serial, fields, body = received
                arguments = values_at(fields.get(8, ""), body)[0]
                notes = "" if fields[0] & NO_AUTO_START else " (may start)"
                notes += " (interactive)" if fields[0] & INTERACTIVE else ""
                print(fields[3], fields[1], json.dumps(arguments) + notes, flush=True)
                with open(os.path.join(self.folder, "times"), "a") as file:
                    print(fields[3], time.monotonic(), file=file)
                self.waiting.append((serial, fields, body))
            self.waiting = [call for call in self.waiting if not self.handle(call)]


kinds = {"networkd": Networkd, "networkmanager": NetworkManager, "polkit": Polkit}
Service(kinds[sys.argv[1]](), sys.argv[2]).run()
