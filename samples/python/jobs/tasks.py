"""Tasks to run from the workbench: plain functions, typed, with defaults."""

from __future__ import annotations

import asyncio
import math
import sys
import time
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import Enum
from typing import Annotated, Literal

from framework import TaskMeta, task


class Shape(Enum):
    """What ``area`` can measure."""

    CIRCLE = "circle"
    SQUARE = "square"


@dataclass
class Line:
    """One line of an invoice."""

    text: str
    amount: float
    count: int = 1


@dataclass
class Invoice:
    """Lines that somebody owes money for."""

    customer: str
    lines: list[Line]
    issued: date = date(2026, 1, 31)
    notes: list[str] = field(default_factory=list)


GREETINGS = {"en": "Hello", "de": "Guten Tag", "ja": "こんにちは"}
GREETINGS["it"] = "Buongiorno"


def _total(lines: list[Line]) -> float:
    return sum(line.amount * line.count for line in lines)


@task
def greet(name: str, language: Literal["en", "de", "ja", "it"] = "en", times: int = 1) -> str:
    """Greet somebody, a few times over."""
    for number in range(times):
        print(f"greeting {number + 1} of {times}")
    return ", ".join([GREETINGS[language]] * times) + f" {name}!"


@task
def area(shape: Shape, size: Annotated[float, "edge or radius, in metres"]) -> float:
    """The area of a shape."""
    return size * size * (math.pi if shape is Shape.CIRCLE else 1.0)


@task
def bill(invoice: Invoice, days: timedelta = timedelta(days=14)) -> dict[str, object]:
    """What is owed, and until when."""
    return {"customer": invoice.customer, "total": _total(invoice.lines), "due": invoice.issued + days}


@task(name="count-down")
def count_down(start: int = 5, pause: float = 0.2) -> list[int]:
    """Count down slowly: something to watch, to cancel, to time out."""
    seen = []
    for number in range(start, 0, -1):
        print(number, flush=True)
        seen.append(number)
        time.sleep(pause)
    print("lift-off", file=sys.stderr)
    return seen


@task
def divide(dividend: int, divisor: int) -> float:
    """Divide; by zero to see a traceback."""
    return dividend / divisor


@task
async def gather(delays: list[float]) -> dict[str, float]:
    """Wait for several things at once."""

    async def wait(delay: float) -> float:
        await asyncio.sleep(delay)
        return delay

    waited = await asyncio.gather(*(wait(delay) for delay in delays))
    return {"longest": max(waited, default=0.0), "sum": sum(waited)}


if __name__ == "__main__":
    for key, found in sorted(TaskMeta.registry.items()):
        print(f"{key:12} {found.input_schema['required']}")
    print(greet("Ada", language="de", times=2))
    print(bill(Invoice("Ada", [Line("tea", 2.5, 4)])))
