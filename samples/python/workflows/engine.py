"""A workflow language: tasks composed in ``with`` blocks. Run as it stands, it is ordinary Python
that calls the tasks in order, and a block whose condition does not hold has its tasks skipped. Read
by the workbench, it is a graph with stages, conditions and handlers.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Callable, Iterator

TASKS: dict[str, Callable[..., Any]] = {}

#: Whether each enclosing block runs, and every outcome so far.
_blocks: list[bool] = []
_outcomes: list[Node] = []


@dataclass
class Node:
    """The outcome of one task."""

    output: Any = None
    error: BaseException | None = None
    skipped: bool = False

    @property
    def success(self) -> bool:
        return self.error is None and not self.skipped

    @property
    def failed(self) -> bool:
        return self.error is not None


def task(function: Callable[..., Any]) -> Callable[..., Node]:
    """Register a function; calling it in a workflow gives its outcome."""
    TASKS[function.__name__] = function

    def call(*args: Any, **kwargs: Any) -> Node:
        if not all(_blocks):
            return Node(skipped=True)
        try:
            node = Node(output=function(*args, **kwargs))
        except Exception as error:
            node = Node(error=error)
        _outcomes.append(node)
        return node

    return call


def workflow(function: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a function whose body is a workflow program."""
    return function


@contextmanager
def _block(runs: bool) -> Iterator[None]:
    _blocks.append(runs)
    try:
        yield
    finally:
        _blocks.pop()


def parallel():
    """What may run at the same time."""
    return _block(True)


def sequential():
    """What runs in order."""
    return _block(True)


def conditional(condition: object):
    """What runs only if the condition holds."""
    return _block(bool(condition))


def error_handler():
    """What runs only if something before it failed."""
    return _block(any(node.failed for node in _outcomes))
