# Reads Prometheus' text format strictly; prints each sample as NAME{LABELS} VALUE with sorted labels, or says what is wrong
# SPDX-License-Identifier: GPL-2.0-or-later
#
#     exposition.py <FILE

import re
import sys

NAME, LABEL = r"[a-zA-Z_:][a-zA-Z0-9_:]*", r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\[\\"n])*)"'
types, seen, order = {}, set(), []
text = sys.stdin.read()
if not text.endswith("\n"):
    sys.exit("the last line does not end")
for number, line in enumerate(text.split("\n")[:-1], 1):
    head = re.fullmatch(rf"# (HELP|TYPE) ({NAME}) (.+)", line)
    sample = re.fullmatch(rf"({NAME})(?:\{{((?:{LABEL},?)*)\}})? (-?[0-9]+(?:\.[0-9]+)?(?:e[+-][0-9]+)?)", line)
    name = (head or sample or sys.exit(f"{number}: neither a comment nor a sample: {line}"))[2 if head else 1]
    if not order or order[-1] != name:
        if name in order:
            sys.exit(f"{number}: the samples of {name} do not stand together")
        order.append(name)
    if head and head[1] == "TYPE":
        types[name] = head[3]
        if head[3] not in ("gauge", "counter") or (head[3] == "counter") != name.endswith("_total"):
            sys.exit(f"{number}: {name} is a {head[3]}")
    if sample:
        if name not in types:
            sys.exit(f"{number}: {name} has no type")
        labels = re.findall(LABEL, sample[2] or "")
        key = name + "{" + ",".join(f'{k}="{v}"' for k, v in sorted(labels)) + "}"
        if key in seen or len({k for k, _ in labels}) < len(labels):
            sys.exit(f"{number}: twice: {key}")
        seen.add(key)
        print(key, sample[5])
