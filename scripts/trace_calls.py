#!/usr/bin/env python3
"""Measure a Python call graph against what really runs.

    trace_calls.py trace PACKAGE -o EDGES.json -- -m pytest tests
        Runs a program (here: a test suite) under `sys.setprofile` and writes the pairs of functions
        of PACKAGE of which one called the other, as `{caller: [callee, ...]}`.

    trace_calls.py compare EDGES.json GRAPH.json [--misses N] [--package NAME]
        GRAPH.json is the output of `metascope calls PATH --format json`. Prints how many of the
        pairs that ran the graph has, how many callees within the package a function has on
        average, and the pairs it misses.

Names are those of the graph: `package.module.Class.method`, `outer.inner`, `<lambda1>` in order
within its scope; a module or class body is its own name; comprehensions count as the function
around them.
"""

import argparse
import ast
import collections
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


COMPREHENSIONS = {"<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>"}


class Tracer:
    def __init__(self, package):
        self.prefix = package + "."
        self.package = package
        self.namer = Namer(package)
        self.pairs = set()

    def within(self, frame):
        module = frame.f_globals.get("__name__") or ""
        return module == self.package or module.startswith(self.prefix)

    def __call__(self, frame, event, _argument):
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


def trace(options, program):
    tracer = Tracer(options.package)

    def write():
        sys.setprofile(None)
        threading.setprofile(None)
        with open(options.output, "w") as file:
            json.dump(tracer.edges(), file, indent=1)

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


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("trace")
    command.add_argument("package")
    command.add_argument("-o", "--output", required=True)
    command.set_defaults(run=trace)
    command = commands.add_parser("compare")
    command.add_argument("edges")
    command.add_argument("graph")
    command.add_argument("--misses", type=int, default=40)
    command.add_argument("--package")
    command.set_defaults(run=lambda options, _program: compare(options))
    arguments = sys.argv[1:]
    at = arguments.index("--") if "--" in arguments else len(arguments)
    options = parser.parse_args(arguments[:at])
    options.run(options, arguments[at + 1:])


if __name__ == "__main__":
    main()
