"""The least that entity programs need to run in one process."""

from typing import TypeVar

T = TypeVar("T", bound=type)

ENTITIES: dict[str, type] = {}


def entity(cls: T) -> T:
    """Mark a class whose instances live behind a key and talk by messages."""
    ENTITIES[cls.__name__] = cls
    return cls
