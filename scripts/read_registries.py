#!/usr/bin/env python3
"""Measure the registries found in Python packages against what they hold at run time.

    read_registries.py read PACKAGE [PACKAGE ...] -o TRUTH.json [--setup MODULE.FUNCTION]
        Imports every module of the packages (tests left out) and writes each container, of a
        module, a class or an instance either holds, that is filled mostly with functions,
        classes and instances of the packages: its name and its members with key and target.
        `--setup django.setup` is called first.

    read_registries.py compare TRUTH.json FOUND.json [--misses N]
        FOUND.json is the output of `metascope registries PATH --format json`. Each true registry
        is compared with the found one that shares most members with it. Prints F1 over members
        (grouped so), the share of right keys among the shared members, and the recall of members
        whose definition stands in the source; with --misses, what is missing and what is invented.

Targets are named by the file they stand in (`package.module.Class.method`), whatever
`__module__` says; wrappers count as what they wrap.
"""

import argparse
import ast
import collections
import contextlib
import functools
import importlib
import io
import json
import os
import pkgutil
import re
import sys
import types
import warnings
import weakref

SKIP = re.compile(r"(^|\.)(tests?|testing|benchmarks?|conftest|__main__|test_\w+|setup|examples?)(\.|$)")
NO_REGISTRY = {"_member_map_", "_value2member_map_", "_member_names_"}
CONTAINERS = (dict, list, set, frozenset, tuple, types.MappingProxyType, collections.UserDict,
              collections.UserList, collections.deque, weakref.WeakSet,
              weakref.WeakValueDictionary, weakref.WeakKeyDictionary)
PLAIN = object()


class Reader:
    """Reads the containers of imported packages."""

    def __init__(self, packages):
        self.packages = tuple(packages)
        self.modules = {}
        self.names = {}
        self.seen = {}
        self.found = []

    def is_own(self, name):
        return isinstance(name, str) and name.split(".")[0] in self.packages

    def load(self):
        for name in self.packages:
            with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
                self.walk(name)
        for name, module in list(sys.modules.items()):
            file = getattr(module, "__file__", None)
            if self.is_own(name) and file and file.endswith(".py"):
                self.modules.setdefault(os.path.realpath(file), name)

    def walk(self, name):
        try:
            module = importlib.import_module(name)
        except BaseException:
            return
        for info in pkgutil.iter_modules(vars(module).get("__path__", []), name + "."):
            if not SKIP.search(info.name):
                self.walk(info.name)

    def defined(self, file):
        """Qualified names of the definitions a file has."""
        if file not in self.names:
            names = set()
            try:
                with open(file, encoding="utf8", errors="replace") as source:
                    collect(ast.parse(source.read()), "", names)
            except (OSError, SyntaxError, ValueError):
                pass
            self.names[file] = names
        return self.names[file]

    def target(self, value):
        """The name of a function or class of the packages; None for anything else."""
        value = unwrap(value)
        if isinstance(value, types.FunctionType):
            module = self.modules.get(os.path.realpath(value.__code__.co_filename))
            return module and f"{module}.{plain(value.__code__.co_qualname)}"
        if not isinstance(value, type) or not self.is_own(value.__module__):
            return None
        name = value.__qualname__
        file = getattr(sys.modules.get(value.__module__), "__file__", None) or ""
        if name in self.defined(os.path.realpath(file)):
            return f"{self.modules.get(os.path.realpath(file), value.__module__)}.{plain(name)}"
        for file, module in self.modules.items():
            if name in self.defined(file):
                return f"{module}.{plain(name)}"
        return None

    def members(self, container, depth=0, outer=None):
        rows = []
        for key, value in items(container)[:(8000, 400, 60)[depth]]:
            if outer is None:
                whole = None if key is PLAIN else [key]
            else:
                whole = outer if key is PLAIN else [*outer, key]
            target = self.target(value)
            if target is None and isinstance(value, CONTAINERS) and depth < 2 and is_bare(value):
                inner = self.members(value, depth + 1, whole)
                if isinstance(value, tuple):
                    inner = [row for row in inner if row[2] == "definition"][:1]
                    inner = [(text(whole) or row[0], *row[1:]) for row in inner]
                rows.extend(inner or [(text(whole), None, "other")])
            elif target is not None:
                rows.append((text(whole) or last(target), target, "definition"))
            elif key is not PLAIN and self.target(key):
                rows.append((last(self.target(key)), self.target(key), "definition"))
            else:
                made = self.target(type(value))
                kind = "instance" if made and not isinstance(value, (str, int, float)) else "other"
                rows.append((text(whole), made, kind))
        return rows

    def consider(self, name, container):
        if id(container) in self.seen or last(name) in NO_REGISTRY or last(name).startswith("__"):
            return
        self.seen[id(container)] = container
        if not isinstance(container, CONTAINERS) or not is_bare(container):
            return
        rows = self.members(container)
        kept = [row for row in rows if row[2] != "other" and row[0] is not None]
        definitions = sum(row[2] == "definition" for row in kept)
        is_named = hasattr(container, "keys") and all(isinstance(key, str) for key in container)
        if definitions < 3 and not (is_named and len(kept) > 3):
            return
        if len(kept) * 10 >= len(rows) * 6 and "cache" not in name.lower():
            rows = [{"key": key, "target": target, "kind": kind} for key, target, kind in kept]
            self.found.append({"name": name, "members": rows})

    def read(self):
        self.load()
        instances = []
        for name, module in sorted(sys.modules.items()):
            if self.is_own(name) and isinstance(module, types.ModuleType):
                for attribute, value in list(vars(module).items()):
                    self.holder(f"{name}.{attribute}", value, instances)
        for owner in sorted(classes(), key=lambda one: (str(one.__module__), one.__qualname__)):
            if self.is_own(owner.__module__):
                for attribute, value in list(vars(owner).items()):
                    name = self.target(owner) or f"{owner.__module__}.{owner.__qualname__}"
                    self.holder(f"{name}.{attribute}", value, instances)
        known = set()
        for name, value, depth in instances:
            if id(value) in known:
                continue
            known.add(id(value))
            self.consider(name, value)
            for attribute, part in attributes(value)[:200]:
                inner = instances if depth < 1 else []
                self.holder(f"{name}.{attribute}", part, inner, depth + 1)
        return distinct(self.found)

    def holder(self, name, value, instances, depth=0):
        # Lazy objects answer for their attributes with whatever their loading raises.
        with contextlib.suppress(Exception):
            self.held(name, value, instances, depth)

    def held(self, name, value, instances, depth):
        if isinstance(value, CONTAINERS):
            self.consider(name, value)
        elif isinstance(value, types.FunctionType):
            table = getattr(value, "registry", None)
            if isinstance(table, types.MappingProxyType):
                self.consider(self.target(value) or name, table)
        elif not isinstance(value, (type, types.ModuleType)) and self.is_own(type(value).__module__):
            instances.append((name, value, depth))


def collect(tree, prefix, into):
    for node in ast.iter_child_nodes(tree):
        inner = prefix
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            into.add(prefix + node.name)
            inner = prefix + node.name + ("." if isinstance(node, ast.ClassDef) else ".<locals>.")
        collect(node, inner, into)


def attributes(value):
    """What an instance holds; a lazy one is not woken."""
    try:
        return list(object.__getattribute__(value, "__dict__").items())
    except Exception:
        return []


def unwrap(value):
    for _ in range(12):
        if isinstance(value, (staticmethod, classmethod, types.MethodType)):
            value = value.__func__
        elif isinstance(value, functools.partial):
            value = value.func
        elif isinstance(value, weakref.ReferenceType):
            value = value()
        elif isinstance(value, property):
            value = value.fget
        elif isinstance(value, types.FunctionType) and "__wrapped__" in vars(value):
            value = value.__wrapped__
        else:
            break
    return value


def classes():
    found, queue = set(), [object]
    while queue:
        for below in type.__subclasses__(queue.pop()):
            if below not in found:
                found.add(below)
                queue.append(below)
    return [one for one in found if isinstance(getattr(one, "__module__", None), str)]


def items(container):
    try:
        if hasattr(container, "keys"):
            return list(container.items())
        return [(PLAIN, value) for value in container]
    except Exception:
        return []


def is_bare(container):
    """Named tuples are instances, not containers."""
    return not isinstance(container, tuple) or type(container) is tuple


def text(keys):
    if keys is None:
        return None
    parts = []
    for key in keys:
        parts.extend(key if isinstance(key, tuple) else [key])
    named = (getattr(part, "__name__", None) or getattr(part, "_name_", None) or part for part in parts)
    return ".".join(str(part) for part in named)


def plain(name):
    return name.replace(".<locals>", "")


def last(name):
    return name.rpartition(".")[2]


def distinct(found):
    kept, known = [], set()
    for one in sorted(found, key=lambda one: (len(one["name"]), one["name"])):
        rows = tuple(sorted((str(row["key"]), str(row["target"])) for row in one["members"]))
        if rows not in known:
            known.add(rows)
            kept.append(one)
    return kept


def same_key(left, right):
    if left is None or right is None:
        return False
    return left == right or left.endswith("." + right) or right.endswith("." + left)


def match(truth, found):
    """Shared members, those of them with the right key, and the true members left over."""
    pool = collections.defaultdict(list)
    for row in found["members"]:
        pool[row["target"]].append(row["key"])
    keys = collections.Counter(row["key"] for row in found["members"])
    shared = right = 0
    rest, missed = [], []
    for row in truth["members"]:
        left = pool.get(row["target"], [])
        hit = next((at for at, key in enumerate(left) if same_key(key, row["key"])), None)
        if hit is None:
            rest.append(row)
        else:
            del left[hit]
            shared, right = shared + 1, right + 1
    for row in rest:
        if pool.get(row["target"]):
            pool[row["target"]].pop()
            shared += 1
        elif row["kind"] == "instance" and keys.get(row["key"]):
            shared, right = shared + 1, right + 1
        else:
            missed.append(row)
    return shared, right, missed


def compare(truths, found, misses):
    total = collections.Counter()
    report = []
    # Members from other packages (`"abs": abs`) are not read at run time, so they are not judged.
    own = {row["target"].split(".")[0] for truth in truths for row in truth["members"] if row["target"]}
    for one in found:
        rows = [row for row in one["members"] if row["target"].split(".")[0] in own]
        for row in rows:
            row["target"] = re.sub(r"<lambda\d+>", "<lambda>", row["target"])
        one["members"] = rows
    for truth in truths:
        targets = {row["target"] for row in truth["members"]}
        near = [one for one in found if last(one["name"]) == last(truth["name"])
                or any(row["target"] in targets for row in one["members"])]
        best = (0.0, 0, 0, truth["members"], {"name": None, "members": []})
        for one in near:
            shared, right, missed = match(truth, one)
            score = 2 * shared / (len(truth["members"]) + len(one["members"]))
            if (score, right) > best[:1] + best[2:3]:
                best = (score, shared, right, missed, one)
        score, shared, right, missed, one = best
        total.update(registries=1, members=len(truth["members"]), found=len(one["members"]),
                     shared=shared, right=right)
        report.append((score, truth, one, missed, targets))
    precision = total["shared"] / max(1, total["found"])
    recall = total["shared"] / max(1, total["members"])
    f1 = 2 * precision * recall / max(1e-9, precision + recall)
    print(f"registries {total['registries']} members {total['members']} F1 {f1:.3f} "
          f"keys {total['right'] / max(1, total['shared']):.3f} recall {recall:.3f}")
    for score, truth, one, missed, targets in sorted(report, key=lambda row: row[0])[:misses]:
        print(f"  {score:.2f} {truth['name']} ({len(truth['members'])}) as {one['name']}")
        for row in missed[:3]:
            print(f"      missing {row['key']} -> {row['target']}")
        for row in [row for row in one["members"] if row["target"] not in targets][:3]:
            print(f"      invented {row['key']} -> {row['target']} {row['file']}:{row['line']}")


def main():
    warnings.simplefilter("ignore")
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    commands = parser.add_subparsers(dest="command", required=True)
    read = commands.add_parser("read")
    read.add_argument("packages", nargs="+")
    read.add_argument("-o", "--output", required=True)
    read.add_argument("--setup")
    check = commands.add_parser("compare")
    check.add_argument("truth")
    check.add_argument("found")
    check.add_argument("--misses", type=int, default=0)
    args = parser.parse_args()
    if args.command == "read":
        if args.setup:
            module, _, function = args.setup.rpartition(".")
            getattr(importlib.import_module(module), function)()
        with open(args.output, "w", encoding="utf8") as output:
            json.dump(Reader(args.packages).read(), output, indent=1)
        return
    with open(args.truth, encoding="utf8") as truth, open(args.found, encoding="utf8") as found:
        compare(json.load(truth), json.load(found)["registries"], args.misses)


if __name__ == "__main__":
    main()
