#!/usr/bin/env python3
"""Measure a Python call graph against what really runs.

    trace_calls.py trace PACKAGE -o EDGES.json -- -m pytest tests
        Runs a program (here: a test suite) under `sys.setprofile` and writes the pairs of functions
        of PACKAGE of which one called the other, as `{caller: [callee, ...]}`.

        With `--sites SITES.json` it also writes, for every place from which anything was called,
        the functions of PACKAGE that ran from there (at once, or by way of code outside) and
        whether anything outside ran.

    trace_calls.py compare EDGES.json GRAPH.json [--misses N] [--package NAME]
        GRAPH.json is the output of `metascope calls PATH --format json`. Prints how many of the
        pairs that ran the graph has, how many callees within the package a function has on
        average, and the pairs it misses.

    trace_calls.py sites SITES.json FULL.json [--root ROOT] [--wrong N]
        FULL.json is the output of `metascope calls ROOT --format full`. Of the edges marked
        `exact` whose place was executed, how many lead to a function that was called from there.

Names are those of the graph: `package.module.Class.method`, `outer.inner`, `<lambda1>` in order
within its scope; a module or class body is its own name; comprehensions count as the function
around them.
"""

import argparse
import ast
import collections
import dis
import json
import os
import runpy
import sys
import threading


class Namer:
    """Turns code objects into qualified names, reading each source file once."""

    def __init__(self, package):
        self.package = package
        self.files = {}
        self.names = {}

    def name(self, code, module):
        """The qualified name of a code object, or None when it has none."""
        key = (code, module)
        if key not in self.names:
            self.names[key] = self._find(code, module)
        return self.names[key]

    def _find(self, code, module):
        if code.co_name == "<module>":
            return module
        table = self.files.get(code.co_filename)
        if table is None:
            table = self.files[code.co_filename] = self._read(code.co_filename)
        inner = table.get((code.co_name, code.co_firstlineno))
        return inner and f"{module}.{inner}"

    @staticmethod
    def _read(path):
        """`{(code name, first line): qualified name}` of all definitions of a file."""
        try:
            with open(path, "rb") as file:
                tree = ast.parse(file.read())
        except (OSError, SyntaxError, ValueError):
            return {}
        table = {}

        def visit(node, scope, counts):
            for child in ast.iter_child_nodes(node):
                if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                    # Decorators and defaults belong to the scope around.
                    for outside in child.decorator_list:
                        visit(ast.Expr(outside), scope, counts)
                    name = f"{scope}.{child.name}" if scope else child.name
                    first = min([child.lineno] + [d.lineno for d in child.decorator_list])
                    table.setdefault((child.name, first), name)
                    inner = collections.Counter()
                    if hasattr(child, "args"):
                        visit(ast.Expr(ast.Tuple(list(filter(None, child.args.defaults
                              + child.args.kw_defaults)))), scope, counts)
                    for statement in child.body:
                        visit(ast.Module([statement], []), name, inner)
                elif isinstance(child, ast.Lambda):
                    counts["lambda"] += 1
                    name = f"<lambda{counts['lambda']}>"
                    name = f"{scope}.{name}" if scope else name
                    table.setdefault(("<lambda>", child.lineno), name)
                    visit(ast.Expr(child.body), name, collections.Counter())
                else:
                    visit(child, scope, counts)

        visit(tree, "", collections.Counter())
        return table


# How many frames outside the package a call is followed through.
FARTHEST = 12
COMPREHENSIONS = {"<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>"}


class Tracer:
    def __init__(self, package):
        self.prefix = package + "."
        self.package = package
        self.namer = Namer(package)
        self.pairs = set()
        self.inside = {}
        # (code, module, instruction) to [callees called at once, callees called by way of code
        # outside, whether anything outside was called]
        self.sites = None

    def within(self, frame):
        known = self.inside.get(frame.f_code)
        if known is None:
            module = frame.f_globals.get("__name__") or ""
            known = module == self.package or module.startswith(self.prefix)
            self.inside[frame.f_code] = known
        return known

    def note_site(self, frame, event, argument):
        """Remembers from which instruction of the package a call came."""
        callee = None
        caller = frame
        steps = 0
        if event == "call":
            caller = frame.f_back
            if self.within(frame):
                callee = (frame.f_code, frame.f_globals["__name__"])
                while caller is not None and steps < FARTHEST and not self.within(caller):
                    caller, steps = caller.f_back, steps + 1
        elif event != "c_call":
            return
        if caller is None or not self.within(caller):
            return
        key = (caller.f_code, caller.f_globals["__name__"], caller.f_lasti)
        known = self.sites.get(key)
        if known is None:
            known = self.sites[key] = [set(), set(), False]
        if callee is None:
            known[2] = True
        else:
            known[0 if steps == 0 else 1].add(callee)

    def __call__(self, frame, event, _argument):
        if self.sites is not None:
            self.note_site(frame, event, _argument)
        if event != "call" or not self.within(frame) or frame.f_code.co_name in COMPREHENSIONS:
            return
        caller = frame.f_back
        while caller is not None and caller.f_code.co_name in COMPREHENSIONS:
            caller = caller.f_back
        if caller is not None and self.within(caller):
            self.pairs.add((caller.f_code, caller.f_globals["__name__"],
                            frame.f_code, frame.f_globals["__name__"]))

    def edges(self):
        edges = collections.defaultdict(set)
        for caller, caller_module, callee, callee_module in self.pairs:
            source = self.namer.name(caller, caller_module)
            target = self.namer.name(callee, callee_module)
            # A module or class body that runs was not called by anybody.
            is_body = callee.co_name == "<module>" or not callee.co_flags & 0x2
            if source and target and not is_body:
                edges[source].add(target)
        return {caller: sorted(callees) for caller, callees in sorted(edges.items())}


    def places(self):
        """The sites by file, each with its range and what ran from there."""
        files = collections.defaultdict(list)
        operations = {}
        for (code, _, at), (direct, mediate, outside) in self.sites.items():
            if code not in operations:
                operations[code] = (
                    {i.offset: i.opname for i in dis.get_instructions(code, show_caches=True)},
                    list(code.co_positions()),
                )
            names, positions = operations[code]
            # Inline caches belong to the instruction before them.
            while at > 0 and names.get(at, "CACHE") == "CACHE":
                at -= 2
            line, end_line, column, end_column = positions[at // 2]
            if line is None or column is None:
                continue
            known = [sorted(filter(None, (self.namer.name(*callee) for callee in callees)))
                     for callees in (direct, mediate)]
            files[code.co_filename].append(
                [line, column, end_line, end_column, names.get(at, "?"), *known, outside])
        return files


def trace(options, program):
    tracer = Tracer(options.package)
    if options.sites:
        tracer.sites = {}

    def write():
        sys.setprofile(None)
        threading.setprofile(None)
        with open(options.output, "w") as file:
            json.dump(tracer.edges(), file, indent=1)
        if options.sites:
            with open(options.sites, "w") as file:
                json.dump(tracer.places(), file)

    sys.path.insert(0, os.getcwd())
    threading.setprofile(tracer)
    sys.setprofile(tracer)
    try:
        if program[:1] == ["-m"]:
            sys.argv = program[1:]
            runpy.run_module(program[1], run_name="__main__", alter_sys=True)
        else:
            sys.argv = program
            runpy.run_path(program[0], run_name="__main__")
    finally:
        write()


def compare(options):
    with open(options.edges) as file:
        ran = {(a, b) for a, callees in json.load(file).items() for b in callees}
    with open(options.graph) as file:
        graph = json.load(file)
    package = options.package or os.path.commonprefix([a for a, _ in ran]).split(".")[0]
    inside = [name for name in graph if name == package or name.startswith(package + ".")]
    functions = set(inside)
    found = {(a, b) for a in inside for b in graph[a] if b in functions}
    hit = ran & found
    degree = len(found) / max(1, len(functions))
    print(f"{package}: {len(ran)} pairs ran, {len(hit)} found, recall {len(hit) / max(1, len(ran)):.3f}; "
          f"{len(found)} edges over {len(functions)} nodes, mean out-degree {degree:.2f}")
    for caller, callee in sorted(ran - found)[: options.misses]:
        known = "" if callee in functions and caller in functions else "   (no such node)"
        print(f"  {caller} -> {callee}{known}")


def written_calls(path):
    """`{(line, column, end line, end column): name called}` of the calls written in a file."""
    with open(path, "rb") as file:
        tree = ast.parse(file.read())
    return {
        (node.lineno, node.col_offset, node.end_lineno, node.end_col_offset):
            getattr(node.func, "attr", getattr(node.func, "id", ""))
        for node in ast.walk(tree) if isinstance(node, ast.Call)
    }


class Executed:
    """What ran from the places of one file that begin at the same column."""

    def __init__(self, path, sites):
        self.starts = collections.defaultdict(list)
        calls = written_calls(path)
        self.written = collections.Counter(place[:2] for place in calls)
        for line, column, end_line, end_column, operation, direct, mediate, outside in sites:
            place = (line, column, end_line, end_column)
            # A method's call may be marked from its name on.
            name = calls.get(place)
            if name is None and operation.startswith("CALL"):
                ends = [known for known in calls
                        if known[2:] == place[2:] and known[:2] <= place[:2]]
                if len(ends) == 1:
                    place, name = ends[0], calls[ends[0]]
            self.starts[place[:2]].append(
                (operation, name, set(direct) | set(mediate), set(direct), outside))

    def judge(self, edge):
        """True or False, or None when what ran says nothing about the edge."""
        found = self.starts.get((edge["line"], edge["column"] - 1), ())
        if any(edge["to"] in ran for _, _, ran, _, _ in found):
            return True
        last = edge["to"].split(".")[-1]
        is_call = edge["kind"] in ("call", "construct")
        for operation, name, ran, direct, outside in found:
            if is_call and operation.startswith("CALL") and name is not None:
                owner = edge["to"].split(".")[-2] if edge["kind"] == "construct" else last
                # Calls chained on one another begin at the same place.
                is_same = self.written[(edge["line"], edge["column"] - 1)] == 1 or name == owner
                if is_same and (direct or outside and not ran):
                    return False
            elif not is_call and not operation.startswith("CALL"):
                if any(other.split(".")[-1] == last for other in direct):
                    return False
        return None


def judge_sites(options):
    with open(options.sites) as file:
        sites = {os.path.relpath(path, options.root): found for path, found in json.load(file).items()}
    with open(options.graph) as file:
        graph = json.load(file)
    ours = {node["name"] for node in graph["nodes"] if node.get("file")}
    executed = {}
    right, wrong = collections.Counter(), []
    for edge in graph["edges"]:
        if edge["file"] not in sites or edge["to"] not in ours:
            continue
        if edge["file"] not in executed:
            path = os.path.join(options.root, edge["file"])
            executed[edge["file"]] = Executed(path, sites[edge["file"]])
        verdict = executed[edge["file"]].judge(edge)
        if verdict is None:
            continue
        right[edge["certainty"], verdict] += 1
        if not verdict and edge["certainty"] == "exact":
            wrong.append(edge)
    for certainty in ("exact", "inferred", "possible"):
        good, bad = right[certainty, True], right[certainty, False]
        share = good / max(1, good + bad)
        print(f"{certainty}: {good + bad} edges at executed places, {good} right, precision {share:.4f}")
    for edge in wrong[: options.wrong]:
        place = f"{edge['file']}:{edge['line']}:{edge['column']}"
        print(f"  {place} {edge['from']} -> {edge['to']} ({edge['kind']})")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("trace")
    command.add_argument("package")
    command.add_argument("-o", "--output", required=True)
    command.add_argument("--sites")
    command.set_defaults(run=trace)
    command = commands.add_parser("compare")
    command.add_argument("edges")
    command.add_argument("graph")
    command.add_argument("--misses", type=int, default=40)
    command.add_argument("--package")
    command.set_defaults(run=lambda options, _program: compare(options))
    command = commands.add_parser("sites")
    command.add_argument("sites")
    command.add_argument("graph")
    command.add_argument("--root", default=".")
    command.add_argument("--wrong", type=int, default=40)
    command.set_defaults(run=lambda options, _program: judge_sites(options))
    arguments = sys.argv[1:]
    at = arguments.index("--") if "--" in arguments else len(arguments)
    options = parser.parse_args(arguments[:at])
    options.run(options, arguments[at + 1:])


if __name__ == "__main__":
    main()
