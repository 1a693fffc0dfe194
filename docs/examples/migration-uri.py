#!/usr/bin/env python3
# The URI for migrations to a host, as an initiator asks for it: with busctl(1), and without a library
# SPDX-License-Identifier: GPL-2.0-or-later
#
#     migration-uri.py PLANE [[USER@]HOST]     # a host over SSH; without it, this host
#
# Exit status 0: the migration may go to the URI that is printed, or, if none is printed, over the management network
# (Fallback=allow). 1: the migration must be refused.

import json
import subprocess
import sys

BUS = "org.migplane1"


def call(host, path, interface, method, *arguments):
    """One method call; the values of the answer, without their types. --auto-start=no: a reader starts no daemon."""
    where = ["--host", host] if host else ["--system"]
    command = ["busctl", *where, "--auto-start=no", "--json=short", "call", BUS, path, interface, method, *arguments]
    answer = subprocess.run(command, capture_output=True, text=True)
    if answer.returncode != 0:
        sys.exit(f"cannot ask migplaned: {answer.stderr.strip()}")
    return json.loads(answer.stdout)["data"]


def main(plane, host=None):
    path, = call(host, "/org/migplane1", "org.migplane1.Manager", "GetPlane", "s", plane)
    # All properties in one call, so that they are of one moment.
    values, = call(host, path, "org.freedesktop.DBus.Properties", "GetAll", "s", "org.migplane1.Plane")
    values = {name: value["data"] for name, value in values.items()}
    reasons = "; ".join(text for _, text in values["HealthReasons"])

    if values["Health"] in ("healthy", "degraded"):
        if values["Health"] == "degraded":
            print(f"plane {plane} is degraded: {reasons}", file=sys.stderr)
        print(values["MigrateUri"])
    elif values["Fallback"] == "allow":
        print(f"plane {plane} is {values['Health']} ({reasons}); using the management network", file=sys.stderr)
    else:
        sys.exit(f"plane {plane} is {values['Health']}, refusing the migration: {reasons}")


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(f"Usage: {sys.argv[0]} PLANE [[USER@]HOST]")
    main(*sys.argv[1:])
