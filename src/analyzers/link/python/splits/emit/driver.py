"""Runs split functions on a trampoline, or the same call directly, and tells what came of it.

A line of JSON says what to do: a list of jobs to run whole, or one to step through. A job names a
module (to import, or as source), the function to call, the steps of all split functions, and how
its arguments are made. An outcome has the result, the exception, what was printed, the state of
every object that can be reached from receiver, arguments and result, and the hops made.
"""

import asyncio
import contextlib
import copy
import importlib
import inspect
import io
import json
import os
import signal
import sys
import types
import typing

MAX_HOPS = 10_000


class TooLong(BaseException):
    """A job's time is over; not an Exception, so that no handler of the program takes it."""


def too_long(*_):
    raise TooLong("took too long")


class Split:
    """A function cut into steps."""

    def __init__(self, spec, function, steps, cls):
        self.name = spec["name"]
        self.receiver = spec["receiver"]
        self.function = function
        self.steps = steps
        self.cls = cls
        self.signature = inspect.signature(function)

    def frame(self, args, kwargs):
        bound = self.signature.bind(*args, **kwargs)
        bound.apply_defaults()
        return dict(bound.arguments)


class Activation:
    """One call in progress: a block, a frame, and where the reply goes."""

    def __init__(self, split, frame, reply=None):
        self.split = split
        self.block = 0
        self.frame = frame
        self.result = None
        self.handler = None
        # A constructor's caller gets the object, not what __init__ returns.
        self.reply = reply


class Trampoline:
    def __init__(self, splits):
        self.by_function = {id(split.function): split for split in splits}
        self.hops = []

    def before(self, stack):
        """Called before each block."""

    def asked(self, stack, request, suspension):
        """Called with each request before it is carried out."""

    def split_of(self, function):
        function = getattr(function, "__func__", function)
        return self.by_function.get(id(function))

    async def run(self, function, args, kwargs):
        split = self.split_of(function)
        if split is None:
            result = function(*args, **kwargs)
            return await result if inspect.isawaitable(result) else result
        stack = [Activation(split, split.frame(args, kwargs))]
        while True:
            top = stack[-1]
            top.handler = None
            self.before(stack)
            try:
                step = top.split.steps[top.block](top.frame, top.split.cls)
                outcome = await step if inspect.iscoroutine(step) else step
                tag = outcome[0]
                if tag == "go":
                    _, top.block, top.frame = outcome
                elif tag == "caught":
                    _, top.block, top.frame, name, error = outcome
                    top.frame[name] = error
                elif tag == "done":
                    stack.pop()
                    value = outcome[1] if top.reply is None else top.reply
                    if not stack:
                        return value
                    self.deliver(stack[-1], value)
                else:
                    await self.suspend(stack, outcome)
            except BaseException as error:
                if not self.throw(stack, error):
                    raise

    def deliver(self, activation, value):
        if activation.result is not None:
            activation.frame[activation.result] = value

    async def suspend(self, stack, outcome):
        top = stack[-1]
        _, resume, frame, result, suspension, request = outcome
        suspended = top.block
        # From here on nothing is known but the frame that was saved.
        top.frame, top.result, top.block = frame, result, resume
        top.handler = top.split.handlers.get(suspended)
        access, receiver, member, given = request
        if len(self.hops) < MAX_HOPS:
            self.hops.append(
                {
                    "function": top.split.name,
                    "block": suspended,
                    "suspension": suspension,
                    "access": access,
                    "receiver": show(receiver),
                    "member": member,
                    "frame": {
                        name: show(value)
                        for name, value in frame.items()
                        if name != top.split.receiver
                    },
                }
            )
        self.asked(stack, request, suspension)
        callee = None
        if access == "call":
            method = getattr(receiver, member)
            callee = self.split_of(method)
            args, kwargs = given
            if callee is not None:
                bound = getattr(method, "__self__", None)
                if bound is not None:
                    args = (bound, *args)
                stack.append(Activation(callee, callee.frame(args, kwargs)))
                return
            value = method(*args, **kwargs)
            if inspect.isawaitable(value):
                value = await value
        elif access == "create":
            args, kwargs = given
            init = getattr(receiver, "__init__", None)
            callee = self.split_of(init) if isinstance(receiver, type) else None
            if callee is not None:
                new = receiver.__new__
                made = new(receiver) if new is object.__new__ else new(receiver, *args, **kwargs)
                stack.append(Activation(callee, callee.frame((made, *args), kwargs), made))
                return
            value = receiver(*args, **kwargs)
        elif access == "load":
            found = inspect.getattr_static(type(receiver), member, None)
            if isinstance(found, property):
                callee = self.split_of(found.fget)
            if callee is not None:
                stack.append(Activation(callee, callee.frame((receiver,), {})))
                return
            value = getattr(receiver, member)
        else:
            setattr(receiver, member, given)
            value = None
        self.deliver(top, value)

    def throw(self, stack, error):
        """Unwinds to the innermost call that has a handler, the one that raised included."""
        while stack:
            top = stack[-1]
            if top.handler is not None:
                top.block, name = top.handler
                top.frame[name] = error
                top.handler = None
                return True
            stack.pop()
        return False


def show(value):
    try:
        text = repr(value)
    except Exception as error:
        text = f"<{type(value).__name__} whose repr raises {type(error).__name__}>"
    key = getattr(type(value), "__key__", None)
    if key is not None and text.startswith("<"):
        try:
            text = f"{type(value).__name__}({value.__key__()!r})"
        except Exception:
            text = type(value).__name__
    return text if len(text) <= 120 else text[:117] + "..."


def snapshot(value, seen=None):
    """A value as plain data; objects by what they hold, each told once."""
    seen = {} if seen is None else seen
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return {"$float": repr(value)}
    if id(value) in seen:
        return {"$seen": seen[id(value)]}
    if isinstance(value, (list, tuple)):
        seen[id(value)] = len(seen)
        return {"$" + type(value).__name__: [snapshot(item, seen) for item in value]}
    if isinstance(value, (set, frozenset)):
        return {"$set": sorted((snapshot(item, seen) for item in value), key=repr)}
    if isinstance(value, dict):
        seen[id(value)] = len(seen)
        return {"$dict": [[snapshot(k, seen), snapshot(v, seen)] for k, v in value.items()]}
    if isinstance(value, BaseException):
        return {"$error": type(value).__name__, "args": snapshot(list(value.args), seen)}
    if isinstance(value, (type, types.FunctionType, types.MethodType, types.ModuleType)):
        return {"$named": getattr(value, "__qualname__", getattr(value, "__name__", "?"))}
    held = getattr(value, "__dict__", None)
    if held is None:
        return {"$class": type(value).__name__}
    seen[id(value)] = len(seen)
    return {
        "$class": type(value).__name__,
        "state": {name: snapshot(item, seen) for name, item in sorted(held.items())},
    }


def plain(value, depth=0):
    """A result for people: JSON where it has such a form, else its repr."""
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if depth < 8 and isinstance(value, (list, tuple)):
        return [plain(item, depth + 1) for item in value]
    if depth < 8 and isinstance(value, dict) and all(isinstance(key, str) for key in value):
        return {key: plain(item, depth + 1) for key, item in value.items()}
    return show(value)


class Builder:
    """Makes arguments from JSON by their annotations; entities from their constructor's."""

    def __init__(self, module, entities):
        self.module = module
        self.entities = entities
        self.named = {}

    def is_entity(self, kind):
        return isinstance(kind, type) and f"{kind.__module__}.{kind.__qualname__}" in self.entities

    def entity(self, kind, value):
        if "$ref" in value:
            return self.named[value["$ref"]]
        given = {name: item for name, item in value.items() if not name.startswith("$")}
        try:
            hints = typing.get_type_hints(kind.__init__)
        except Exception:
            hints = {}
        made = kind(**{name: self.build(hints.get(name), item) for name, item in given.items()})
        for name, item in value.get("$state", {}).items():
            setattr(made, name, self.build(None, item))
        if "$id" in value:
            self.named[value["$id"]] = made
        return made

    def build(self, kind, value):
        if isinstance(value, dict) and "$ref" in value:
            return self.named[value["$ref"]]
        if isinstance(value, dict) and "$class" in value:
            return self.entity(getattr(self.module, value["$class"]), value)
        if isinstance(kind, str):
            kind = getattr(self.module, kind, None)
        if self.is_entity(kind) and isinstance(value, dict):
            return self.entity(kind, value)
        origin, inner = typing.get_origin(kind), typing.get_args(kind)
        if origin in (typing.Union, getattr(types, "UnionType", None)):
            for choice in inner:
                if self.is_entity(choice) and isinstance(value, dict):
                    return self.entity(choice, value)
            return value
        if isinstance(value, list) and inner:
            kinds = inner if origin is tuple and Ellipsis not in inner else None
            made = [
                self.build(kinds[at] if kinds else inner[0], item) for at, item in enumerate(value)
            ]
            return origin(made) if origin in (set, frozenset, tuple) else made
        if isinstance(value, dict) and len(inner) == 2:
            return {key: self.build(inner[1], item) for key, item in value.items()}
        return value


def hints_of(function):
    try:
        return typing.get_type_hints(function)
    except Exception:
        return dict(getattr(function, "__annotations__", {}))


def load(job):
    if "source" in job:
        module = types.ModuleType(job["module"])
        sys.modules[job["module"]] = module
        code = compile(job["source"], job["module"] + ".py", "exec", dont_inherit=True)
        exec(code, module.__dict__)
        return module
    for path in reversed(job.get("path", [])):
        if path not in sys.path:
            sys.path.insert(0, path)
    # Behind the standard library: a module of a package may be called like one of its.
    sys.path.extend(path for path in job.get("beside", []) if path not in sys.path)
    return importlib.import_module(job["module"])


def find(module, classes):
    holder = module
    for name in classes:
        holder = getattr(holder, name)
    return holder


def raw(holder, name):
    """The plain function under a name, without what decorators of the language wrap around it."""
    if name.startswith("__") and not name.endswith("__") and isinstance(holder, type):
        name = f"_{holder.__name__.lstrip('_')}{name}"
    found = inspect.getattr_static(holder, name)
    if isinstance(found, property):
        found = found.fget
    return getattr(found, "__func__", found)


def prepare(job, module):
    splits = []
    for spec in job["functions"]:
        # Modules that the program itself did not import stay out.
        if spec["module"] != job["module"] and spec["module"] not in sys.modules:
            continue
        home = module if spec["module"] == job["module"] else importlib.import_module(spec["module"])
        holder = find(home, spec["classes"])
        function = raw(holder, spec["name"].rsplit(".", 1)[-1])
        if not isinstance(function, types.FunctionType) or hasattr(function, "__wrapped__"):
            continue
        home.__dict__.update(STEP_NAMES)
        made = {}
        exec(compile(spec["code"], f"<split {spec['name']}>", "exec", dont_inherit=True), home.__dict__, made)
        if spec["classes"]:
            made = made[spec["classes"][-1]].__dict__
        steps = [made[f"_ms{spec['number']}_{at}"] for at in range(spec["blocks"])]
        split = Split(spec, function, steps, holder if spec["classes"] else None)
        split.handlers = {int(at): tuple(to) for at, to in spec.get("handlers", {}).items()}
        splits.append(split)
    return splits


def call_of(job, module):
    """The function and its arguments, receiver first."""
    inner = job["function"][len(job["module"]) + 1 :].split(".")
    holder = find(module, inner[:-1])
    function = raw(holder, inner[-1])
    if "arguments" in job:
        args = eval(job["arguments"], module.__dict__)
        return function, list(args), {}
    given = dict(job.get("input", {}))
    builder = Builder(module, set(job.get("entities", [])))
    for name, value in given.pop("$entities", {}).items():
        builder.named[name] = builder.build(None, value)
    hints = hints_of(function)
    parameters = list(inspect.signature(function).parameters.values())
    args, kwargs = [], {}
    if inner[:-1] and parameters and not isinstance(
        inspect.getattr_static(holder, inner[-1]), staticmethod
    ):
        receiver = parameters.pop(0)
        value = given.pop("self", given.pop(receiver.name, {}))
        args.append(builder.build(None, value) if "$ref" in value else builder.entity(holder, value))
    for parameter in parameters:
        if parameter.name not in given:
            continue
        value = builder.build(hints.get(parameter.name), given.pop(parameter.name))
        if parameter.kind is inspect.Parameter.VAR_POSITIONAL:
            args.extend(value)
        elif parameter.kind is inspect.Parameter.VAR_KEYWORD:
            kwargs.update(value)
        elif parameter.kind is inspect.Parameter.POSITIONAL_ONLY:
            args.append(value)
        else:
            kwargs[parameter.name] = value
    if given:
        raise TypeError(f"no such input: {', '.join(sorted(given))}")
    return function, args, kwargs


def run(job, mode):
    printed = io.StringIO()
    outcome = {"result": None, "error": None, "hops": []}
    with contextlib.redirect_stdout(printed):
        module = load(job)
        splits = prepare(job, module)
        function, args, kwargs = call_of(job, module)
        trampoline = Trampoline(splits)
        result = None
        try:
            if mode == "split":
                result = asyncio.run(trampoline.run(function, args, kwargs))
            elif inspect.iscoroutinefunction(function):
                result = asyncio.run(function(*args, **kwargs))
            else:
                result = function(*args, **kwargs)
        except Exception as error:
            outcome["error"] = {"type": type(error).__name__, "message": str(error)}
    world = {"result": result, "arguments": args, "keywords": kwargs}
    outcome["result"] = plain(result)
    outcome["world"] = snapshot(world)
    outcome["printed"] = printed.getvalue()
    outcome["hops"] = trampoline.hops
    return outcome
