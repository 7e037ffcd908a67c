# What step functions call. Each takes the frame of its block and gives the next request:
#   ("go", block, frame)                          on in another block
#   ("cut", resume block, frame, reply's name, suspension, request)
#   ("caught", block, frame, name, error)         an exception goes to its handler
#   ("done", value)
# A request is (access, receiver, member, given): access is call, create, load or store; given the
# arguments or the value.

END = object()


def cut_frame(names_and_values, keep):
    return {name: names_and_values[name] for name in keep if name in names_and_values}


def arguments(*args, **kwargs):
    return args, kwargs


def store(value, receiver, member):
    return ("store", receiver, member, value)


def share(error, kind):
    """What an `except*` clause takes of an exception, as a group, and what it leaves."""
    if error is None:
        return None, None
    if isinstance(error, BaseExceptionGroup):
        return error.split(kind)
    if isinstance(error, kind):
        return BaseExceptionGroup("", (error,)), None
    return None, error


def regroup(caught, raised, rest):
    """What leaves a `try` with `except*`: pairs of a clause's share and what it raised."""
    if not isinstance(caught, BaseExceptionGroup):
        return raised[0][1] if raised else rest
    again = [error for taken, error in raised if error is taken]
    again += [rest] if rest is not None else []
    leaves = set()
    while again:
        error = again.pop()
        if isinstance(error, BaseExceptionGroup):
            again.extend(error.exceptions)
        else:
            leaves.add(id(error))
    kept = caught.subgroup(lambda error: id(error) in leaves) if leaves else None
    new = [error for taken, error in raised if error is not taken]
    if not new:
        return kept
    return BaseExceptionGroup("", new + ([kept] if kept is not None else []))


STEP_NAMES = {
    "_ms_cut": cut_frame,
    "_ms_end": END,
    "_ms_args": arguments,
    "_ms_store": store,
    "_ms_share": share,
    "_ms_regroup": regroup,
}


