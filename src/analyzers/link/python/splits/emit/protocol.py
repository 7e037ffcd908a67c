CONTINUATIONS, BY_NAME = {}, {}


class Continuation:
    """A function cut at its remote operations.

    `start` makes the first frame. `step(frame, reply)` runs to the next remote operation and gives
    `("request", frame, request)`, or `("result", value)` at the end; pass `error=` instead of a
    reply when the operation failed. A frame is a dict of plain names: `@block` is where it goes
    on, `@reply` the name that takes the reply, `@from` the block that was left. Nothing else of
    the call is kept.
    """

    def __init__(self, name, module, steps, handlers=None, receiver=None):
        self.name = name
        self.receiver = receiver
        self.handlers = handlers or {}
        home = importlib.import_module(module)
        home.__dict__.update(STEP_NAMES)
        # The steps see the names of the module they were cut from.
        self.steps = [
            types.FunctionType(step.__code__, home.__dict__, closure=step.__closure__)
            for step in steps
        ]
        self.cls, holder = None, home
        *classes, own = name[len(module) + 1 :].split(".")
        for part in classes:
            self.cls = holder = getattr(holder, part)
        if own.startswith("__") and not own.endswith("__") and classes:
            own = f"_{classes[-1].lstrip('_')}{own}"
        found = inspect.getattr_static(holder, own)
        found = found.fget if isinstance(found, property) else found
        self.function = getattr(found, "__func__", found)
        CONTINUATIONS[self.function] = BY_NAME[name] = self

    def start(self, *args, **kwargs):
        bound = inspect.signature(self.function).bind(*args, **kwargs)
        bound.apply_defaults()
        return {"@block": 0, **bound.arguments}

    def step(self, frame, reply=None, error=None):
        frame = dict(frame)
        block, name = frame.pop("@block"), frame.pop("@reply", None)
        left = frame.pop("@from", None)
        if error is not None:
            if left not in self.handlers:
                raise error
            block, name = self.handlers[left]
            frame[name] = error
        elif name is not None:
            frame[name] = reply
        while True:
            outcome = self.steps[block](frame, self.cls)
            if inspect.iscoroutine(outcome):
                outcome = asyncio.run(outcome)
            tag = outcome[0]
            if tag == "done":
                return "result", outcome[1]
            if tag == "cut":
                _, resume, frame, name, _, request = outcome
                kept = {"@block": resume, "@reply": name, "@from": block}
                return "request", {**kept, **frame}, request
            _, block, frame = outcome[:3]
            if tag == "caught":
                frame[outcome[3]] = outcome[4]


def continuation_of(function):
    function = getattr(function, "__func__", function)
    return CONTINUATIONS.get(function) if isinstance(function, types.FunctionType) else None


def perform(request):
    """One request, in this process: the callee as a continuation with its first frame and the
    object under construction, or what it gave at once."""
    access, receiver, member, given = request
    if access == "store":
        return None, None, None, setattr(receiver, member, given)
    if access == "create":
        args, kwargs = given
        callee = continuation_of(getattr(receiver, "__init__", None))
        if callee is None:
            return None, None, None, receiver(*args, **kwargs)
        made = receiver.__new__(receiver)
        return callee, callee.start(made, *args, **kwargs), made, None
    if access == "load":
        found = inspect.getattr_static(type(receiver), member, None)
        callee = continuation_of(found.fget) if isinstance(found, property) else None
        if callee is None:
            return None, None, None, getattr(receiver, member)
        return callee, callee.start(receiver), None, None
    args, kwargs = given
    method = getattr(receiver, member)
    callee = continuation_of(method)
    if callee is None:
        value = method(*args, **kwargs)
        return None, None, None, asyncio.run(value) if inspect.iscoroutine(value) else value
    bound = getattr(method, "__self__", None)
    given = args if bound is None else (bound, *args)
    return callee, callee.start(*given, **kwargs), None, None


def call(function, *args, **kwargs):
    """Runs a function by its continuations, every request in this process: a loop to start from."""
    callee = continuation_of(function)
    if callee is None:
        return function(*args, **kwargs)
    stack = [[callee, callee.start(*args, **kwargs), None]]
    reply = error = None
    while stack:
        top = stack[-1]
        try:
            kind, *rest = top[0].step(top[1], reply, error)
            reply = error = None
            if kind == "result":
                stack.pop()
                reply = rest[0] if top[2] is None else top[2]
                continue
            top[1], request = rest
        except BaseException as raised:
            stack.pop()
            reply, error = None, raised
            continue
        try:
            callee, frame, made, reply = perform(request)
            if callee is not None:
                stack.append([callee, frame, made])
        except BaseException as raised:
            reply, error = None, raised
    if error is not None:
        raise error
    return reply


