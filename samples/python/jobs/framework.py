"""A small task framework: a decorator, a metaclass that registers, a schema from the signature.

``@task`` turns a function into a class whose metaclass files it in ``TaskMeta.registry`` under the
function's name, together with what its signature says about its inputs.
"""

from __future__ import annotations

import inspect
from typing import Any, Callable, ClassVar, get_type_hints


class TaskMeta(type):
    """Files every concrete task class under its ``key``."""

    registry: ClassVar[dict[str, type[Task]]] = {}

    def __new__(mcls, name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> TaskMeta:
        cls = super().__new__(mcls, name, bases, namespace)
        key = namespace.get("key")
        if key is not None:
            if key in mcls.registry:
                raise TypeError(f"two tasks are called {key!r}")
            mcls.registry[key] = cls
        return cls

    @property
    def input_schema(cls) -> dict[str, Any]:
        """The inputs of the task, as its signature declares them."""
        hints = get_type_hints(cls.function)
        parameters = inspect.signature(cls.function).parameters.values()
        return {
            "type": "object",
            "properties": {p.name: {"title": str(hints.get(p.name, Any))} for p in parameters},
            "required": [p.name for p in parameters if p.default is p.empty],
        }


class Task(metaclass=TaskMeta):
    """What the decorator puts in a function's place; calling it calls the function."""

    key: ClassVar[str | None] = None
    function: ClassVar[Callable[..., Any]]

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        return cls.function(*args, **kwargs)


def task(function: Callable[..., Any] | None = None, *, name: str | None = None) -> Any:
    """Register ``function`` as a task; usable bare or with a name."""

    def register(function: Callable[..., Any]) -> type[Task]:
        namespace = {
            "key": name or function.__name__,
            "function": staticmethod(function),
            "__doc__": function.__doc__,
            "__module__": function.__module__,
        }
        return TaskMeta(function.__name__, (Task,), namespace)

    return register if function is None else register(function)
