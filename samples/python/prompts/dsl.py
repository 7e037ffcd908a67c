"""A prompt language by operator overloading: a program appends to a state, and running it fills
in what a model would generate. The model here is a stand-in that answers from its arguments.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Callable


class Expr:
    """Anything that can be appended; ``+`` chains."""

    def __add__(self, other: Expr | str) -> Chain:
        return Chain([self, lift(other)])

    def __radd__(self, other: str) -> Chain:
        return Chain([lift(other), self])


@dataclass
class Text(Expr):
    value: str


@dataclass
class Gen(Expr):
    name: str
    max_tokens: int = 16
    stop: str | None = None
    choices: list[str] | None = None


@dataclass
class Role(Expr):
    role: str
    inner: Expr


class Chain(Expr):
    def __init__(self, parts: list[Expr]):
        self.parts = parts


def lift(value: Expr | str) -> Expr:
    return value if isinstance(value, Expr) else Text(str(value))


def gen(name: str, max_tokens: int = 16, stop: str | None = None, choices: list[str] | None = None) -> Gen:
    return Gen(name, max_tokens, stop, choices)


def select(name: str, choices: list[str]) -> Gen:
    return Gen(name, choices=choices)


def system(value: Expr | str) -> Role:
    return Role("system", lift(value))


def user(value: Expr | str) -> Role:
    return Role("user", lift(value))


def assistant(value: Expr | str) -> Role:
    return Role("assistant", lift(value))


class State:
    """What a program appends to: the text so far and the variables filled in."""

    def __init__(self) -> None:
        self.text = ""
        self.variables: dict[str, str] = {}

    def __iadd__(self, value: Expr | str) -> State:
        self._run(lift(value))
        return self

    def __getitem__(self, name: str) -> str:
        return self.variables[name]

    def __setitem__(self, name: str, value: str) -> None:
        self.variables[name] = value

    def fork(self, count: int) -> list[State]:
        """Streams that start from here and go on side by side."""
        branches = []
        for _ in range(count):
            branch = State()
            branch.text, branch.variables = self.text, dict(self.variables)
            branches.append(branch)
        return branches

    def _run(self, expr: Expr) -> None:
        match expr:
            case Chain(parts=parts):
                for part in parts:
                    self._run(part)
            case Role(role=role, inner=inner):
                self.text += f"<{role}>"
                self._run(inner)
                self.text += f"</{role}>"
            case Gen():
                answer = expr.choices[0] if expr.choices else f"[{expr.name}:{len(self.text)}]"
                self.variables[expr.name] = answer
                self.text += answer
            case Text(value=value):
                self.text += value


@dataclass
class Program:
    """A decorated function; ``run`` gives it a fresh state."""

    function: Callable[..., Any]

    def run(self, **arguments: Any) -> State:
        state = State()
        self.function(state, **arguments)
        return state


def function(function: Callable[..., Any]) -> Program:
    return Program(function)
