

import queue
import threading

MOST_EVENTS = 2_000
MOST_OBJECTS = 60
MOST_ATTRIBUTES = 40
MOST_PRINTED = 20_000


class Stepper(Trampoline):
    """A trampoline that tells where it stands and waits for a command there.

    Commands are lines: `step` goes to the next event, `over` to the next one that is not inside a
    call, `on` to the end. Events are JSON lines: a `block` that runs next, a `request` that is
    carried out next, and at last `done` or `failed`.
    """

    def __init__(self, splits, entities, printed, tell):
        super().__init__(splits)
        self.entities = entities
        self.printed = printed
        self.tell = tell
        self.commands = queue.Queue()
        self.command, self.depth = "step", 0
        self.events = 0
        self.roots, self.known = [], []
        self.raised = None
        self.told = 0

    def listen(self, lines):
        for line in lines:
            self.commands.put(line.strip())
        # Whoever steps is gone: so is everything started here.
        if os.getpgid(0) == os.getpid():
            os.killpg(0, signal.SIGKILL)
        os._exit(1)

    def before(self, stack):
        self.stop("block", stack)

    def asked(self, stack, request, suspension):
        access, receiver, member, given = request
        if access in ("call", "create"):
            args, kwargs = given
            shown = [show(arg) for arg in args]
            shown += [f"{name}={show(value)}" for name, value in kwargs.items()]
        else:
            shown = [show(given)] if access == "store" else []
        name = getattr(receiver, "__name__", None) if isinstance(receiver, type) else None
        asked = {
            "access": access,
            "receiver": name or show(receiver),
            "member": member,
            "arguments": shown,
            "suspension": suspension,
        }
        self.stop("request", stack, (receiver, given), asked)

    def throw(self, stack, error):
        self.raised = show(error)
        return super().throw(stack, error)

    def stop(self, kind, stack, more=(), request=None):
        waits = self.command == "step" or self.command == "over" and len(stack) <= self.depth
        if waits or self.events < MOST_EVENTS:
            self.emit(kind, stack, more, request)
        if waits:
            self.command, self.depth = self.commands.get(), len(stack)

    def emit(self, kind, stack, more=(), request=None, **outcome):
        self.events += 1
        event = {"event": kind, "hops": len(self.hops), "request": request, "raised": self.raised}
        self.raised = None
        event["stack"] = [self.call(activation) for activation in stack]
        frames = [activation.frame for activation in stack]
        event["entities"] = self.states([self.roots, frames, more])
        text = self.printed.getvalue()
        event["printed"] = text[self.told : self.told + MOST_PRINTED]
        self.told = len(text)
        self.tell({**event, **outcome})

    def call(self, activation):
        split, frame = activation.split, activation.frame
        held = sorted(name for name in frame if name != split.receiver)
        return {
            "function": split.name,
            "block": activation.block,
            "receiver": show(frame[split.receiver]) if split.receiver in frame else None,
            "frame": [[name, show(frame[name])] for name in held],
            "reply": activation.result,
        }

    def states(self, roots):
        """Every entity that can be reached, in the order they were first seen."""
        seen, todo = set(), list(reversed(roots))
        while todo and len(seen) < 20_000:
            value = todo.pop()
            plain = isinstance(value, (type, types.FunctionType, types.ModuleType, str, int, float))
            if value is None or plain or id(value) in seen:
                continue
            seen.add(id(value))
            if isinstance(value, dict):
                todo.extend(reversed(list(value.values())))
            elif isinstance(value, (list, tuple, set, frozenset)):
                todo.extend(reversed(list(value)))
            else:
                is_new = not any(known is value for known in self.known)
                if is_new and len(self.known) < MOST_OBJECTS and self.is_entity(value):
                    self.known.append(value)
                todo.extend(reversed(list(attributes_of(value).values())))
        return [
            {
                "name": named(value),
                "class": f"{type(value).__module__}.{type(value).__qualname__}",
                "state": [
                    [name, show(held)]
                    for name, held in list(attributes_of(value).items())[:MOST_ATTRIBUTES]
                ],
            }
            for value in self.known
        ]

    def is_entity(self, value):
        classes = type(value).__mro__
        return any(f"{cls.__module__}.{cls.__qualname__}" in self.entities for cls in classes)


def named(value):
    try:
        return f"{type(value).__name__}({value.__key__()!r})"
    except Exception:
        return type(value).__name__


def attributes_of(value):
    held = getattr(value, "__dict__", None)
    found = dict(held) if isinstance(held, dict) else {}
    for cls in type(value).__mro__:
        slots = cls.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if name not in ("__dict__", "__weakref__") and hasattr(value, name):
                found.setdefault(name, getattr(value, name))
    return found


def step_through():
    lines = os.fdopen(os.dup(0), encoding="utf-8")
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    # What user code reads and writes is kept apart from commands and events.
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(nothing, 1)

    def tell(event):
        answers.write(json.dumps(event) + "\n")
        answers.flush()

    job = json.loads(lines.readline())
    printed = io.StringIO()
    stepper = Stepper([], set(job["entities"]), printed, tell)
    threading.Thread(target=stepper.listen, args=(lines,), daemon=True).start()
    try:
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed):
            module = load(job)
            stepper.by_function = {id(split.function): split for split in prepare(job, module)}
            function, args, kwargs = call_of(job, module)
            if stepper.split_of(function) is None:
                raise TypeError(f"{job['function']} is wrapped by a decorator: it cannot be stepped")
            stepper.roots = [args, kwargs]
            result = error = None
            try:
                result = asyncio.run(stepper.run(function, args, kwargs))
            except Exception as raised:
                error = {"type": type(raised).__name__, "message": str(raised)}
            stepper.emit("done", [], (result,), result=show(result), error=error)
    except BaseException as error:
        tell({"event": "failed", "message": f"{type(error).__name__}: {error}"})
    answers.flush()
    os._exit(0)


step_through()
