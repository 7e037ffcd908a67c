ENTITIES = tuple(entity_class(name) for name in ENTITY_NAMES)


class Ref:
    """An entity that lives elsewhere: its class and key. Every operation on it is a message."""

    def __init__(self, cls, key):
        self.__dict__.update(cls=cls, key=key)

    # `isinstance(item, Item)` holds, as it does for the entity itself.
    __class__ = property(lambda self: self.cls)

    def __eq__(self, other):
        return type(other) is Ref and (self.cls, self.key) == (other.cls, other.key)

    def __hash__(self):
        return hash((self.cls, self.key))

    def __repr__(self):
        return f"{self.cls.__qualname__}({self.key!r})"

    def __getattr__(self, name):
        raise AttributeError(f"{name} was not seen as a remote operation")


def place_of(cls, key):
    return f"{cls.__module__}.{cls.__qualname__}:{key!r}"


def encode(value, live=None):
    """A message as bytes: the entity at hand and references go by class and key."""
    out = io.BytesIO()
    pickler = pickle.Pickler(out)

    def known(item):
        if isinstance(item, types.ModuleType):
            return item.__name__
        if type(item) is Ref:
            return item.cls, item.key
        return (type(item), item.__key__()) if live is not None and item is live else None

    pickler.persistent_id = known
    pickler.dump(value)
    return out.getvalue()


def decode(data, place=None, live=None):
    """A message where it is handled: a reference to the entity at hand is that entity."""
    unpickler = pickle.Unpickler(io.BytesIO(data))

    def known(item):
        if isinstance(item, str):
            return importlib.import_module(item)
        return live if place_of(*item) == place else Ref(*item)

    unpickler.persistent_load = known
    return unpickler.load()


def send(place, live=None, **message):
    return place, encode(message, live)


def handle(state, place, data):
    """One message at one place: the entity's new state, as bytes, and the messages that follow."""
    cls = next((cls for cls in ENTITIES if place.startswith(place_of(cls, "")[:-2])), None)
    live = None
    if cls is not None and state is not None:
        live = cls.__new__(cls)
        live.__dict__.update(decode(state, place, live))
    message = decode(data, place, live)
    kind, stack, run = message["kind"], message["stack"], message["run"]
    reply = error = request = None
    if kind == "put":
        live = cls.__new__(cls)
        live.__dict__.update(message["state"])
        reply = live
    elif kind == "reply":
        reply = message["value"]
    elif kind == "raise":
        error = message["error"]
    elif cls is not None and live is None:
        error = LookupError(f"there is no {place}")
    else:
        access, receiver, member, given = message["request"]
        request = access, live if receiver is None else receiver, member, given
    following = work(place, live, stack, run, reply, error, request)
    return encode(live.__dict__, live) if live is not None else None, following


def work(place, live, stack, run, reply, error, request):
    """Runs what the place can run on its own; gives the message that goes elsewhere."""
    while True:
        if request is not None:
            access, receiver, member, given = request
            if type(receiver) is Ref:
                there = place_of(receiver.cls, receiver.key)
                message = (access, None, member, given)
                return [send(there, live, kind="request", request=message, stack=stack, run=run)]
            try:
                callee, frame, made, reply = perform(request)
                error = None
                if callee is not None:
                    stack.append([place, callee.name, frame, made is not None])
            except Exception as raised:
                callee, reply, error = None, None, raised
            request = None
            if callee is None and error is None and is_new(reply, live):
                return [put(reply, live, stack, run)]
            if callee is not None:
                reply = None
                stack[-1].append(True)
        if not stack:
            outcome = {"error": f"{type(error).__name__}: {error}"} if error else {"result": reply}
            return [send("@results", live, run=run, **outcome)]
        there, name, frame, is_init, *fresh = stack[-1]
        if there != place:
            outcome = {"kind": "raise", "error": error} if error else {"kind": "reply", "value": reply}
            return [send(there, live, stack=stack, run=run, **outcome)]
        del stack[-1][4:]
        continuation = BY_NAME[name]
        made = frame.get(continuation.receiver) if is_init else None
        try:
            if fresh:
                reply = error = None
            kind, *rest = continuation.step(frame, reply, error)
            reply = error = None
        except Exception as raised:
            stack.pop()
            reply, error = None, raised
            continue
        if kind == "request":
            stack[-1][2], request = rest
            continue
        stack.pop()
        reply = rest[0]
        if is_init:
            return [put(made, live, stack, run)]


def is_new(value, live):
    return type(value) is not Ref and isinstance(value, ENTITIES) and value is not live


def put(made, live, stack, run):
    """A new entity moves to its own place."""
    there = place_of(type(made), made.__key__())
    return send(there, live, kind="put", state=made.__dict__, stack=stack, run=run)


def entering(number, line):
    """A line of the input as the first message of a run."""
    asked = json.loads(line, object_hook=as_reference)
    run = asked.get("id", number)
    name = asked.get("create") or asked["call"]
    owner, _, member = name.rpartition(".")
    args = asked.get("args", {})
    here = f"@run:{run}"
    if "create" in asked:
        request = "create", entity_class(name), "", ((), args)
    elif "on" in asked:
        request = "call", Ref(entity_class(owner), asked["on"]), member, ((), args)
    else:
        request = "call", importlib.import_module(owner), member, ((), args)
    return send(here, kind="request", request=request, stack=[], run=run)


def as_reference(value):
    if "$entity" in value:
        return Ref(entity_class(value["$entity"]), value["key"])
    return value


class Loop:
    """Messages on their way to their places; one run at a time enters."""

    def __init__(self, lines):
        self.lines = enumerate(lines)
        self.waiting = collections.deque()
        self.under_way = 0

    def take(self):
        if not self.waiting and not self.under_way:
            number, line = next(self.lines, (None, None))
            if line is None:
                raise StopIteration
            self.waiting.append(entering(number, line))
        taken = list(self.waiting)
        self.waiting.clear()
        self.under_way += len(taken)
        return taken


class Ingress(StatelessSourcePartition):
    def __init__(self, loop):
        self.loop = loop

    def next_batch(self):
        return self.loop.take()


class Entering(DynamicSource):
    def __init__(self, loop):
        self.loop = loop

    def build(self, step_id, worker_index, worker_count):
        if worker_count > 1:
            raise RuntimeError("messages loop inside one worker; use a broker for more")
        return Ingress(self.loop)


class Egress(StatelessSinkPartition):
    def __init__(self, loop):
        self.loop = loop

    def write_batch(self, items):
        for place, data in items:
            if place == "@done":
                self.loop.under_way -= 1
            elif place == "@results":
                answer = decode(data)
                print(json.dumps(answer, default=repr), flush=True)
            else:
                self.loop.waiting.append((place, data))


class Leaving(DynamicSink):
    def __init__(self, loop):
        self.loop = loop

    def build(self, step_id, worker_index, worker_count):
        return Egress(self.loop)


def operator(state, item):
    place, data = item
    state, following = handle(state, place, data)
    return state, [*following, ("@done", None)]


def requests():
    path = os.environ.get("ENTITY_REQUESTS", "-")
    lines = sys.stdin if path == "-" else open(path, encoding="utf-8")
    return (line for line in lines if line.strip())


# ingress -> keyed by entity -> operator with the entity's state -> egress, and back to the ingress.
loop = Loop(requests())
flow = Dataflow("entities")
messages = op.input("ingress", flow, Entering(loop))
keyed = op.map("key", messages, lambda item: (item[0], item))
handled = op.stateful_flat_map("entities", keyed, operator)
op.output("egress", op.map("unkey", handled, lambda item: item[1]), Leaving(loop))

if __name__ == "__main__":
    cli_main(flow)
