#!/usr/bin/env python3
"""Scores metascope's Rust call graph against rustc's MIR.

The compiler writes the truth: `metascope calls CRATE --precise --trust` leaves it in the cache folder,
under compiler/targets/*/target/debug/deps/*.mir (src/runner/compiler/calls.sh says how it is made).

    scripts/mir_calls.py CRATE_FOLDER FILE.mir [--metascope BIN] [--misses N]

A site counts when its callee is a function of the crate: named by path, or a method of one of the
crate's traits, or a trait's method for one of the crate's types that has an `impl` of its own. A
site is matched by the place of the callee's name, as the compiler gives it; operators, loops and
dereferences by a call of that name that we note as implicit within the expression's lines. `exact`: our only answer that is not marked `possible`
is the compiler's. `among`: it is one of all answers there. `precision`: of the sites where we give
one answer, how many are right. Calls that derives and macros generate have the place of the macro.
"""

import argparse
import bisect
import collections
import json
import re
import subprocess
import sys

# Lines behind an operand on which its operator or method may stand.
NEAR = 3
CALL = re.compile(r"^\s+(?:\S.* = )?(.+?)\((.*)\) -> (?:\[|unwind)")
SPAN = re.compile(r"\+ span: (\S+?):(\d+):(\d+): (\d+):(\d+)")


def strip_generics(text):
    """`a::B::<T>::c` -> `a::B::c`, angle brackets anywhere removed, arrows kept."""
    out, depth, at = [], 0, 0
    while at < len(text):
        letter = text[at]
        if letter == "<":
            depth += 1
        elif letter == ">" and text[at - 1] != "-":
            depth -= 1
        elif depth == 0:
            out.append(letter)
        at += 1
    return re.sub(r"(::)+", "::", "".join(out)).strip(":")


def split_qualified(text):
    """`<T as Trait>::m` -> (T, Trait, m); None when the text is a plain path."""
    if not text.startswith("<"):
        return None
    depth = 0
    for at, letter in enumerate(text):
        if letter == "<":
            depth += 1
        elif letter == ">" and text[at - 1] != "-":
            depth -= 1
            if depth == 0:
                inner, rest = text[1:at], text[at + 1:].lstrip(":")
                break
    else:
        return None
    depth = 0
    for at, letter in enumerate(inner):
        if letter in "<([{":
            depth += 1
        elif letter in ")]}" or letter == ">" and inner[at - 1] != "-":
            depth -= 1
        elif depth == 0 and inner.startswith(" as ", at):
            return inner[:at], inner[at + 4:], strip_generics(rest)
    return inner, None, strip_generics(rest)


def split_impl(text):
    """`m::<impl T>::f` and `m::<impl Trait for T>::f` -> (T, Trait, f); None for other paths."""
    start = text.find("<impl ")
    if start < 0:
        return None
    depth = 0
    for at in range(start, len(text)):
        if text[at] == "<":
            depth += 1
        elif text[at] == ">" and text[at - 1] != "-":
            depth -= 1
            if depth == 0:
                inner, rest = text[start + 6:at], text[at + 1:].lstrip(":")
                trait, _, ty = inner.rpartition(" for ")
                return ty, trait or None, strip_generics(rest)
    return None


def self_path(text):
    text = re.sub(r"^(&('\w+ )?(mut )?|\*(const|mut) )+", "", text.strip())
    return strip_generics(text)


def sites(path):
    """(file, start, end, callee) of every call in a MIR file."""
    callee = None
    for line in open(path, errors="replace"):
        found = CALL.match(line)
        if found and not line.lstrip().startswith("//"):
            callee = found.group(1)
            if " = " in callee:
                callee = callee.split(" = ", 1)[1]
            # Generic arguments may hold parentheses: take the text up to the argument list.
            body = line.strip().split(" -> [")[0].split(" -> unwind")[0]
            body = body.split(" = ", 1)[1] if " = " in body else body
            depth = 0
            for at in range(len(body) - 1, -1, -1):
                if body[at] == ")":
                    depth += 1
                elif body[at] == "(":
                    depth -= 1
                    if depth == 0:
                        callee = body[:at]
                        break
            continue
        span = SPAN.search(line)
        if span and callee:
            file, *at = span.groups()
            a, b, c, d = map(int, at)
            yield file, (a, b), (c, d), callee
            callee = None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder")
    parser.add_argument("mir")
    parser.add_argument("--metascope", default="metascope")
    parser.add_argument("--misses", type=int, default=0)
    parser.add_argument("--graph", help="a graph written before, instead of running metascope")
    options = parser.parse_args()
    if options.graph:
        text = open(options.graph).read()
    else:
        command = [options.metascope, "calls", options.folder, "--format", "full", "--lang", "rust"]
        text = subprocess.run(command, capture_output=True, check=True, text=True).stdout
    graph = json.loads(text)
    crates = collections.Counter(
        n["name"].split("::")[0] for n in graph["nodes"] if n["file"] and n["file"].startswith("src/")
    )
    crate = crates.most_common(1)[0][0]
    own = {n["name"] for n in graph["nodes"] if n["kind"] == "function"}
    at = collections.defaultdict(list)
    implicit = collections.defaultdict(list)
    for edge in graph["edges"]:
        place = (edge["line"], edge["column"])
        at[edge["file"], place].append(edge)
        implicit[edge["file"]].append((place, edge))
    unresolved = {(u["file"], (u["line"], u["column"])): u["reason"] for u in graph["unresolved"]}
    for found in implicit.values():
        found.sort(key=lambda pair: pair[0])

    # Methods for types of other crates are named after the module of the `impl`.
    tails = collections.defaultdict(set)
    for name in own:
        tails["::".join(name.rsplit("::", 2)[1:])].add(name)
    truth = {}
    for file, start, end, callee in sites(options.mir):
        qualified = split_qualified(callee) or split_impl(callee)
        wanted = set()
        if qualified is None:
            name = f"{crate}::{strip_generics(callee)}"
            if name in own:
                wanted = {name}
        else:
            ty, trait, method = qualified
            own_method = f"{crate}::{self_path(ty)}::{method}"
            if own_method in own:
                wanted = {own_method}
            elif trait and f"{crate}::{strip_generics(trait)}::{method}" in own:
                wanted = {f"{crate}::{strip_generics(trait)}::{method}"}
                foreign = self_path(ty).rsplit("::", 1)[-1] or "T"
                if "::" not in foreign and (ty[0] in "*[" or foreign.islower() or ty.startswith(("core", "std", "alloc"))):
                    wanted |= tails[f"{foreign}::{method}"]
        if wanted:
            truth.setdefault((file, start, end), set()).update(wanted)

    total = exact = among = single = right = 0
    explicit = explicit_exact = 0
    causes = collections.Counter()
    samples = collections.defaultdict(list)
    for (file, start, end), wanted in sorted(truth.items()):
        total += 1
        edges = at.get((file, start), [])
        is_explicit = bool(edges) or (file, start) in unresolved
        if not any(edge["to"] in wanted for edge in edges):
            pairs = implicit.get(file, [])
            # We note what the language calls at the operator, the `for` or the method's name, the
            # compiler at the operand, so the two are near each other rather than the same.
            low = bisect.bisect_left(pairs, (start[0], 0), key=lambda pair: pair[0])
            high = bisect.bisect_right(pairs, (end[0] + NEAR, 0), key=lambda pair: pair[0])
            last = {name.rsplit("::", 1)[-1] for name in wanted}
            inside = [
                edge for _, edge in pairs[low:high]
                if edge["kind"] == "implicit" and edge["to"].rsplit("::", 1)[-1] in last
            ]
            edges = inside or edges
        # What the same place calls for the language (a dereference, a conversion) is another call.
        last = {name.rsplit("::", 1)[-1] for name in wanted}
        told = [edge for edge in edges if edge["to"].rsplit("::", 1)[-1] in last] or edges
        sure = {edge["to"] for edge in told if edge["certainty"] != "possible"}
        every = {edge["to"] for edge in edges}
        explicit += is_explicit
        if len(sure) == 1:
            single += 1
            right += sure <= wanted
        if len(sure) == 1 and sure <= wanted:
            exact += 1
            explicit_exact += is_explicit
        if every & wanted:
            among += 1
        if not (len(sure) == 1 and sure <= wanted):
            reason = unresolved.get((file, start))
            if reason:
                cause = "unresolved: " + re.sub(r"`[^`]*`", "`…`", reason)
            elif not edges:
                cause = "not seen"
            elif every & wanted:
                cause = "among possibilities"
            else:
                cause = "wrong"
            causes[cause] += 1
            samples[cause].append((file, start, sorted(wanted), sorted(every)))

    share = lambda part, whole: f"{100 * part / whole:.1f} %" if whole else "-"
    print(f"{crate}: {total} sites, exact {share(exact, total)}, among {share(among, total)}, "
          f"precision {share(right, single)}, of answered {share(explicit_exact, explicit)}")
    if options.misses:
        for cause, count in causes.most_common():
            print(f"  {count:6} {cause}")
            step = max(1, len(samples[cause]) // options.misses)
            for file, start, wanted, every in samples[cause][::step][:options.misses]:
                print(f"         {file}:{start[0]}:{start[1]} {wanted} <> {every[:3]}")


if __name__ == "__main__":
    sys.exit(main())
